import { readFileSync } from 'node:fs';
import { nn, randn, type Tensor, tensor } from 'konv';
import { beforeAll, describe, expect, it } from 'vitest';
import { soak } from '../../../tools/soak.js';
import { layersModelInfo, loadLayersModel } from '../src/models/index.js';
import { artifactsOf, compare, L, random, roundTrip, saveAgain, tf, tfl } from './models-support.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Symbolic = L.SymbolicTensor;
const apply = (layer: InstanceType<typeof tfl.Layer>, ...xs: Symbolic[]): Symbolic => layer.apply(xs.length === 1 ? xs[0] : xs) as Symbolic;

/** There, here, there again and back. */
async function both(model: L.LayersModel): Promise<nn.Module> {
  const net = await roundTrip(model);
  await saveAgain(net, random(8));
  return net;
}

describe('graphs', () => {
  it('a residual block, and squeeze and excitation', async () => {
    const input = L.input({ shape: [8, 7, 4] });
    const conv = apply(tfl.conv2d({ filters: 4, kernelSize: 3, padding: 'same', name: 'conv' }), input);
    const sum = apply(tfl.add(), conv, input);
    const squeezed = apply(tfl.globalAveragePooling2d({}), sum);
    const gate = apply(tfl.dense({ units: 4, activation: 'sigmoid' }), apply(tfl.reshape({ targetShape: [1, 1, 4] }), squeezed));
    const scaled = apply(tfl.multiply(), sum, gate);
    const net = await both(L.model({ inputs: input, outputs: [scaled, squeezed] }));
    expect(Object.keys(net.stateDict())).toContain('conv.weight');
    expect(layersModelInfo(net).weights['conv/kernel']).toBe('conv.weight');
    expect(layersModelInfo(net).outputs[0].shape).toEqual([null, 4, 8, 7]);
  });
  for (const [name, make, inputs] of [
    ['Add', () => tfl.add(), 3],
    ['Multiply', () => tfl.multiply(), 3],
    ['Average', () => tfl.average(), 3],
    ['Maximum', () => tfl.maximum(), 3],
    ['Minimum', () => tfl.minimum(), 3],
    ['Concatenate', () => tfl.concatenate(), 2],
    ['Concatenate over rows', () => tfl.concatenate({ axis: 1 }), 2],
  ] as const) {
    it(`${name} of images in both layouts, of lengths and of features`, async () => {
      for (const shape of [[5, 4, 3], [5, 3], [3]]) {
        const xs = Array.from({ length: inputs }, () => L.input({ shape }));
        const convolved = shape.length === 3 ? xs.map((x, i) => (i === 0 ? apply(tfl.conv2d({ filters: 3, kernelSize: 1 }), x) : x)) : xs;
        // The first channels first, the second as it is.
        const mixed = shape.length > 1 ? convolved.map((x, i) => (i === 1 ? apply(tfl.dense({ units: 3 }), x) : x)) : convolved;
        await both(L.model({ inputs: xs, outputs: apply(make(), ...mixed) }));
      }
    });
  }
  it('Subtract is none of tfjs-layers, Dot in its forms', async () => {
    for (const [a, b, axes] of [
      [[3], [3], 1],
      [
        [4, 3],
        [3, 5],
        [2, 1],
      ],
      [
        [4, 3],
        [5, 3],
        [2, 2],
      ],
      [
        [4, 3],
        [4, 5],
        [1, 1],
      ],
      [[4, 3], [3], [2, 1]],
    ] as const) {
      for (const normalize of [false, true]) {
        const [x, y] = [L.input({ shape: [...a] }), L.input({ shape: [...b] })];
        await both(L.model({ inputs: [x, y], outputs: apply(tfl.dot({ axes: axes as number, normalize }), x, y) }));
      }
    }
  });
  it('inputs of different ranks', async () => {
    const [x, y] = [L.input({ shape: [4, 5, 3] }), L.input({ shape: [3] })];
    await both(L.model({ inputs: [x, y], outputs: apply(tfl.add(), apply(tfl.conv2d({ filters: 3, kernelSize: 1 }), x), y) }));
  });
  it('a layer that is called twice has its weights once', async () => {
    const [x, y] = [L.input({ shape: [6, 5, 2] }), L.input({ shape: [6, 5, 2] })];
    const shared = tfl.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', name: 'shared' });
    const dense = tfl.dense({ units: 2, name: 'head' });
    const flat = [x, y].map((v) => apply(dense, apply(tfl.flatten(), apply(shared, v))));
    const net = await both(L.model({ inputs: [x, y], outputs: apply(tfl.concatenate(), ...flat) }));
    expect(Object.keys(net.stateDict())).toEqual(['shared.weight', 'shared.bias', 'head.weight', 'head.bias']);
  });
  it('models within models', async () => {
    const inner = L.sequential({
      layers: [tfl.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 5, 2], name: 'c1' }), tfl.batchNormalization({ name: 'b1' })],
      name: 'inner',
    });
    const [x, y] = [L.input({ shape: [6, 5, 2] }), L.input({ shape: [6, 5, 2] })];
    const joined = apply(tfl.add(), inner.apply(x) as Symbolic, inner.apply(y) as Symbolic);
    const net = await both(L.model({ inputs: [x, y], outputs: apply(tfl.flatten(), joined) }));
    expect(Object.keys(net.stateDict())[0]).toBe('inner.c1.weight');
    const chain = L.sequential({
      layers: [
        L.sequential({ layers: [tfl.dense({ units: 4, inputShape: [5, 3] })], name: 'first' }),
        tfl.flatten(),
        tfl.dense({ units: 2 }),
      ],
    });
    expect(await both(chain)).toBeInstanceOf(nn.Sequential);
  });
  it('names that a Module has already, or that are numbers', async () => {
    const names = ['forward', 'training', '2', 'a.b', 'parameters', 'constructor'];
    let y: Symbolic = L.input({ shape: [4] });
    const inputs = y;
    for (const name of names) y = apply(tfl.dense({ units: 4, name, activation: 'tanh' }), y);
    await both(L.model({ inputs, outputs: y }));
  });
  it('frozen layers stay frozen', async () => {
    const model = L.sequential({
      layers: [tfl.dense({ units: 3, inputShape: [2], trainable: false, name: 'a' }), tfl.dense({ units: 2, name: 'b' })],
    });
    const net = await loadLayersModel(await artifactsOf(model));
    expect([...net.namedParameters()].filter(([, p]) => !p.requiresGrad).map(([name]) => name)).toEqual(['a.weight', 'a.bias']);
  });
});

/** A random stack that makes sense, of every layer that images have. */
function stack(seed: number): L.LayersModel {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(((next() + 1) / 2) * list.length)];
  const input = L.input({ shape: [pick([7, 8, 9]), pick([6, 8]), pick([1, 3])] });
  let y: Symbolic = input;
  const padding = 'same' as const;
  const activation = () => pick(['relu', 'elu', 'tanh', 'softmax', 'hardSigmoid', 'swish', 'linear'] as const) as 'relu';
  for (let i = 0; i < 5; i++) {
    const strides = pick([1, 2]);
    const kernelSize = pick([1, 2, 3]);
    const channels = y.shape[3] as number;
    const layers = [
      () => apply(tfl.conv2d({ filters: pick([2, 4]), kernelSize, strides, padding, activation: activation() }), y),
      () => apply(tfl.depthwiseConv2d({ kernelSize, strides, padding, activation: activation() }), y),
      () => apply(tfl.separableConv2d({ filters: pick([2, 3]), kernelSize, strides, padding, activation: activation() }), y),
      () => apply(tfl.conv2dTranspose({ filters: 2, kernelSize, strides, padding, activation: activation() }), y),
      () => apply(tfl.maxPooling2d({ poolSize: 2, strides, padding }), y),
      () => apply(tfl.averagePooling2d({ poolSize: pick([2, 3]), strides, padding }), y),
      () => apply(tfl.batchNormalization(), y),
      () => apply(tfl.layerNormalization(), y),
      () => apply(tfl.add(), y, apply(tfl.conv2d({ filters: channels, kernelSize, padding }), y)),
      () => apply(tfl.concatenate(), y, apply(tfl.dense({ units: 2 }), y)),
      () => apply(tfl.prelu({ sharedAxes: [1, 2] } as never), y),
      () =>
        apply(
          tfl.zeroPadding2d({
            padding: [
              [0, 1],
              [1, 0],
            ],
          }),
          y,
        ),
      () => apply(tfl.permute({ dims: [2, 1, 3] }), y),
    ];
    y = pick(layers)();
  }
  const ends = [
    () => apply(tfl.dense({ units: 3, activation: 'softmax' }), apply(tfl.flatten(), y)),
    () => apply(tfl.dense({ units: 3 }), apply(tfl.batchNormalization(), apply(tfl.reLU(), apply(tfl.flatten(), y)))),
    () => apply(tfl.dense({ units: 3 }), apply(tfl.globalAveragePooling2d({}), y)),
    () => apply(tfl.flatten(), y),
    () => y,
  ];
  return L.model({ inputs: input, outputs: pick(ends)() });
}

describe('random stacks', () => {
  for (let seed = 1; seed <= (soak ? 400 : 24); seed++)
    it(`seed ${seed}`, async () => {
      const net = await roundTrip(stack(seed), seed, { tolerance: 3e-5 });
      await saveAgain(net, random(seed + 1), { tolerance: 3e-5 });
    });
});

describe('a model.json as Keras has it converted', () => {
  const json = JSON.parse(readFileSync(new URL('fixtures/keras-model.json', import.meta.url), 'utf8'));
  const { weights } = json.weightsManifest[0];

  it('is read, with its quantised weights, to what its numbers say', async () => {
    // kernel 1x1: [[1, 0], [0, 2]] as float32; bias as uint8, 0.5 q - 1; Dense as float16 and uint16.
    const bytes = new Uint8Array([
      ...new Uint8Array(new Float32Array([1, 0, 0, 2]).buffer),
      ...[2, 6],
      ...new Uint8Array(new Uint16Array([0x3c00, 0xc000, 0x3800, 0x0001]).buffer),
      ...new Uint8Array(new Uint16Array([10]).buffer),
    ]);
    const net = await loadLayersModel({ modelTopology: json.modelTopology, weightSpecs: weights, weightData: bytes });
    expect(await net.stateDict()['conv.bias'].data()).toEqual(new Float32Array([0, 2]));
    expect(await net.stateDict()['scores.bias'].data()).toEqual(new Float32Array([5]));
    // [batch, channels, height, width]: one pixel below another.
    const x = tensor([
      [
        [[1], [2]],
        [[3], [4]],
      ],
    ]);
    // Rows (1, 3) and (2, 4) become relu(1, 8) and relu(2, 10), flattened row by row.
    const expected = 1 * 1 + 8 * -2 + 2 * 0.5 + 10 * 2 ** -24 + 5;
    expect((net.forward(x) as Tensor).itemSync()).toBeCloseTo(expected, 5);
    expect(layersModelInfo(net).weights).toMatchObject({ 'conv/kernel': 'conv.weight', 'scores/scores/bias': 'scores.bias' });
  });
  it('as tfjs-layers reads it', async () => {
    const specs = structuredClone(weights) as { name: string }[];
    const artifacts = {
      modelTopology: json.modelTopology,
      weightSpecs: specs,
      weightData: new Uint8Array(16 + 2 + 8 + 2).map((_, i) => (i < 16 ? 0x3f : i * 3)).buffer,
    };
    const model = await L.loadLayersModel({ load: async () => structuredClone(artifacts) } as never);
    await compare(model, await loadLayersModel(artifacts as never), random(1));
  });
  it('leaves the generator of random numbers alone', async () => {
    const { manualSeed } = await import('konv');
    manualSeed(1);
    const expected = await randn([3]).data();
    manualSeed(1);
    await loadLayersModel({ modelTopology: json.modelTopology, weightSpecs: weights, weightData: new ArrayBuffer(28) });
    expect(await randn([3]).data()).toEqual(expected);
  });
});

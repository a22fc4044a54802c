import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nn, noGrad, randn, type Tensor } from 'konv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layersModelInfo, loadLayersModel, saveLayersModel, type SaveLayersModelOptions, toLayersModel } from '../src/models/index.js';
import { compare, L, random, tf, tfl, toKonv } from './models-support.js';

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'konv-models-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Numbers that are neither 0 nor 1, in parameters and statistics. */
function scramble(net: nn.Module): void {
  const next = random(9);
  noGrad(() => {
    for (const [name, t] of Object.entries(net.stateDict())) {
      if (name.endsWith('num_batches_tracked')) continue;
      const values = Array.from({ length: t.size }, () => (name.endsWith('running_var') ? 1.5 + next() : next() * 0.5));
      t.copy_(tf2konv(values, t.shape));
    }
  });
}
const tf2konv = (values: number[], shape: readonly number[]): Tensor =>
  randn(shape)
    .mul(0)
    .add(toKonv(tf.tensor(values, [...shape]), { channelsMoved: false } as never));

/** Saves, has tfjs-layers load it and compute, and loads it back: equal outputs, equal bits under equal keys. */
async function thereAndBack(
  net: nn.Module,
  inputShape: number[],
  options: Partial<SaveLayersModelOptions> & { input?: (v: number) => number } = {},
): Promise<nn.Module> {
  const { input, ...save } = options;
  scramble(net);
  net.eval();
  const memory = await toLayersModel(net, { inputShape, ...save });
  const model = await L.loadLayersModel(memory as never);
  const back = await loadLayersModel(memory);
  await compare(model, back, random(4), { input });
  // The very module that was saved, on the input as it was written.
  const info = layersModelInfo(back);
  const x = tf.tensor(
    Array.from({ length: 2 * inputShape.reduce((a, b) => a * b, 1) }, random(6)).map(input ?? ((v) => v)),
    [2, ...info.inputs[0].tfjsShape.slice(1)] as number[],
    input ? 'int32' : 'float32',
  );
  const want = toKonv(model.predict(x) as tf.Tensor, info.outputs[0]);
  const got = net.forward(toKonv(x, info.inputs[0])) as Tensor;
  expect(got.shape).toEqual(want.shape);
  const [a, b] = [(await got.data()) as Float32Array, (await want.data()) as Float32Array];
  a.forEach((v, i) => expect(Math.abs(v - b[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(v))));
  return back;
}

async function sameBits(net: nn.Module, back: nn.Module): Promise<void> {
  const [a, b] = [net.stateDict(), back.stateDict()];
  expect(Object.keys(b)).toEqual(Object.keys(a));
  for (const key of Object.keys(a)) {
    if (key.endsWith('num_batches_tracked')) continue;
    const [x, y] = [await a[key].data(), await b[key].data()];
    // By bytes: comparing a million elements one by one takes the runner half a minute.
    expect(Buffer.from(x.buffer, x.byteOffset, x.byteLength).equals(Buffer.from(y.buffer, y.byteOffset, y.byteLength)), key).toBe(true);
  }
}

const lenet = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 4, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 6, 3, { stride: 2, padding: 1 }),
    new nn.BatchNorm2d(6, { eps: 1e-4, momentum: 0.2 }),
    new nn.Tanh(),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(6 * 3 * 2, 10),
    new nn.LeakyReLU(),
    new nn.Linear(10, 5, { bias: false }),
    new nn.Softmax(1),
  );

describe('konv to tfjs-layers and back', () => {
  it('a LeNet: the same outputs, and the same bits under the same keys', async () => {
    const net = lenet();
    await sameBits(net, await thereAndBack(net, [1, 12, 8]));
  });
  it('nested Sequentials', async () => {
    const net = new nn.Sequential({
      features: new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.Sequential(new nn.ReLU(), new nn.BatchNorm2d(4))),
      classifier: new nn.Sequential(new nn.Flatten(), new nn.BatchNorm1d(4 * 4 * 3), new nn.Linear(4 * 4 * 3, 3)),
    });
    const back = await thereAndBack(net, [3, 6, 5]);
    await sameBits(net, back);
    expect(Object.keys(back.stateDict())).toContain('features.0.weight');
  });
  it('layers of every kind', async () => {
    const stacks: [nn.Module[], number[]][] = [
      [
        [new nn.Conv1d(3, 4, 3, { padding: 'same' }), new nn.BatchNorm1d(4), new nn.MaxPool1d(2), new nn.Flatten(), new nn.Linear(20, 2)],
        [3, 10],
      ],
      [
        [new nn.Conv3d(2, 3, 3, { padding: 1 }), new nn.AvgPool3d(2), new nn.Flatten(), new nn.Linear(3 * 2 * 2 * 3, 2)],
        [2, 4, 4, 6],
      ],
      [
        [new nn.Conv2d(4, 8, 3, { groups: 4, padding: 1, stride: 2 }), new nn.PReLU({ numParameters: 8 })],
        [4, 7, 6],
      ],
      [
        [new nn.ConvTranspose2d(2, 3, 3, { stride: 2, padding: 1, outputPadding: 1 }), new nn.ConvTranspose2d(3, 2, 2, { stride: 2 })],
        [2, 3, 4],
      ],
      [[new nn.ConvTranspose2d(2, 3, 4, { stride: 2, padding: 1 })], [2, 3, 4]],
      [
        [new nn.AvgPool2d(3, { stride: 2, padding: 1 }), new nn.AvgPool2d(3, { stride: 1, padding: 1, countIncludePad: false })],
        [2, 7, 6],
      ],
      [
        [new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(3, 2), new nn.Sigmoid()],
        [3, 4, 6],
      ],
      [
        [new nn.ZeroPad2d([1, -1, 0, 2]), new nn.Upsample({ scaleFactor: 2 }), new nn.Softmax(1)],
        [3, 4, 6],
      ],
      [
        [new nn.Linear(4, 6), new nn.LayerNorm(6), new nn.GELU(), new nn.Linear(6, 3), new nn.LogSoftmax(-1)],
        [5, 4],
      ],
      [[new nn.Linear(4, 24), new nn.Unflatten(1, [4, 2, 3]), new nn.Conv2d(4, 2, 2)], [4]],
      [
        [
          new nn.ReLU6(),
          new nn.ELU(),
          new nn.SELU(),
          new nn.SiLU(),
          new nn.Mish(),
          new nn.Softplus(),
          new nn.Softsign(),
          new nn.Hardtanh({ minVal: 0, maxVal: 2 }),
        ],
        [6],
      ],
      [
        [new nn.Conv2d(3, 2, 3), new nn.Flatten()],
        [3, 5, 4],
      ],
      [
        [new nn.Flatten(), new nn.LayerNorm(24), new nn.PReLU({ numParameters: 24 })],
        [2, 3, 4],
      ],
    ];
    for (const [modules, shape] of stacks) await thereAndBack(new nn.Sequential(...modules), shape);
    // What cares where a feature stands: the order of konv is kept there.
    await thereAndBack(
      new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.Flatten(), new nn.Unflatten(1, [3, 4, 2]), new nn.Conv2d(3, 2, 2)),
      [3, 5, 4],
    );
    await thereAndBack(new nn.Sequential(new nn.Embedding(7, 3), new nn.Flatten(), new nn.Linear(15, 2)), [5], {
      input: (v) => Math.floor((v + 1) * 3.5),
    });
  });
  it('what was loaded is saved again to the same numbers', async () => {
    const input = L.input({ shape: [9, 8, 3] });
    let y = input as L.SymbolicTensor;
    for (const layer of [
      tfl.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'hardSigmoid' }),
      tfl.depthwiseConv2d({ kernelSize: 2, padding: 'same', strides: 2 }),
      tfl.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
      tfl.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }),
      tfl.prelu(),
      tfl.layerNormalization(),
      tfl.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
      tfl.upSampling2d({ interpolation: 'bilinear' }),
      tfl.thresholdedReLU({ theta: 0.1 }),
      tfl.globalAveragePooling2d({}),
      tfl.repeatVector({ n: 2 }),
      tfl.flatten(),
      tfl.dense({ units: 3, activation: 'softmax' }),
    ])
      y = layer.apply(y) as L.SymbolicTensor;
    const model = L.model({ inputs: input, outputs: y });
    const net = await loadLayersModel(
      await toLayersModel(await loadLayersModel({ load: async () => (await import('./models-support.js')).artifactsOf(model) }), {
        inputShape: [3, 9, 8],
      }),
    );
    await compare(model, net, random(3));
  });
  it('quantised', async () => {
    for (const [quantize, bytes] of [
      ['uint8', 1],
      ['uint16', 2],
      ['float16', 2],
    ] as const) {
      const net = lenet();
      const back = await thereAndBackQuantised(net, quantize, bytes);
      const [a, b] = [net.stateDict(), back.stateDict()];
      for (const key of ['0.weight', '8.weight', '4.running_var']) {
        const [x, y] = [(await a[key].data()) as Float32Array, (await b[key].data()) as Float32Array];
        const step =
          quantize === 'float16'
            ? 2 ** -11 * Math.max(...x.map(Math.abs))
            : (Math.max(...x) - Math.min(...x)) / (quantize === 'uint8' ? 255 : 65535) / 2;
        x.forEach((v, i) => expect(Math.abs(v - y[i])).toBeLessThanOrEqual(step * 1.001 + 1e-7));
        expect(y).not.toEqual(x);
      }
    }
  });
  async function thereAndBackQuantised(net: nn.Module, quantize: 'uint8' | 'uint16' | 'float16', bytes: number): Promise<nn.Module> {
    scramble(net);
    const memory = await toLayersModel(net.eval(), { inputShape: [1, 12, 8], quantize });
    const count = (memory.artifacts.weightSpecs ?? []).reduce((n, s) => n + s.shape.reduce((p, d) => p * d, 1), 0);
    expect((memory.artifacts.weightData as ArrayBuffer).byteLength).toBe(count * bytes);
    const back = await loadLayersModel(memory);
    await compare(await L.loadLayersModel(memory as never), back, random(4));
    return back;
  }
});

describe('files', () => {
  it('model.json and shards of 4 MB, of which there is a whole set at all times', async () => {
    const net = new nn.Sequential(new nn.Linear(1200, 1000), new nn.ReLU(), new nn.Linear(1000, 3));
    const path = join(folder, 'model.json');
    await saveLayersModel(net, path, { inputShape: [1200] });
    const first = await readdir(folder);
    expect(first.sort().map((name) => name.replace(/[0-9a-f]{8}/, '#'))).toEqual([
      'group1-shard1of2.#.bin',
      'group1-shard2of2.#.bin',
      'model.json',
    ]);
    await sameBits(net, await loadLayersModel(path));
    await writeFile(join(folder, 'notes.bin'), 'mine');
    for (const t of Object.values(net.stateDict())) t.mul_(0.5);
    await saveLayersModel(net, new URL(`file://${path}`), { inputShape: [1200] });
    const second = await readdir(folder);
    expect(second.length).toBe(4);
    expect(second).toContain('notes.bin');
    expect(second.filter((name) => first.includes(name))).toEqual(['model.json']);
    await sameBits(net, await loadLayersModel(`file://${path}`));
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 'layers-model', generatedBy: 'konv' });
  });
  it('two models of one folder keep their shards, also where these are the same', async () => {
    const net = new nn.Sequential(new nn.Linear(3, 2));
    const [best, last] = ['best.json', 'last.json'].map((name) => join(folder, 'two', name));
    await mkdir(join(folder, 'two'));
    await saveLayersModel(net, best, { inputShape: [3] });
    await saveLayersModel(net, last, { inputShape: [3] });
    const copy = await loadLayersModel(best);
    for (const t of Object.values(net.stateDict())) t.mul_(0.5);
    await saveLayersModel(net, last, { inputShape: [3] });
    await sameBits(copy, await loadLayersModel(best));
    await sameBits(net, await loadLayersModel(last));
  });
  it('a handler of TensorFlow.js takes it', async () => {
    const net = lenet();
    let taken: object | undefined;
    await saveLayersModel(net, { save: async (a: object) => void (taken = a) } as never, { inputShape: [1, 12, 8] });
    await sameBits(net, await loadLayersModel(tf.io.fromMemory(taken as never) as never));
  });
});

describe('refusals', () => {
  class Mine extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  it('names all modules at once, with their paths', async () => {
    const net = new nn.Sequential({
      a: new nn.Sequential(new nn.Conv2d(4, 4, 3, { groups: 2 })),
      b: new Mine(),
      c: new nn.GroupNorm(2, 4),
    });
    const error = await toLayersModel(net, { inputShape: [4, 8, 8] }).catch((e: Error) => e.message);
    expect(error).toMatch(/^\[saveLayersModel\] expected modules/);
    for (const line of ['Conv2d "a.0": it has 2 groups', 'Mine "b"', 'GroupNorm "c"']) expect(error).toContain(line);
  });
  it.each<[string, nn.Module, number[]]>([
    ['which tfjs-layers saves but does not load', new nn.GELU({ approximate: 'tanh' }), [3]],
    ['has no running statistics', new nn.BatchNorm1d(3, { trackRunningStats: false }), [3]],
    ['it takes 4 features and is given 3', new nn.Linear(4, 2), [3]],
    ["'same'", new nn.MaxPool2d(3, { stride: 2, padding: 1 }), [1, 8, 8]],
    ['overhang', new nn.MaxPool2d(2, { ceilMode: true }), [1, 5, 5]],
    ["paddingMode is 'circular'", new nn.Conv2d(1, 1, 3, { padding: 1, paddingMode: 'circular' }), [1, 8, 8]],
    ['its input is an image', new nn.Linear(4, 2), [3, 4, 4]],
  ])('%s', async (text, module, inputShape) => {
    await expect(toLayersModel(new nn.Sequential(module), { inputShape })).rejects.toThrow(text);
  });
  it('options and targets', async () => {
    const net = new nn.Sequential(new nn.Linear(2, 2));
    await expect(saveLayersModel(net, join(folder, 'model'), { inputShape: [2] })).rejects.toThrow('ends in .json');
    await expect(saveLayersModel(net, join(folder, 'none', 'model.json'), { inputShape: [2] })).rejects.toThrow('ENOENT');
    await expect(toLayersModel(net, { inputShape: [0] })).rejects.toThrow('inputShape');
    await expect(toLayersModel(net, { inputShape: [2], quantise: 'uint8' } as never)).rejects.toThrow('quantise');
    await expect(toLayersModel(await new nn.Sequential(new nn.Linear(2, 2)).double(), { inputShape: [2] })).rejects.toThrow('float()');
    noGrad(() => net.stateDict()['0.bias'].fill_(1e6));
    await expect(toLayersModel(net, { inputShape: [2], quantize: 'float16' })).rejects.toThrow('float16 cannot hold');
    const shared = new nn.Linear(2, 2);
    const twice = new nn.Sequential(shared, shared);
    expect(Object.keys((await loadLayersModel(await toLayersModel(twice, { inputShape: [2] }))).stateDict()).length).toBe(4);
  });
});

import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

type Layer = layers.layers.Layer;
const l = layers.layers;

/** Layers by what is tested of them, with the shape of an example. */
const image = [8, 8, 3];
/** The default one calls methods of tensors, which tfjs's core has not by itself. */
const recurrent = { recurrentInitializer: 'glorotUniform' } as const;
const cases: readonly [string, () => Layer[], number[]][] = [
  ['dense', () => [l.flatten(), l.dense({ units: 5, activation: 'tanh' })], image],
  ['conv1d', () => [l.conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })], [9, 3]],
  ['conv1d, dilated', () => [l.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2 })], [9, 3]],
  ['conv2d', () => [l.conv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same' })], image],
  ['conv2d, relu', () => [l.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' })], image],
  ['conv2d, 1x1', () => [l.conv2d({ filters: 5, kernelSize: 1 })], image],
  ['conv2d, dilated', () => [l.conv2d({ filters: 5, kernelSize: 3, dilationRate: 2, padding: 'same' })], image],
  ['conv2d, dilated, relu', () => [l.conv2d({ filters: 5, kernelSize: 3, dilationRate: 2, activation: 'relu' })], image],
  ['conv2d, channels first', () => [l.conv2d({ filters: 5, kernelSize: 3, dataFormat: 'channelsFirst' })], [3, 8, 8]],
  ['conv2dTranspose', () => [l.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' })], image],
  ['depthwiseConv2d', () => [l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2, padding: 'same' })], image],
  ['depthwiseConv2d, dilated', () => [l.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 } as never)], image],
  ['separableConv2d', () => [l.separableConv2d({ filters: 5, kernelSize: 3, padding: 'same' })], image],
  ['separableConv2d, dilated', () => [l.separableConv2d({ filters: 5, kernelSize: 3, dilationRate: 2 })], image],
  ['conv3d', () => [l.conv3d({ filters: 3, kernelSize: 2 })], [4, 5, 6, 2]],
  ['conv3d, strided', () => [l.conv3d({ filters: 3, kernelSize: 2, strides: 2, padding: 'same' })], [4, 5, 6, 2]],
  ['conv3dTranspose', () => [l.conv3dTranspose({ filters: 3, kernelSize: 2, strides: 2 })], [2, 3, 3, 2]],
  ['convLstm2d', () => [l.convLstm2d({ filters: 2, kernelSize: 3, ...recurrent })], [3, 6, 6, 2]],
  ['batchNormalization', () => [l.batchNormalization(), l.dense({ units: 2 })], image],
  ['layerNormalization', () => [l.layerNormalization(), l.dense({ units: 2 })], image],
  ['averagePooling2d', () => [l.averagePooling2d({ poolSize: 2 })], image],
  ['averagePooling2d, overlapping', () => [l.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })], image],
  ['averagePooling1d', () => [l.averagePooling1d({ poolSize: 2 })], [8, 3]],
  ['averagePooling3d', () => [l.averagePooling3d({ poolSize: 2 })], [4, 4, 6, 2]],
  ['maxPooling2d', () => [l.maxPooling2d({ poolSize: 2 })], image],
  ['globalAveragePooling2d', () => [l.globalAveragePooling2d({})], image],
  ['globalMaxPooling2d', () => [l.globalMaxPooling2d({})], image],
  ['upSampling2d', () => [l.upSampling2d({ size: [2, 2] })], image],
  ['upSampling2d, bilinear', () => [l.upSampling2d({ size: [2, 2], interpolation: 'bilinear' } as never)], image],
  ['zeroPadding2d', () => [l.zeroPadding2d({ padding: 1 })], image],
  [
    'cropping2D',
    () => [
      l.cropping2D({
        cropping: [
          [1, 1],
          [0, 2],
        ],
      }),
    ],
    image,
  ],
  ['flatten and reshape', () => [l.reshape({ targetShape: [4, 48] }), l.permute({ dims: [2, 1] })], image],
  ['dropout', () => [l.dropout({ rate: 0.5, seed: 3 })], image],
  ['simpleRNN', () => [l.simpleRNN({ units: 3, ...recurrent })], [4, 3]],
  ['lstm', () => [l.lstm({ units: 3, ...recurrent })], [4, 3]],
  ['gru', () => [l.gru({ units: 3, ...recurrent })], [4, 3]],
  ['bidirectional', () => [l.bidirectional({ layer: l.lstm({ units: 3, ...recurrent }) as never, mergeMode: 'concat' })], [4, 3]],
  ['timeDistributed', () => [l.timeDistributed({ layer: l.dense({ units: 2 }) })], [4, 3]],
  ['prelu', () => [l.prelu({})], image],
  ['leakyReLU', () => [l.leakyReLU({})], image],
  ['elu', () => [l.elu()], image],
  ['softmax', () => [l.softmax({ axis: 3 })], image],
  ...['elu', 'relu6', 'selu', 'sigmoid', 'hardSigmoid', 'softplus', 'softsign', 'swish', 'mish', 'gelu'].map(
    (activation): [string, () => Layer[], number[]] => [
      `activation ${activation}`,
      () => [l.activation({ activation: activation as never })],
      image,
    ],
  ),
];

interface Step {
  /** By the input and each weight. */
  readonly at: core.Tensor[];
  readonly grads: core.Tensor[];
  loss(at: core.Tensor[]): number;
}

/** The loss sum(y^2 r) of the layers, and its gradients. */
function stepOf(make: () => Layer[], shape: number[]): Step {
  const next = numbersFrom(77);
  const x = randomTensor([3, ...shape], next);
  const model = layers.sequential();
  make().forEach((layer, i) => {
    if (i === 0) (layer as unknown as { batchInputShape: unknown }).batchInputShape = [null, ...shape];
    model.add(layer);
  });
  model.setWeights(model.getWeights().map((w) => core.mul(randomTensor(w.shape, next), 0.4)));
  const weights = model.trainableWeights.map((w) => (w as unknown as { val: core.Variable }).val);
  const f = (input: core.Tensor): core.Scalar => {
    const y = model.apply(input, { training: true }) as core.Tensor;
    return core.sum(core.mul(core.square(y), randomTensor(y.shape, numbersFrom(5)))) as core.Scalar;
  };
  const byWeight = weights.length > 0 ? core.variableGrads(() => f(x), weights).grads : {};
  return {
    at: [x, ...weights.map((w) => core.clone(w))],
    grads: [core.grad(f)(x), ...weights.map((w) => byWeight[w.name])],
    loss: ([input, ...values]) => {
      weights.forEach((w, i) => w.assign(values[i]));
      return f(input).dataSync()[0];
    },
  };
}

/** What tfjs-cpu cannot say: it knows no gradient there, or (nearest neighbours) a wrong one. */
const withoutReference = /dilated|channels first|conv3dTranspose|^upSampling2d$/;

describe('the training step of a layer on wasm', () => {
  it.each(cases.filter(([name]) => !withoutReference.test(name)))('is that of tfjs-cpu: %s', async (_, make, shape) => {
    const on = async (backend: string): Promise<number[][]> => {
      await core.setBackend(backend);
      return core.tidy(() => {
        const { at, grads, loss } = stepOf(make, shape);
        return [[loss(at)], ...grads.map((t) => [...t.dataSync()])];
      });
    };
    const wasm = await on('wasm');
    const cpu = await on('cpu');
    // The loss is a small sum of large terms of both signs.
    wasm.forEach((values, i) => expectClose(values, cpu[i], i === 0 ? 1e-4 : 1e-5));
  });

  it.each(cases.filter(([name]) => withoutReference.test(name)))('is that of its differences: %s', async (name, make, shape) => {
    await core.setBackend('wasm');
    core.tidy(() => {
      const { at, grads, loss } = stepOf(make, shape);
      at.forEach((value, i) => {
        const along = randomTensor(value.shape, numbersFrom(i + 1));
        const beside = (h: number): number => loss(at.map((v, k) => (k === i ? core.add(v, core.mul(along, h)) : v)));
        // Without relu the loss is a polynomial of degree 2 in each operand: the difference is exact but for rounding.
        const [h, within] = name.includes('relu') ? [0.01, 1e-3] : [0.25, 1e-4];
        const difference = (beside(h) - beside(-h)) / (2 * h);
        const slope = core.sum(core.mul(grads[i], along)).dataSync()[0];
        const scale = core.norm(grads[i]).dataSync()[0] * core.norm(along).dataSync()[0];
        expect(Math.abs(slope - difference)).toBeLessThan(within * scale);
      });
    });
  });
});

it('the gradient of nearest neighbours is the adjoint, with halfPixelCenters too', async () => {
  await core.setBackend('wasm');
  const x = randomTensor([2, 8, 7, 3], numbersFrom(1));
  for (const [size, half] of [
    [[5, 13], true],
    [[16, 14], true],
    [[4, 4], true],
    [[5, 13], false],
  ] as [[number, number], boolean][]) {
    const f = (a: core.Tensor): core.Tensor => core.image.resizeNearestNeighbor(a as core.Tensor4D, size, false, half);
    const dy = randomTensor([2, ...size, 3], numbersFrom(2));
    const dx = core.grad(f)(x, dy);
    const products = (a: core.Tensor, b: core.Tensor): number => core.sum(core.mul(a, b)).dataSync()[0];
    expect(Math.abs(products(f(x), dy) - products(x, dx))).toBeLessThan(1e-4);
  }
});

it('tiles any shape and dtype', async () => {
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    for (const [shape, reps] of [
      [[3], [4]],
      [
        [2, 3],
        [2, 1],
      ],
      [
        [1, 1, 5],
        [3, 4, 1],
      ],
      [
        [2, 1, 3, 2],
        [1, 3, 2, 2],
      ],
      [
        [2, 0],
        [2, 3],
      ],
      [
        [2, 2],
        [0, 1],
      ],
    ]) {
      const x = core.cast(core.round(randomTensor(shape, numbersFrom(1))), dtype);
      const { wasm, cpu } = await onBoth(() => [core.tile(x, reps)]);
      expect(wasm).toEqual(cpu);
    }
  }
});

const losses = [
  'meanSquaredError',
  'meanAbsoluteError',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
  'hinge',
  'squaredHinge',
  'categoricalHinge',
  'logcosh',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
];
const optimizers: Record<string, () => core.Optimizer> = {
  sgd: () => core.train.sgd(0.1),
  momentum: () => core.train.momentum(0.1, 0.9, true),
  adam: () => core.train.adam(0.05),
  adamax: () => core.train.adamax(0.05),
  adagrad: () => core.train.adagrad(0.1),
  adadelta: () => core.train.adadelta(0.5),
  rmsprop: () => core.train.rmsprop(0.01, 0.9, 0.5),
};

/** Losses of six steps. */
async function fit(backend: string, loss: string, optimizer: string): Promise<number[]> {
  await core.setBackend(backend);
  const next = numbersFrom(31);
  const softmax = /^(sparseC|c)ategoricalCross|kullback|poisson/.test(loss);
  const activation = softmax ? 'softmax' : loss === 'binaryCrossentropy' ? 'sigmoid' : 'linear';
  const model = layers.sequential({
    layers: [l.dense({ units: 6, activation: 'relu', inputShape: [5] }), l.dense({ units: 4, activation })],
  });
  model.setWeights(model.getWeights().map((w) => core.mul(randomTensor(w.shape, next), 0.4)));
  const [x, labels] = [randomTensor([8, 5], next), core.range(0, 8, 1, 'int32')];
  const classes = core.cast(core.mod(labels, core.scalar(4, 'int32')), 'int32');
  const y = loss.startsWith('sparse') ? core.cast(core.expandDims(classes, 1), 'float32') : core.cast(core.oneHot(classes, 4), 'float32');
  model.compile({ loss, optimizer: optimizers[optimizer]() });
  const { history } = await model.fit(x, y, { epochs: 6, batchSize: 8, shuffle: false, verbose: 0 });
  model.dispose();
  return history['loss'] as number[];
}

describe('six steps on wasm have the losses of tfjs-cpu', () => {
  it.each([...losses.map((loss) => [loss, 'sgd']), ...Object.keys(optimizers).map((o) => ['categoricalCrossentropy', o])])(
    '%s, %s',
    async (loss, optimizer) => {
      const wasm = await fit('wasm', loss, optimizer);
      expectClose(wasm, await fit('cpu', loss, optimizer), 1e-4);
      expect(wasm[5]).not.toBe(wasm[0]);
    },
  );
});

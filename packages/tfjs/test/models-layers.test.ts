import { beforeAll, describe, expect, it } from 'vitest';
import { soak } from '../../../tools/soak.js';
import { loadLayersModel } from '../src/models/index.js';
import { artifactsOf, compare, fillWeights, L, random, roundTrip, tf, tfl } from './models-support.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Layer = InstanceType<typeof tfl.Layer>;
/** A model of one layer, or of several, on inputs of `shape`. */
function of(shape: (number | null)[], ...stack: Layer[]): InstanceType<typeof L.LayersModel> {
  const input = L.input({ shape });
  let y: L.SymbolicTensor = input;
  for (const layer of stack) y = layer.apply(y) as L.SymbolicTensor;
  return L.model({ inputs: input, outputs: y });
}

const image = [9, 8, 3];
const same = ['same', 'valid'] as const;

describe('convolutions', () => {
  for (const padding of same) {
    for (const strides of soak ? [1, 2, 3] : [1, 2]) {
      for (const kernelSize of soak ? [1, 2, 3, 5] : [1, 2, 3]) {
        const name = `kernel ${kernelSize}, stride ${strides}, ${padding}`;
        it(`Conv1D, ${name}`, () => roundTrip(of([11, 3], tfl.conv1d({ filters: 4, kernelSize, strides, padding }))));
        it(`Conv2D, ${name}`, () => roundTrip(of(image, tfl.conv2d({ filters: 4, kernelSize, strides, padding }))));
        it(`DepthwiseConv2D, ${name}`, () =>
          roundTrip(of(image, tfl.depthwiseConv2d({ kernelSize, strides, padding, depthMultiplier: 2 }))));
        it(`SeparableConv2D, ${name}`, () =>
          roundTrip(of(image, tfl.separableConv2d({ filters: 4, kernelSize, strides, padding, depthMultiplier: 2 }))));
        it(`Conv2DTranspose, ${name}`, () => roundTrip(of([4, 3, 3], tfl.conv2dTranspose({ filters: 4, kernelSize, strides, padding }))));
        it(`pools, ${name}`, async () => {
          await roundTrip(of(image, tfl.maxPooling2d({ poolSize: kernelSize, strides, padding })));
          await roundTrip(of(image, tfl.averagePooling2d({ poolSize: kernelSize, strides, padding })));
          await roundTrip(of([9, 3], tfl.maxPooling1d({ poolSize: kernelSize, strides, padding })));
          await roundTrip(of([9, 3], tfl.averagePooling1d({ poolSize: kernelSize, strides, padding })));
        });
        if (strides > kernelSize && padding === 'same') continue;
        it(`in three dimensions, ${name}`, async () => {
          await roundTrip(of([6, 5, 7, 2], tfl.conv3d({ filters: 2, kernelSize, strides, padding })));
          await roundTrip(of([6, 5, 7, 2], tfl.maxPooling3d({ poolSize: kernelSize, strides, padding })));
          await roundTrip(of([6, 5, 7, 2], tfl.averagePooling3d({ poolSize: kernelSize, strides, padding })));
        });
      }
    }
  }
  it('Conv3DTranspose', async () => {
    for (const padding of same) {
      await roundTrip(of([2, 3, 2, 2], tfl.conv3dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding })));
    }
  });
  it('dilation, no bias, unequal kernels', async () => {
    for (const padding of same) {
      await roundTrip(of(image, tfl.conv2d({ filters: 4, kernelSize: [3, 2], dilationRate: 2, padding, useBias: false })));
      await roundTrip(of([11, 3], tfl.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, padding })));
      await roundTrip(of(image, tfl.conv2d({ filters: 4, kernelSize: [1, 3], strides: [2, 1], padding })));
    }
  });
  it('sizes left open', async () => {
    for (const open of [6, 7, 8]) {
      const net = [
        tfl.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
        tfl.maxPooling2d({ poolSize: 2, padding: 'same' }),
        tfl.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
      ];
      await roundTrip(of([null, null, 3], ...net), 3, { open });
      await roundTrip(of([null, 3], tfl.conv1d({ filters: 4, kernelSize: 2, strides: 2, padding: 'same' })), 3, { open });
    }
  });
  it('channels first', async () => {
    const dataFormat = 'channelsFirst';
    const stack = [
      tfl.zeroPadding2d({
        padding: [
          [1, 0],
          [2, 1],
        ],
        dataFormat,
      }),
      tfl.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', dataFormat, activation: 'relu' }),
      tfl.depthwiseConv2d({ kernelSize: 3, dataFormat, padding: 'same' }),
      tfl.maxPooling2d({ poolSize: 2, dataFormat, padding: 'same' }),
      tfl.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', dataFormat }),
      tfl.upSampling2d({ size: [2, 1], dataFormat }),
    ];
    const net = await roundTrip(of([3, 9, 8], ...stack));
    expect(net.toString()).not.toContain('Permute');
    await roundTrip(of([3, 9, 8], stack[1], tfl.flatten({ dataFormat }), tfl.dense({ units: 3 })));
    await roundTrip(of([3, 9, 8], tfl.conv2d({ filters: 2, kernelSize: 3, dataFormat }), tfl.flatten(), tfl.dense({ units: 3 })));
    await roundTrip(of([3, 9, 8], tfl.globalAveragePooling2d({ dataFormat })));
  });
});

describe('activations', () => {
  const fused = [
    'elu',
    'hardSigmoid',
    'linear',
    'relu',
    'relu6',
    'selu',
    'sigmoid',
    'softmax',
    'softplus',
    'softsign',
    'tanh',
    'swish',
    'mish',
    'gelu',
    'gelu_new',
  ];
  const wide = { input: (v: number) => v * 8 };
  for (const activation of fused as 'relu'[]) {
    it(`${activation}, fused and alone, of features, lengths and images`, async () => {
      await roundTrip(of([6], tfl.dense({ units: 5, activation })), 2, wide);
      await roundTrip(of([6], tfl.activation({ activation })), 2, wide);
      await roundTrip(of([4, 3, 5], tfl.conv2d({ filters: 3, kernelSize: 2, activation })), 2, wide);
      await roundTrip(of([7, 3], tfl.conv1d({ filters: 3, kernelSize: 2, activation })), 2, wide);
    });
  }
  it('as layers of their own', async () => {
    await roundTrip(of([6], tfl.reLU()), 2, wide);
    await roundTrip(of([6], tfl.reLU({ maxValue: 6 })), 2, wide);
    await roundTrip(of([6], tfl.reLU({ maxValue: 2.5 })), 2, wide);
    await roundTrip(of([6], tfl.leakyReLU()), 2, wide);
    await roundTrip(of([6], tfl.leakyReLU({ alpha: 0.1 })), 2, wide);
    await roundTrip(of([6], tfl.elu()), 2, wide);
    await roundTrip(of([6], tfl.thresholdedReLU({ theta: 0.4 })), 2, wide);
    await roundTrip(of([6], tfl.thresholdedReLU()), 2, wide);
    for (const axis of [3, -1]) await roundTrip(of([4, 3, 5], tfl.conv2d({ filters: 3, kernelSize: 1 }), tfl.softmax({ axis })));
    await roundTrip(of([6], tfl.softmax()));
  });
  it('PReLU with its slopes shared or not', async () => {
    await roundTrip(of([6], tfl.prelu()), 2, wide);
    await roundTrip(of([4, 3, 5], tfl.prelu({ sharedAxes: [1, 2] } as never)), 2, wide);
    await roundTrip(of([4, 3, 5], tfl.prelu({ sharedAxes: [1] } as never)), 2, wide);
    await roundTrip(of([4, 3, 5], tfl.prelu()), 2, wide);
    await roundTrip(of([7, 3], tfl.prelu({ sharedAxes: [1] } as never)), 2, wide);
    await roundTrip(of([7, 3], tfl.prelu()), 2, wide);
  });
});

describe('norms, dropout, embedding', () => {
  for (const options of [{}, { scale: false }, { center: false }, { scale: false, center: false }, { epsilon: 0.1, momentum: 0.9 }]) {
    it(`BatchNormalization ${JSON.stringify(options)}`, async () => {
      await roundTrip(of([6], tfl.batchNormalization(options)));
      await roundTrip(of([7, 3], tfl.batchNormalization(options)));
      await roundTrip(of([4, 3, 5], tfl.batchNormalization(options)));
      // tfjs-cpu repeats the statistics along the last axis, whichever is asked for; that axis moved there is right.
      const first = of([4, 3, 5], tfl.batchNormalization({ ...options, axis: 1 }));
      const last = of([4, 3, 5], tfl.permute({ dims: [2, 3, 1] }), tfl.batchNormalization(options), tfl.permute({ dims: [3, 1, 2] }));
      const next = random(5);
      fillWeights(first, next);
      last.setWeights(first.getWeights());
      await compare(last, await loadLayersModel(await artifactsOf(first)), next);
    });
    it(`LayerNormalization ${JSON.stringify(options)}`, async () => {
      await roundTrip(of([6], tfl.layerNormalization(options as object)));
      await roundTrip(of([7, 3], tfl.layerNormalization(options as object)));
      await roundTrip(of([4, 3, 5], tfl.conv2d({ filters: 3, kernelSize: 1 }), tfl.layerNormalization(options as object)));
    });
  }
  it('momentum is the other way round', async () => {
    const net = await roundTrip(of([4, 3, 5], tfl.batchNormalization({ momentum: 0.97, name: 'bn' })));
    expect((net as never as { bn: { momentum: number; eps: number } }).bn).toMatchObject({ momentum: 0.03, eps: 1e-3 });
  });
  it('what differs in training alone', async () => {
    const stack = [
      tfl.dropout({ rate: 0.3 }),
      tfl.spatialDropout1d({ rate: 0.3 }),
      tfl.gaussianNoise({ stddev: 1 }),
      tfl.gaussianDropout({ rate: 0.4 }),
      tfl.alphaDropout({ rate: 0.4 }),
    ];
    const net = await roundTrip(of([7, 3], ...stack));
    expect(net.training).toBe(false);
    expect(net.toString()).toContain('Dropout(p=0.3');
  });
  it('Embedding', async () => {
    const indices = { input: (v: number) => Math.floor((v + 1) * 5) };
    await roundTrip(of([7], tfl.embedding({ inputDim: 10, outputDim: 4 })), 2, indices);
    await roundTrip(
      of([7], tfl.embedding({ inputDim: 10, outputDim: 4 }), tfl.conv1d({ filters: 3, kernelSize: 3 }), tfl.globalMaxPooling1d()),
      2,
      indices,
    );
  });
});

describe('shapes', () => {
  it('Flatten, Reshape, Permute, RepeatVector', async () => {
    const conv = tfl.conv2d({ filters: 4, kernelSize: 2, name: 'c' });
    await roundTrip(of([4, 3, 5], conv, tfl.flatten(), tfl.dense({ units: 3 })));
    await roundTrip(of([4, 3, 5], tfl.flatten()));
    await roundTrip(of([4, 3, 5], tfl.flatten(), tfl.reLU(), tfl.dropout({ rate: 0.2 }), tfl.dense({ units: 3 }), tfl.dense({ units: 2 })));
    await roundTrip(of([4, 3, 5], tfl.flatten(), tfl.activation({ activation: 'softmax' }), tfl.dense({ units: 3 })));
    await roundTrip(of([4, 3, 5], tfl.flatten(), tfl.batchNormalization(), tfl.dense({ units: 3 })));
    await roundTrip(of([7, 3], tfl.flatten(), tfl.dense({ units: 3 })));
    await roundTrip(of([7, 3], tfl.conv1d({ filters: 4, kernelSize: 2 }), tfl.flatten(), tfl.dense({ units: 3 })));
    await roundTrip(of([3, 4, 2, 3], tfl.conv3d({ filters: 2, kernelSize: 2 }), tfl.flatten(), tfl.dense({ units: 3 })));
    await roundTrip(of([4, 3, 5], tfl.conv2d({ filters: 4, kernelSize: 2 }), tfl.reshape({ targetShape: [2, -1] })));
    await roundTrip(
      of([4, 3, 5], tfl.conv2d({ filters: 4, kernelSize: 2 }), tfl.reshape({ targetShape: [2, 12] }), tfl.dense({ units: 3 })),
    );
    await roundTrip(
      of(
        [12],
        tfl.dense({ units: 24 }),
        tfl.reshape({ targetShape: [2, 3, 4] }),
        tfl.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
      ),
    );
    await roundTrip(of([12], tfl.reshape({ targetShape: [2, 3, 2] })));
    await roundTrip(of([4, 3, 5], tfl.permute({ dims: [3, 1, 2] })));
    await roundTrip(of([7, 3], tfl.permute({ dims: [2, 1] }), tfl.conv1d({ filters: 2, kernelSize: 2 })));
    await roundTrip(of([6], tfl.repeatVector({ n: 3 }), tfl.dense({ units: 2 })));
    await roundTrip(of([4, 3, 5], tfl.dense({ units: 2 }), tfl.conv2d({ filters: 2, kernelSize: 2 })));
  });
  it('global pools, padding, cropping, upsampling', async () => {
    await roundTrip(of([7, 3], tfl.globalAveragePooling1d()));
    await roundTrip(of([7, 3], tfl.globalMaxPooling1d({})));
    await roundTrip(of([4, 3, 5], tfl.globalAveragePooling2d({})));
    await roundTrip(of([4, 3, 5], tfl.globalMaxPooling2d({})));
    await roundTrip(
      of(
        [4, 3, 5],
        tfl.zeroPadding2d({
          padding: [
            [1, 2],
            [0, 3],
          ],
        }),
      ),
    );
    await roundTrip(of([4, 3, 5], tfl.zeroPadding2d({ padding: 1 }), tfl.conv2d({ filters: 2, kernelSize: 3, strides: 2 })));
    await roundTrip(
      of(
        [4, 3, 5],
        tfl.zeroPadding2d({
          padding: [
            [0, 1],
            [0, 1],
          ],
        }),
        tfl.depthwiseConv2d({ kernelSize: 3, strides: 2 }),
      ),
    );
    await roundTrip(
      of(
        [6, 5, 3],
        tfl.cropping2D({
          cropping: [
            [1, 2],
            [0, 3],
          ],
        }),
      ),
    );
    await roundTrip(of([4, 3, 5], tfl.upSampling2d({ size: [3, 2] })));
    await roundTrip(of([4, 3, 5], tfl.upSampling2d({ size: [3, 2], interpolation: 'bilinear' })));
  });
});

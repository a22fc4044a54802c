import * as core from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const run = (name: string, inputs: Record<string, core.Tensor>, attrs: Record<string, unknown>): core.Tensor =>
  core.engine().runKernel(name, inputs, attrs as never);

interface Sample {
  readonly depthwise: boolean;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly inShape: number[];
  readonly filterShape: number[];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly pad: unknown;
}

/** A geometry that a random number decides; channels reach over the limits between algorithms. */
function sample(seed: number): Sample {
  const next = numbersFrom(seed * 7919 + 17);
  const whole = (low: number, high: number): number => low + Math.floor(((next() + 2) / 4) * (high - low + 1));
  const pick = <T>(...values: T[]): T => values[whole(0, values.length - 1)];
  const depthwise = whole(0, 2) === 0;
  const dataFormat = depthwise ? 'NHWC' : pick('NHWC', 'NHWC', 'NCHW');
  const [kh, kw] = pick([1, 1], [3, 3], [3, 3], [2, 3], [5, 1]);
  const strides = pick([1, 1], [1, 1], [2, 2], [2, 1], [3, 2]) as [number, number];
  const square = kh === kw && strides[0] === strides[1];
  const [padH, padW] = [whole(0, 2), whole(0, 2)];
  const axes =
    dataFormat === 'NHWC'
      ? [
          [0, 0],
          [padH, padH],
          [padW, 1],
          [0, 0],
        ]
      : [
          [0, 0],
          [0, 0],
          [padH, padH],
          [padW, 1],
        ];
  const pad = pick<unknown>('same', 'valid', axes, square ? 1 : 'same');
  const [height, width, batch] = [whole(5, 19), whole(5, 19), whole(1, 3)];
  const channels = pick(1, 3, 5, 16, 20);
  const inShape = dataFormat === 'NHWC' ? [batch, height, width, channels] : [batch, channels, height, width];
  return {
    depthwise,
    dataFormat,
    inShape,
    filterShape: [kh, kw, channels, depthwise ? pick(1, 2, 3) : pick(1, 4, 7, 17)],
    strides,
    dilations: [1, 1],
    pad,
  };
}

function infoOf(s: Sample): core.backend_util.Conv2DInfo {
  return core.backend_util.computeConv2DInfo(
    s.inShape as never,
    s.filterShape as never,
    s.strides,
    s.dilations,
    s.pad as never,
    'floor',
    s.depthwise,
    s.dataFormat === 'NHWC' ? 'channelsLast' : 'channelsFirst',
  );
}

function gradientsOf(s: Sample, x: core.Tensor, dy: core.Tensor, filter: core.Tensor): core.Tensor[] {
  const prefix = s.depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
  const attrs = {
    strides: s.strides,
    pad: s.pad,
    dimRoundingMode: 'floor',
    dilations: s.dilations,
    ...(s.depthwise ? {} : { dataFormat: s.dataFormat }),
  };
  return [
    run(`${prefix}BackpropInput`, { dy, filter }, { ...attrs, inputShape: s.inShape }),
    run(`${prefix}BackpropFilter`, { x, dy }, { ...attrs, filterShape: s.filterShape }),
  ];
}

function operandsOf(s: Sample, seed: number): [core.Tensor, core.Tensor, core.Tensor] {
  const next = numbersFrom(seed + 1);
  return [randomTensor(s.inShape, next), randomTensor(infoOf(s).outShape, next), randomTensor(s.filterShape, next)];
}

/** Sums in double, one product after the other. */
function byLoops(s: Sample, x: ArrayLike<number>, dy: ArrayLike<number>, w: ArrayLike<number>): [Float64Array, Float64Array] {
  const i = infoOf(s);
  const last = s.dataFormat === 'NHWC';
  const at = (n: number, c: number, y: number, z: number, channels: number, h: number, v: number): number =>
    last ? ((n * h + y) * v + z) * channels + c : ((n * channels + c) * h + y) * v + z;
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  const multiplier = s.filterShape[3];
  for (let n = 0; n < i.batchSize; n++)
    for (let o = 0; o < i.outChannels; o++)
      for (let c = 0; c < i.inChannels; c++) {
        if (s.depthwise && Math.floor(o / multiplier) !== c) continue;
        for (let oy = 0; oy < i.outHeight; oy++)
          for (let ox = 0; ox < i.outWidth; ox++)
            for (let ky = 0; ky < i.filterHeight; ky++)
              for (let kx = 0; kx < i.filterWidth; kx++) {
                const y = oy * i.strideHeight - i.padInfo.top + ky * i.dilationHeight;
                const z = ox * i.strideWidth - i.padInfo.left + kx * i.dilationWidth;
                if (y < 0 || z < 0 || y >= i.inHeight || z >= i.inWidth) continue;
                const g = dy[at(n, o, oy, ox, i.outChannels, i.outHeight, i.outWidth)];
                const tap = ((ky * i.filterWidth + kx) * i.inChannels + c) * multiplier + (s.depthwise ? o % multiplier : o);
                const source = at(n, c, y, z, i.inChannels, i.inHeight, i.inWidth);
                dx[source] += g * w[tap];
                dw[tap] += g * x[source];
              }
      }
  return [dx, dw];
}

describe('gradients agree with tfjs-cpu', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i))('random geometry %i', async (seed) => {
    const s = sample(seed);
    const [x, dy, filter] = operandsOf(s, seed);
    const { wasm, cpu } = await onBoth(() => gradientsOf(s, x, dy, filter));
    wasm.forEach((values, i) => expectClose(values, cpu[i]));
    core.dispose([x, dy, filter]);
  });
});

describe('gradients of dilated convolutions agree with sums in double', () => {
  it.each(Array.from({ length: 24 }, (_, i) => i))('random geometry %i', (seed) => {
    const dilations = [(seed % 3) + 1, ((seed >> 1) % 2) + 2] as [number, number];
    const s = { ...sample(seed + 100), dilations, pad: 'same' };
    const [x, dy, filter] = operandsOf(s, seed);
    const made = gradientsOf(s, x, dy, filter);
    const [dx, dw] = byLoops(s, x.dataSync(), dy.dataSync(), filter.dataSync());
    expectClose(made[0].dataSync(), dx);
    expectClose(made[1].dataSync(), dw);
    core.dispose([x, dy, filter, ...made]);
  });
});

describe('tf.grads', () => {
  const dense: Sample = {
    depthwise: false,
    dataFormat: 'NHWC',
    inShape: [2, 9, 8, 3],
    filterShape: [3, 3, 3, 4],
    strides: [1, 1],
    dilations: [2, 2],
    pad: 'same',
  };

  /** dx and dfilter of sum(op(x, filter) dy), by tfjs's tape. */
  function byTape(s: Sample, seed: number, op: (x: core.Tensor4D, w: core.Tensor4D) => core.Tensor): core.Tensor[] {
    const [x, dy, filter] = operandsOf(s, seed);
    return core.grads((a, b) => op(a as core.Tensor4D, b as core.Tensor4D))([x, filter], dy);
  }

  function expectLoops(s: Sample, seed: number, made: core.Tensor[]): void {
    const [x, dy, filter] = operandsOf(s, seed);
    const [dx, dw] = byLoops(s, x.dataSync(), dy.dataSync(), filter.dataSync());
    expectClose(made[0].dataSync(), dx);
    expectClose(made[1].dataSync(), dw);
  }

  it('of a dilated conv2d', () => {
    expectLoops(
      dense,
      1,
      byTape(dense, 1, (x, w) => core.conv2d(x, w, 1, 'same', 'NHWC', 2)),
    );
  });

  it('of a dilated conv2d, channels first', () => {
    const s: Sample = { ...dense, dataFormat: 'NCHW', inShape: [2, 3, 9, 8] };
    expectLoops(
      s,
      2,
      byTape(s, 2, (x, w) => core.conv2d(x, w, 1, 'same', 'NCHW', [2, 2])),
    );
  });

  it('of a dilated depthwiseConv2d', () => {
    const s: Sample = { ...dense, depthwise: true, filterShape: [3, 3, 3, 2] };
    expectLoops(
      s,
      3,
      byTape(s, 3, (x, w) => core.depthwiseConv2d(x, w, 1, 'same', 'NHWC', 2)),
    );
  });

  it('of a dilated fused.conv2d, and of one that is not dilated, and again', () => {
    for (const dilation of [2, 1, 3, 2]) {
      const s: Sample = { ...dense, dilations: [dilation, dilation] };
      expectLoops(
        s,
        4,
        byTape(s, 4, (x, filter) => core.fused.conv2d({ x, filter, strides: 1, pad: 'same', dilations: dilation })),
      );
    }
    expect(core.getGradient('fusedConv2d__op')).toBeUndefined();
  });

  it('of a dilated fused.depthwiseConv2d', () => {
    const s: Sample = { ...dense, depthwise: true, filterShape: [3, 3, 3, 2] };
    expectLoops(
      s,
      5,
      byTape(s, 5, (x, filter) => core.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'same', dilations: [2, 2] })),
    );
    expect(core.getGradient('fusedDepthwiseConv2d__op')).toBeUndefined();
  });

  it('of the bias of a dilated fused.conv2d, which is the sum of dy', () => {
    const [x, dy, filter] = operandsOf(dense, 6);
    const bias = core.tensor1d([1, -2, 3, 0.5]);
    const f = (b: core.Tensor): core.Tensor =>
      core.fused.conv2d({ x: x as core.Tensor4D, filter: filter as core.Tensor4D, strides: 1, pad: 'same', dilations: 2, bias: b });
    expectClose(core.grad(f)(bias, dy).dataSync(), core.sum(dy, [0, 1, 2]).dataSync());
  });

  it('of an image without a batch', () => {
    const s: Sample = { ...dense, inShape: [1, 9, 8, 3] };
    const [x, dy, filter] = operandsOf(s, 7);
    const made = core.grads((a, b) =>
      core.fused.conv2d({ x: a as core.Tensor3D, filter: b as core.Tensor4D, strides: 1, pad: 'same', dilations: 2 }),
    )([core.reshape(x, [9, 8, 3]), filter], core.reshape(dy, [9, 8, 4]));
    expectLoops(s, 7, made);
  });

  it("of a dilated fused op inside a function with a gradient of its own is that function's", () => {
    const [x, , filter] = operandsOf(dense, 8);
    const outer = core.customGrad((a) => ({
      value: core.fused.conv2d({ x: a as core.Tensor4D, filter: filter as core.Tensor4D, strides: 1, pad: 'same', dilations: 2 }),
      gradFunc: () => core.onesLike(a as core.Tensor),
    }));
    expect(
      core
        .grad((a) => core.sum(outer(a)))(x)
        .dataSync(),
    ).toEqual(new Float32Array(x.size).fill(1));
    expect(core.getGradient('fusedConv2d__op')).toBeUndefined();
  });

  it('to the second order, where tfjs has one, with dilation', () => {
    // d/dw of |dx|^2 / 2 is dfilter of (dx as x, dy): dx is linear in w.
    const [x, dy, filter] = operandsOf(dense, 9);
    const dxOf = (w: core.Tensor): core.Tensor =>
      core.grad((a) => core.conv2d(a as core.Tensor4D, w as core.Tensor4D, 1, 'same', 'NHWC', 2))(x, dy);
    const twice = core.grad((w) => core.mul(core.sum(core.square(dxOf(w))), 0.5))(filter);
    const [, dw] = byLoops(dense, dxOf(filter).dataSync(), dy.dataSync(), filter.dataSync());
    expectClose(twice.dataSync(), dw);
  });

  it('with dimRoundingMode', () => {
    const s: Sample = { ...dense, dilations: [1, 1], strides: [2, 2], pad: 1, inShape: [1, 8, 8, 3] };
    const [x, , filter] = operandsOf(s, 10);
    const op = (a: core.Tensor, w: core.Tensor): core.Tensor =>
      core.conv2d(a as core.Tensor4D, w as core.Tensor4D, 2, 1, 'NHWC', 1, 'ceil');
    const y = op(x, filter);
    expect(y.shape).toEqual([1, 5, 5, 4]);
    const dy = randomTensor(y.shape, numbersFrom(3));
    const dfilter = core.grads(op)([x, filter], dy)[1];
    // The same windows with a row and a column of zeros behind.
    const padded = core.pad(x, [
      [0, 0],
      [0, 1],
      [0, 1],
      [0, 0],
    ]);
    const again = core.grads((a, w) =>
      core.conv2d(a as core.Tensor4D, w as core.Tensor4D, 2, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
    )([padded, filter], dy)[1];
    expectClose(dfilter.dataSync(), again.dataSync());
  });
});

describe('odd operands', () => {
  const s: Sample = {
    depthwise: false,
    dataFormat: 'NHWC',
    inShape: [1, 5, 5, 2],
    filterShape: [3, 3, 2, 3],
    strides: [1, 1],
    dilations: [1, 1],
    pad: 'same',
  };

  it('int32 and bool count as numbers', async () => {
    const [, dy, filter] = operandsOf(s, 1);
    const x = core.cast(core.greater(randomTensor(s.inShape, numbersFrom(5)), 0), 'int32');
    const asBool = core.cast(x, 'bool');
    const expected = gradientsOf(s, core.cast(x, 'float32'), dy, filter)[1].dataSync();
    expect(gradientsOf(s, x, dy, filter)[1].dataSync()).toEqual(expected);
    expect(gradientsOf(s, asBool, dy, filter)[1].dataSync()).toEqual(expected);
  });

  it.each([
    [
      [0, 5, 5, 2],
      [0, 5, 5, 3],
    ],
    [
      [1, 5, 5, 0],
      [1, 5, 5, 3],
    ],
    [
      [1, 5, 5, 2],
      [1, 5, 5, 0],
    ],
  ])('x %j, dy %j: zeros or nothing', (inShape, outShape) => {
    const filterShape = [3, 3, inShape[3], outShape[3]];
    const made = gradientsOf({ ...s, inShape, filterShape }, core.zeros(inShape), core.ones(outShape), core.ones(filterShape));
    expect(made[0].shape).toEqual(inShape);
    expect(made[1].shape).toEqual(filterShape);
    for (const t of made) expect(t.dataSync().every((v) => v === 0)).toBe(true);
  });

  it('a dy of other channels is refused, and leaves nothing behind', () => {
    const [x, , filter] = operandsOf(s, 2);
    const dy = core.ones([1, 5, 5, 4]);
    const before = core.memory().numDataBuffers;
    expect(() => gradientsOf(s, x, dy, filter)).toThrow(
      "[Conv2DBackpropInput] expected dy of 4 axes with batch 1 and 3 channels, got [1,5,5,4]; pass the gradient of this convolution's output",
    );
    expect(core.memory().numDataBuffers).toBe(before);
  });

  it('complex numbers are refused', () => {
    const [x, dy, filter] = operandsOf(s, 3);
    const complex = { ...x, dtype: 'complex64' } as unknown as core.Tensor;
    expect(() => gradientsOf(s, complex, dy, filter)).toThrow('expected float32, int32 or bool, got a tensor of dtype complex64');
  });
});

it('convolves images of channels first, which tfjs refuses', async () => {
  const x = randomTensor([2, 3, 7, 6], numbersFrom(1)) as core.Tensor4D;
  const w = randomTensor([3, 2, 3, 5], numbersFrom(2)) as core.Tensor4D;
  const last = core.conv2d(core.transpose(x, [0, 2, 3, 1]), w, 2, 'same');
  const first = core.conv2d(x, w, 2, 'same', 'NCHW');
  expectClose(core.transpose(first, [0, 2, 3, 1]).dataSync(), last.dataSync());
});

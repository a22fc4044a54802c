/** Random geometries for fast-check, made of few small numbers, so that a failing one shrinks to its essence. */
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type Tensor,
} from '@konv/core-tensor';
import fc, { type Arbitrary } from 'fast-check';
import {
  adaptiveWindows,
  average,
  bilinear,
  convSize,
  convTerms,
  convTransposeSize,
  convTransposeTerms,
  type Expected,
  type Grid,
  maximaOnly,
  maximum,
  poolSize,
  poolWindows,
  type Sliding,
} from './geometry-loops.js';

/** A call of konv and what the loops say to it. */
export interface GeometrySample {
  /** The call, for the report of a failure. */
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  /** Whole numbers from -3 to 3: ties in most windows. */
  readonly tied: boolean;
  /** The first axis of the first input and of the results, which is 1, is left out. */
  readonly unbatched: boolean;
  readonly run: (x: readonly Tensor[]) => readonly Tensor[];
  readonly output: readonly number[];
  readonly expect: (x: readonly Grid[], dy: Float64Array) => Expected;
}

interface AxisNumbers {
  kernel: number;
  stride: number;
  dilation: number;
  padding: number;
  more: number;
}
const axis: Arbitrary<AxisNumbers> = fc.record({
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 3 }),
  padding: fc.nat({ max: 4 }),
  more: fc.nat({ max: 5 }),
});
/** One to three axes; the more there are, the smaller they are. */
const axes = fc.oneof(
  fc.array(axis, { minLength: 1, maxLength: 2 }),
  fc.array(
    axis.map((a) => ({ ...a, kernel: Math.min(a.kernel, 3), more: Math.min(a.more, 2), dilation: Math.min(a.dilation, 2) })),
    { minLength: 3, maxLength: 3 },
  ),
);
const show = (o: object): string => JSON.stringify(o).replaceAll('"', '');
const planes = { batch: fc.nat({ max: 2 }), unbatched: fc.boolean() };
const pick = (list: readonly AxisNumbers[], key: keyof AxisNumbers): number[] => list.map((a) => a[key]);
const extent = (a: AxisNumbers): number => a.dilation * (a.kernel - 1) + 1;

/** A list of equal numbers as one number: both ways to write it are the same. */
function brief(list: number[]): number | number[] {
  return list.every((n) => n === list[0]) ? list[0] : list;
}

export const convSamples: Arbitrary<GeometrySample> = fc
  .record({
    ...planes,
    axes,
    perIn: fc.integer({ min: 1, max: 3 }),
    perOut: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    bias: fc.boolean(),
    same: fc.boolean(),
  })
  .map((s) => {
    const [kernel, dilation] = [pick(s.axes, 'kernel'), pick(s.axes, 'dilation')];
    const stride = s.same ? kernel.map(() => 1) : pick(s.axes, 'stride');
    const total = s.axes.map((a) => extent(a) - 1);
    const low = s.same ? total.map((n) => Math.floor(n / 2)) : pick(s.axes, 'padding');
    const high = s.same ? total.map((n, i) => n - low[i]) : low;
    const inSize = s.axes.map((a, i) => Math.max(1, extent(a) - low[i] - high[i]) + a.more);
    const sliding: Sliding = { kernel, stride, dilation, low, high };
    const batch = s.unbatched ? 1 : s.batch;
    const x = [batch, s.groups * s.perIn, ...inSize];
    const output = [batch, s.groups * s.perOut, ...convSize(inSize, sliding)];
    const options = {
      stride: brief(stride),
      padding: s.same ? ('same' as const) : brief(low),
      dilation: brief(dilation),
      groups: s.groups,
    };
    const conv = [conv1d, conv2d, conv3d][kernel.length - 1];
    return {
      name: `conv${kernel.length}d ${show(options)}`,
      inputs: [x, [output[1], s.perIn, ...kernel], ...(s.bias ? [[output[1]]] : [])],
      tied: false,
      unbatched: s.unbatched,
      run: ([a, w, b]) => [conv(a, w, b ?? null, options)],
      output,
      expect: (g, dy) => bilinear(g, output, dy, (term) => convTerms(g[0], g[1], output, sliding, s.groups, term)),
    };
  });

export const convTransposeSamples: Arbitrary<GeometrySample> = fc
  .record({
    ...planes,
    axes,
    perIn: fc.integer({ min: 1, max: 3 }),
    perOut: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    bias: fc.boolean(),
    outputPadding: fc.nat({ max: 2 }),
  })
  .map((s) => {
    const [kernel, stride, dilation] = [pick(s.axes, 'kernel'), pick(s.axes, 'stride'), pick(s.axes, 'dilation')];
    const padding = s.axes.map((a) => Math.min(a.padding, Math.floor((extent(a) - 1) / 2)));
    const outputPadding = s.axes.map((a) => Math.min(s.outputPadding, Math.max(a.stride, a.dilation) - 1));
    const inSize = s.axes.map((a) => 1 + Math.min(a.more, 3));
    const sliding: Sliding = { kernel, stride, dilation, low: padding, high: padding };
    const batch = s.unbatched ? 1 : s.batch;
    const x = [batch, s.groups * s.perIn, ...inSize];
    const output = [batch, s.groups * s.perOut, ...convTransposeSize(inSize, sliding, outputPadding)];
    const options = { stride: brief(stride), padding: brief(padding), outputPadding, dilation: brief(dilation), groups: s.groups };
    const conv = [convTranspose1d, convTranspose2d, convTranspose3d][kernel.length - 1];
    return {
      name: `convTranspose${kernel.length}d ${show(options)}`,
      inputs: [x, [x[1], s.perOut, ...kernel], ...(s.bias ? [[output[1]]] : [])],
      tied: false,
      unbatched: s.unbatched,
      run: ([a, w, b]) => [conv(a, w, b ?? null, options)],
      output,
      expect: (g, dy) => bilinear(g, output, dy, (term) => convTransposeTerms(g[0], g[1], output, sliding, s.groups, term)),
    };
  });

const pooling = { ...planes, axes, channels: fc.integer({ min: 1, max: 3 }), ceilMode: fc.boolean() };
interface Pooling {
  batch: number;
  unbatched: boolean;
  axes: AxisNumbers[];
  channels: number;
  ceilMode: boolean;
}

/** Sizes of a pool: no window without any element of the input. */
function pooled(
  s: Pooling,
  dilated: boolean,
): { sliding: Sliding; x: number[]; output: number[]; options: { stride: number[]; padding: number[] } } {
  const list = s.axes.map((a) => (dilated ? a : { ...a, dilation: 1 }));
  const [kernel, stride, dilation] = [pick(list, 'kernel'), pick(list, 'stride'), pick(list, 'dilation')];
  const padding = list.map((a) => Math.min(a.padding, Math.floor(a.kernel / 2)));
  const inSize = list.map((a, i) => Math.max(a.dilation, extent(a) - 2 * padding[i]) + a.more);
  const sliding = { kernel, stride, dilation, low: padding, high: padding };
  const x = [s.unbatched ? 1 : s.batch, s.channels, ...inSize];
  return { sliding, x, output: [x[0], x[1], ...poolSize(inSize, sliding, s.ceilMode)], options: { stride, padding } };
}

export const maxPoolSamples: Arbitrary<GeometrySample> = fc.record(pooling).map((s) => {
  const { sliding, x, output, options } = pooled(s, true);
  const all = { ...options, dilation: [...sliding.dilation], ceilMode: s.ceilMode, returnIndices: true as const };
  const pool = [maxPool1d, maxPool2d, maxPool3d][s.axes.length - 1];
  return {
    name: `maxPool${s.axes.length}d by ${show(sliding.kernel)} ${show(all)}`,
    inputs: [x],
    tied: true,
    unbatched: s.unbatched,
    run: ([a]) => Object.values(pool(a, sliding.kernel, all)),
    output,
    expect: ([g], dy) => maximum(g, output, poolWindows(g, output, sliding, true), dy),
  };
});

export const avgPoolSamples: Arbitrary<GeometrySample> = fc
  .record({ ...pooling, countIncludePad: fc.boolean(), divisorOverride: fc.option(fc.integer({ min: 1, max: 7 })) })
  .map((s) => {
    const { sliding, x, output, options } = pooled(s, false);
    const { ceilMode, countIncludePad, divisorOverride } = s;
    const pool = [avgPool1d, avgPool2d, avgPool3d][s.axes.length - 1];
    return {
      name: `avgPool${s.axes.length}d by ${show(sliding.kernel)} ${show({ ...options, ceilMode, countIncludePad, divisorOverride })}`,
      inputs: [x],
      tied: false,
      unbatched: s.unbatched,
      run: ([a]) => [pool(a, sliding.kernel, { ...options, ceilMode, countIncludePad, divisorOverride })],
      output,
      expect: ([g], dy) => {
        const windows = poolWindows(g, output, sliding, countIncludePad);
        return average(g, output, divisorOverride === null ? windows : windows.map((w) => ({ ...w, divisor: divisorOverride })), dy);
      },
    };
  });

export const maxUnpoolSamples: Arbitrary<GeometrySample> = fc.record(pooling).map((s) => {
  const { sliding, x, output, options } = pooled({ ...s, ceilMode: false }, false);
  const rank = s.axes.length;
  const [pool, unpool] = [[maxPool1d, maxPool2d, maxPool3d][rank - 1], [maxUnpool1d, maxUnpool2d, maxUnpool3d][rank - 1]];
  return {
    name: `maxUnpool${rank}d by ${show(sliding.kernel)} ${show(options)}`,
    inputs: [x],
    tied: true,
    unbatched: s.unbatched,
    run: ([a]) => {
      const { values, indices } = pool(a, sliding.kernel, { ...options, returnIndices: true });
      return [unpool(values, indices, sliding.kernel, { ...options, outputSize: x.slice(2) })];
    },
    output: x,
    expect: ([g], dy) => maximaOnly(g, poolWindows(g, output, sliding, true), dy),
  };
});

const sizes = fc.array(fc.record({ from: fc.integer({ min: 1, max: 7 }), to: fc.option(fc.integer({ min: 1, max: 6 })) }), {
  minLength: 1,
  maxLength: 3,
});

export const adaptivePoolSamples: Arbitrary<GeometrySample> = fc
  .record({ ...planes, channels: fc.integer({ min: 1, max: 3 }), sizes, max: fc.boolean() })
  .map((s) => {
    const outputSize = s.sizes.map(({ to }) => to);
    const x = [s.unbatched ? 1 : s.batch, s.channels, ...s.sizes.map(({ from }) => from)];
    const output = [x[0], x[1], ...s.sizes.map(({ from, to }) => to ?? from)];
    const rank = s.sizes.length;
    const avg = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][rank - 1];
    const max = [adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d][rank - 1];
    return {
      name: `adaptive${s.max ? 'Max' : 'Avg'}Pool${rank}d to ${show(outputSize)}`,
      inputs: [x],
      tied: s.max,
      unbatched: s.unbatched,
      run: ([a]) => (s.max ? Object.values(max(a, outputSize, { returnIndices: true })) : [avg(a, outputSize)]),
      output,
      expect: ([g], dy) => (s.max ? maximum : average)(g, output, adaptiveWindows(g, output), dy),
    };
  });

import { Conv1d, Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d, Sequential, ConstantPad3d, ZeroPad2d, type Module } from '@konv/layers';
import type { Config } from '../config.js';
import { SamePad, sameSides } from '../modules/same.js';
import { known, ofRank, type OpenShape, type Site, type Value } from '../plan.js';
import { Uncovered } from '../refuse.js';
import { activated } from './activation.js';
import type { MakeOptions, Planners } from './site.js';

export type Rank = 1 | 2 | 3;
export const convs = [Conv1d, Conv2d, Conv3d];

/** The sizes of the axes of space, and where the channels are. */
export function split(x: Value, channelsFirst: boolean): { spatial: OpenShape; channels: number | null } {
  const s = x.shape;
  return channelsFirst ? { spatial: s.slice(2), channels: s[1] } : { spatial: s.slice(1, -1), channels: s[s.length - 1] };
}

/** The shape in TensorFlow.js of what has this space and these channels. */
export function joined(x: Value, spatial: OpenShape, channels: number | null, channelsFirst: boolean): OpenShape {
  return channelsFirst ? [x.shape[0], channels, ...spatial] : [x.shape[0], ...spatial, channels];
}

export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly same: boolean;
}

/** The sizes that come out. Throws `Uncovered` where nothing does. */
export function windowed(spatial: OpenShape, { kernel, stride, dilation, same }: Windows): (number | null)[] {
  return spatial.map((d, i) => {
    if (d === null) return null;
    const out = same ? Math.ceil(d / stride[i]) : Math.ceil((d - dilation[i] * (kernel[i] - 1)) / stride[i]);
    if (out < 1) throw new Uncovered(`a window of ${kernel[i]} does not fit into ${d}`);
    return out;
  });
}

/**
 * How padding 'same' is had: by the layer itself, or by a pad before it, of known sides or of the size that comes.
 * In three dimensions tfjs shifts the windows where the stride is above the kernel, so that is refused.
 */
export function samePadding(spatial: OpenShape, w: Windows): { own: readonly number[] } | { sides: readonly [number, number][] | null } {
  const reach = w.kernel.map((k, i) => w.dilation[i] * (k - 1) + 1);
  if (spatial.length === 3 && w.stride.some((s, i) => s > reach[i])) {
    throw new Uncovered("padding is 'same' with a stride above the kernel, where tfjs and Keras differ");
  }
  if (spatial.some((d) => d === null)) return reach.every((r) => r === 1) ? { own: reach.map(() => 0) } : { sides: null };
  const sides = spatial.map((d, i) => sameSides(d as number, w.kernel[i], w.stride[i], w.dilation[i]));
  return sides.every(([before, after]) => before === after) ? { own: sides.map(([before]) => before) } : { sides };
}

/** A pad of zeros, or of another number, before and after each axis of space. */
export function padOf(sides: readonly (readonly [number, number])[]): Module {
  const last = [...sides].reverse().flat();
  if (sides.length === 3) return new ConstantPad3d(last, 0);
  return sides.length === 2 ? new ZeroPad2d(last) : new ZeroPad2d([...last, 0, 0]);
}

function checkPlain(config: Config): boolean {
  return config.choice('padding', ['valid', 'same'], 'valid') === 'same';
}

interface Kernel {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly bias: boolean;
}

/** The call of the convolution itself, with what pads before it. */
function convolve(at: Site, suffix: string, x: Value, rank: Rank, w: Windows, k: Kernel, channelsFirst: boolean, make: MakeOptions): Value {
  const { spatial } = split(x, channelsFirst);
  const { inChannels, outChannels, groups, bias } = k;
  const folded = at.folded.padding.get(at.layer);
  const outer = folded === undefined ? spatial : spatial.map((d, i) => (d === null ? null : d + 2 * folded[i]));
  const out = joined(x, windowed(outer, w), outChannels, channelsFirst);
  const Conv = convs[rank - 1];
  const options = { stride: [...w.stride], dilation: [...w.dilation], groups, bias, ...make };
  const conv = (padding: readonly number[] | 'same'): Module =>
    new Conv(inChannels, outChannels, [...w.kernel], { ...options, padding: padding === 'same' ? padding : [...padding] });
  const built = (padding: readonly number[] | 'same', from: Value): Value =>
    at.call(suffix, () => conv(padding), [from], out, !channelsFirst);
  if (!w.same) return built(folded ?? w.kernel.map(() => 0), x);
  const how = samePadding(spatial, w);
  if ('own' in how) return built(how.own, x);
  // With stride 1 the layer's own 'same' puts the odd one at the end, too.
  if (w.stride.every((s) => s === 1)) return built('same', x);
  const { sides } = how;
  const before = at.helper('pad', () => (sides ? padOf(sides) : new SamePad(w.kernel, w.stride, w.dilation)), [x], out, !channelsFirst);
  return built(
    w.kernel.map(() => 0),
    before,
  );
}

function conv(rank: Rank) {
  return (config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value => {
    ofRank(given, rank + 2);
    const channelsFirst = config.channelsFirst();
    if (rank === 1 && channelsFirst) throw new Uncovered('data_format is channels_first, which tfjs-layers gives back in another order');
    config.only('groups', 1, 'tfjs-layers has no groups');
    const w = { ...windowsOf(config, rank), dilation: config.perAxis('dilation_rate', rank, 1) };
    if (w.stride.some((s) => s > 1) && w.dilation.some((d) => d > 1))
      throw new Uncovered('it has both strides and dilation, which tfjs refuses');
    const x = at.channelsAt1(given, channelsFirst);
    const inChannels = known(split(x, channelsFirst).channels, 'the number of channels');
    const outChannels = config.whole('filters', 1);
    const bias = config.flag('use_bias', true);
    const order = [rank + 1, rank, ...w.kernel.map((_, i) => i)];
    at.weight('kernel', [...w.kernel, inChannels, outChannels], 'weight', { order, shape: [outChannels, inChannels, ...w.kernel] });
    if (bias) at.weight('bias', [outChannels], 'bias');
    const y = convolve(at, '', x, rank, w, { inChannels, outChannels, groups: 1, bias }, channelsFirst, make);
    return activated(at, config.activation(), y);
  };
}

function windowsOf(config: Config, rank: Rank): Windows {
  const same = checkPlain(config);
  return {
    kernel: config.perAxis('kernel_size', rank),
    stride: config.perAxis('strides', rank, 1),
    dilation: new Array(rank).fill(1),
    same,
  };
}

function depthwise(config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value {
  ofRank(given, 4);
  const channelsFirst = config.channelsFirst();
  config.only('dilation_rate', 1, 'tfjs-layers ignores it and Keras does not');
  const w = windowsOf(config, 2);
  const x = at.channelsAt1(given, channelsFirst);
  const inChannels = known(split(x, channelsFirst).channels, 'the number of channels');
  const multiplier = config.whole('depth_multiplier', 1, 1);
  const outChannels = inChannels * multiplier;
  const bias = config.flag('use_bias', true);
  depthwiseWeight(at, w.kernel, inChannels, multiplier, 'weight');
  if (bias) at.weight('bias', [outChannels], 'bias');
  const y = convolve(at, '', x, 2, w, { inChannels, outChannels, groups: inChannels, bias }, channelsFirst, make);
  return activated(at, config.activation(), y);
}

function depthwiseWeight(at: Site, kernel: readonly number[], inChannels: number, multiplier: number, key: string): void {
  const shape = [inChannels * multiplier, 1, ...kernel];
  at.weight('depthwise_kernel', [...kernel, inChannels, multiplier], key, { order: [2, 3, 0, 1], shape });
}

/** Two convolutions in a Sequential, 'depthwise' and 'pointwise', with what pads before them. */
function separable(config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value {
  ofRank(given, 4);
  if (config.channelsFirst()) throw new Uncovered('data_format is channels_first, where tfjs-layers adds the bias to another axis');
  const w = { ...windowsOf(config, 2), dilation: config.perAxis('dilation_rate', 2, 1) };
  if (w.stride.some((s) => s > 1) && w.dilation.some((d) => d > 1))
    throw new Uncovered('it has both strides and dilation, which tfjs refuses');
  if (w.stride[0] !== w.stride[1]) throw new Uncovered('its strides differ');
  const x = at.moved(given);
  const { spatial, channels } = split(x, false);
  const inChannels = known(channels, 'the number of channels');
  // tfjs-layers forgets to save depth_multiplier; the kernel has it.
  const stored = at.plan.stored.get(`${at.layer.name}/depthwise_kernel`);
  const multiplier = config.whole('depth_multiplier', 1, stored?.length === 4 ? stored[3] : 1);
  const middle = inChannels * multiplier;
  const outChannels = config.whole('filters', 1);
  const bias = config.flag('use_bias', true);
  depthwiseWeight(at, w.kernel, inChannels, multiplier, 'depthwise.weight');
  at.weight('pointwise_kernel', [1, 1, middle, outChannels], 'pointwise.weight', {
    order: [3, 2, 0, 1],
    shape: [outChannels, middle, 1, 1],
  });
  if (bias) at.weight('bias', [outChannels], 'pointwise.bias');
  const how = w.same ? samePadding(spatial, w) : { own: [0, 0] };
  const padding = 'own' in how ? [...how.own] : w.stride.every((s) => s === 1) ? ('same' as const) : 0;
  const pad =
    'sides' in how && padding !== 'same'
      ? how.sides
        ? () => padOf(how.sides as [number, number][])
        : () => new SamePad(w.kernel, w.stride, w.dilation)
      : null;
  const built = (): Module =>
    new Sequential({
      ...(pad ? { pad: pad() } : {}),
      depthwise: new Conv2d(inChannels, middle, [...w.kernel], {
        stride: [...w.stride],
        dilation: [...w.dilation],
        padding,
        groups: inChannels,
        bias: false,
        ...make,
      }),
      pointwise: new Conv2d(middle, outChannels, 1, { bias, ...make }),
    });
  const y = at.call('', built, [x], joined(x, windowed(spatial, w), outChannels, false), true);
  return activated(at, config.activation(), y);
}

function transposed(rank: 2 | 3) {
  return (config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value => {
    ofRank(given, rank + 2);
    const channelsFirst = config.channelsFirst();
    config.only('dilation_rate', 1, 'tfjs-layers ignores it and Keras does not');
    config.only('output_padding', null, 'tfjs-layers ignores it and Keras does not');
    const { kernel, stride, same } = windowsOf(config, rank);
    const x = at.channelsAt1(given, channelsFirst);
    const { spatial, channels } = split(x, channelsFirst);
    const inChannels = known(channels, 'the number of channels');
    const outChannels = config.whole('filters', 1);
    const bias = config.flag('use_bias', true);
    // Forward: size s + max(kernel - s, 0) without padding; 'same' cuts that to size s, the odd one at the end.
    const over = kernel.map((k, i) => Math.max(k - stride[i], 0));
    const padding = over.map((n) => (same ? Math.floor(n / 2) : 0));
    const outputPadding = kernel.map((k, i) => Math.max(stride[i] - k, 0));
    const cut = over.map((n, i): [number, number] => (same ? [0, 2 * padding[i] - n] : [0, 0]));
    const out = spatial.map((d, i) => (d === null ? null : d * stride[i] + (same ? 0 : over[i])));
    const order = [rank + 1, rank, ...kernel.map((_, i) => i)];
    at.weight('kernel', [...kernel, outChannels, inChannels], 'weight', { order, shape: [inChannels, outChannels, ...kernel] });
    if (bias) at.weight('bias', [outChannels], 'bias');
    const Conv = rank === 2 ? ConvTranspose2d : ConvTranspose3d;
    const built = (): Module =>
      new Conv(inChannels, outChannels, [...kernel], { stride: [...stride], padding, outputPadding, bias, ...make });
    const shape = joined(x, out, outChannels, channelsFirst);
    const whole = at.call('', built, [x], shape, !channelsFirst);
    const y = cut.every(([, after]) => after === 0) ? whole : at.call('crop', () => padOf(cut), [whole], shape, !channelsFirst);
    return activated(at, config.activation(), y);
  };
}

export const convPlanners: Planners = {
  Conv1D: conv(1),
  Conv2D: conv(2),
  Conv3D: conv(3),
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3),
};

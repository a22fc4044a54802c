import {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  Conv1d,
  Conv2d,
  Conv3d,
  type ConvNd,
  ConvTranspose2d,
  ConvTranspose3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type Module,
} from '@konv/layers';
import { SameAvgPool, sameSides } from '../modules/same.js';
import { type Json, Uncovered } from '../refuse.js';
import type { Desk, Flow, Writer } from './exporter.js';

type Sides = readonly (readonly [number, number])[];
export type WriterRow = readonly [new (...args: never[]) => Module, Writer];

export const list = (value: unknown, rank: number): number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : [...(value as number[])];

/** The sizes of space, of a tensor with its channels at place 1. */
export function space(x: Flow, rank: number): { spatial: readonly number[]; channels: number } {
  if (!x.moved || x.shape.length !== rank + 1) {
    throw new Uncovered(`its input is no [channels, ${['length', 'height, width', 'depth, height, width'][rank - 1]}]`);
  }
  return { spatial: x.shape.slice(0, rank), channels: x.shape[rank] };
}

interface Sized {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

function isSame(spatial: readonly number[], sides: Sides, { kernel, stride, dilation }: Sized): boolean {
  // In three dimensions tfjs shifts windows where the stride is above the kernel.
  if (spatial.length === 3 && stride.some((s, i) => s > dilation[i] * (kernel[i] - 1) + 1)) return false;
  return spatial.every((d, i) => {
    const [before, after] = sameSides(d, kernel[i], stride[i], dilation[i]);
    return before === sides[i][0] && after === sides[i][1];
  });
}

/** What comes out of windows over a padded input. */
function out(spatial: readonly number[], sides: Sides, { kernel, stride, dilation }: Sized): number[] {
  const sizes = spatial.map((d, i) => Math.floor((d + sides[i][0] + sides[i][1] - dilation[i] * (kernel[i] - 1) - 1) / stride[i]) + 1);
  if (sizes.some((d) => d < 1)) throw new Uncovered(`a window does not fit into [${spatial.join(', ')}]`);
  return sizes;
}

/**
 * `padding` of the layer that is written next: 'same' where that means these very sides, else 'valid', after a
 * ZeroPadding2D where there are any.
 */
function padding(at: Desk, spatial: readonly number[], sides: Sides, sized: Sized): 'same' | 'valid' {
  if (sides.every(([before, after]) => before === 0 && after === 0)) return 'valid';
  if (isSame(spatial, sides, sized)) return 'same';
  if (spatial.length !== 2)
    throw new Uncovered(`its padding is not TensorFlow's 'same' for [${spatial.join(', ')}], and there is no layer that pads`);
  at.layer('ZeroPadding2D', { padding: sides.map((side) => [...side]), data_format: 'channels_last' }, '_pad');
  return 'valid';
}

/** The pad before this module, if it is of zeros, and its own, together. */
function allSides(at: Desk, own: readonly number[], value: number): Sides {
  const { pad } = at;
  if (pad !== null && pad.value !== value) throw new Uncovered(`it is padded with ${pad.value}`);
  return own.map((p, i) => [p + (pad?.sides[i][0] ?? 0), p + (pad?.sides[i][1] ?? 0)] as const);
}

function conv(rank: 1 | 2 | 3): Writer {
  return ((m: ConvNd, x: Flow, at: Desk): Flow => {
    const { spatial, channels } = space(x, rank);
    if (channels !== m.inChannels) throw new Uncovered(`it takes ${m.inChannels} channels and is given ${channels}`);
    if (m.paddingMode !== 'zeros') throw new Uncovered(`its paddingMode is '${m.paddingMode}'`);
    const sized = { kernel: m.kernelSize, stride: m.stride, dilation: m.dilation };
    if (m.stride.some((s) => s > 1) && m.dilation.some((d) => d > 1)) throw new Uncovered('it has both strides and dilation');
    const reach = m.kernelSize.map((k, i) => m.dilation[i] * (k - 1));
    const own: Sides =
      m.padding === 'same'
        ? reach.map((r) => [Math.floor(r / 2), r - Math.floor(r / 2)] as const)
        : m.padding === 'valid'
          ? reach.map(() => [0, 0] as const)
          : m.padding.map((p) => [p, p] as const);
    const before = allSides(
      at,
      own.map(() => 0),
      0,
    );
    const sides: Sides = own.map(([a, b], i) => [a + before[i][0], b + before[i][1]] as const);
    const common: Json = {
      kernel_size: [...m.kernelSize],
      strides: [...m.stride],
      dilation_rate: [...m.dilation],
      padding: padding(at, spatial, sides, sized),
      activation: 'linear',
      use_bias: m.bias !== null,
      ...(rank === 1 ? {} : { data_format: 'channels_last' }),
    };
    const axes = m.kernelSize.map((_, i) => i + 2);
    if (m.groups === 1) {
      at.layer(`Conv${rank}D`, { filters: m.outChannels, ...common });
      at.weight('kernel', m.weight, { order: [...axes, 1, 0], shape: [...m.kernelSize, m.inChannels, m.outChannels] });
    } else if (m.groups === m.inChannels && rank === 2) {
      if (m.dilation.some((d) => d > 1)) throw new Uncovered('tfjs-layers ignores the dilation of a depthwise convolution');
      const multiplier = m.outChannels / m.groups;
      at.layer('DepthwiseConv2D', { depth_multiplier: multiplier, ...common });
      const view = [m.groups, multiplier, ...m.kernelSize];
      at.weight('depthwise_kernel', m.weight, { view, order: [2, 3, 0, 1], shape: [...m.kernelSize, m.groups, multiplier] });
    } else {
      throw new Uncovered(`it has ${m.groups} groups`);
    }
    if (m.bias) at.weight('bias', m.bias);
    return { shape: [...out(spatial, sides, sized), m.outChannels], moved: true };
  }) as Writer;
}

function transposed(rank: 2 | 3): Writer {
  return ((m: ConvTranspose2d, x: Flow, at: Desk): Flow => {
    const { spatial, channels } = space(x, rank);
    if (at.pad !== null) throw new Uncovered('it is padded');
    if (channels !== m.inChannels) throw new Uncovered(`it takes ${m.inChannels} channels and is given ${channels}`);
    if (m.groups !== 1 || m.dilation.some((d) => d > 1)) throw new Uncovered('it has groups or dilation');
    const { kernelSize: k, stride: s, outputPadding: extra } = m;
    const p = m.padding as readonly number[];
    const over = k.map((n, i) => n - s[i]);
    const whole = p.every((n, i) => n === 0 && extra[i] === Math.max(-over[i], 0));
    const same = p.every((n, i) =>
      over[i] >= 0 ? 2 * n - extra[i] === over[i] && n === Math.floor(over[i] / 2) : n === 0 && extra[i] === -over[i],
    );
    const cut = !whole && !same && rank === 2 && over.every((n, i) => n >= 0 && p[i] >= extra[i]);
    if (!whole && !same && !cut) throw new Uncovered("its padding is neither TensorFlow's 'same' nor 'valid'");
    at.layer(`Conv${rank}DTranspose`, {
      filters: m.outChannels,
      kernel_size: [...k],
      strides: [...s],
      padding: whole || cut ? 'valid' : 'same',
      data_format: 'channels_last',
      activation: 'linear',
      use_bias: m.bias !== null,
    });
    if (cut) at.layer('Cropping2D', { cropping: p.map((n, i) => [n, n - extra[i]]), data_format: 'channels_last' }, '_crop');
    const axes = k.map((_, i) => i + 2);
    at.weight('kernel', m.weight, { order: [...axes, 1, 0], shape: [...k, m.outChannels, m.inChannels] });
    if (m.bias) at.weight('bias', m.bias);
    return { shape: [...spatial.map((d, i) => (d - 1) * s[i] - 2 * p[i] + k[i] + extra[i]), m.outChannels], moved: true };
  }) as Writer;
}

function pool(kind: 'Max' | 'Average', rank: 1 | 2 | 3): Writer {
  return ((m: MaxPool2d & AvgPool2d, x: Flow, at: Desk): Flow => {
    const { spatial, channels } = space(x, rank);
    const kernel = list(m.kernelSize, rank);
    const stride = list(m.stride, rank);
    const own = list(m.padding, rank);
    const dilation = kernel.map(() => 1);
    if (kind === 'Max' && m.returnIndices) throw new Uncovered('it returns indices');
    if (kind === 'Max' && list(m.dilation, rank).some((d) => d !== 1)) throw new Uncovered('it has dilation');
    const volume = kernel.reduce((a, b) => a * b, 1);
    if (kind === 'Average' && m.divisorOverride !== null && m.divisorOverride !== volume)
      throw new Uncovered('it has a divisor of its own');
    const sides = allSides(at, own, kind === 'Max' ? -Infinity : 0);
    const sized = { kernel, stride, dilation };
    const sizes = out(spatial, sides, sized);
    const rest = spatial.map((d, i) => (d + sides[i][0] + sides[i][1] - kernel[i]) % stride[i]);
    if (m.ceilMode && rest.some((r) => r !== 0)) throw new Uncovered('its last windows overhang (ceilMode)');
    const none = sides.every(([a, b]) => a === 0 && b === 0);
    let mode: 'same' | 'valid' = 'valid';
    if (!none) {
      // A mean over the padding, too, is one after a layer that pads.
      const counted = kind === 'Average' && (m.countIncludePad || own.every((p) => p === 0));
      if (!counted && !isSame(spatial, sides, sized))
        throw new Uncovered(`its padding is not TensorFlow's 'same' for [${spatial.join(', ')}]`);
      if (counted) {
        if (rank !== 2) throw new Uncovered('its mean counts the padding');
        at.layer('ZeroPadding2D', { padding: sides.map((side) => [...side]), data_format: 'channels_last' }, '_pad');
      } else mode = 'same';
    }
    at.layer(`${kind}Pooling${rank}D`, {
      pool_size: kernel,
      strides: stride,
      padding: mode,
      ...(rank === 1 ? {} : { data_format: 'channels_last' }),
    });
    return { shape: [...sizes, channels], moved: true };
  }) as Writer;
}

function adaptive(rank: 1 | 2 | 3): Writer {
  return ((m: AdaptiveAvgPool2d, x: Flow, at: Desk): Flow => {
    const { spatial, channels } = space(x, rank);
    if (at.pad !== null) throw new Uncovered('it is padded');
    const wanted = (
      typeof m.outputSize === 'number' ? new Array(rank).fill(m.outputSize) : [...(m.outputSize as readonly (number | null)[])]
    ) as (number | null)[];
    const sizes = wanted.map((d, i) => d ?? spatial[i]);
    if (spatial.some((d, i) => d % sizes[i] !== 0))
      throw new Uncovered(`[${spatial.join(', ')}] does not fall into ${sizes.join(' x ')} equal windows`);
    const kernel = spatial.map((d, i) => d / sizes[i]);
    at.layer(`AveragePooling${rank}D`, {
      pool_size: kernel,
      strides: kernel,
      padding: 'valid',
      ...(rank === 1 ? {} : { data_format: 'channels_last' }),
    });
    return { shape: [...sizes, channels], moved: true };
  }) as Writer;
}

function sameAverage(m: SameAvgPool, x: Flow, at: Desk): Flow {
  const rank = m.kernelSize.length;
  const { spatial, channels } = space(x, rank);
  if (at.pad !== null) throw new Uncovered('it is padded');
  at.layer(`AveragePooling${rank}D`, {
    pool_size: [...m.kernelSize],
    strides: [...m.stride],
    padding: 'same',
    ...(rank === 1 ? {} : { data_format: 'channels_last' }),
  });
  return { shape: [...spatial.map((d, i) => Math.ceil(d / m.stride[i])), channels], moved: true };
}

export const windowWriters: readonly WriterRow[] = [
  [Conv1d, conv(1)],
  [Conv2d, conv(2)],
  [Conv3d, conv(3)],
  [ConvTranspose2d, transposed(2)],
  [ConvTranspose3d, transposed(3)],
  [MaxPool1d, pool('Max', 1)],
  [MaxPool2d, pool('Max', 2)],
  [MaxPool3d, pool('Max', 3)],
  [AvgPool1d, pool('Average', 1)],
  [AvgPool2d, pool('Average', 2)],
  [AvgPool3d, pool('Average', 3)],
  [AdaptiveAvgPool1d, adaptive(1)],
  [AdaptiveAvgPool2d, adaptive(2)],
  [AdaptiveAvgPool3d, adaptive(3)],
  [SameAvgPool, sameAverage as Writer],
];

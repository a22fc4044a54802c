import {
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type Module,
  Upsample,
  ZeroPad2d,
} from '@konv/layers';
import type { Config } from '../config.js';
import { GlobalPool } from '../modules/axes.js';
import { SameAvgPool, SamePad, UpsampleFromOrigin } from '../modules/same.js';
import { axisOf, ofRank, type Site, type Value } from '../plan.js';
import { describe, Uncovered } from '../refuse.js';
import { joined, type Rank, samePadding, split, windowed, type Windows } from './conv.js';
import type { Planners } from './site.js';

const maxPools = [MaxPool1d, MaxPool2d, MaxPool3d];
const avgPools = [AvgPool1d, AvgPool2d, AvgPool3d];
const pads = [ConstantPad1d, ConstantPad2d, ConstantPad3d];

function pool(kind: 'max' | 'avg', rank: Rank) {
  return (config: Config, [given]: readonly Value[], at: Site): Value => {
    ofRank(given, rank + 2);
    const channelsFirst = config.channelsFirst();
    if (rank === 1 && channelsFirst) throw new Uncovered('data_format is channels_first, which tfjs-layers ignores');
    const kernel = config.perAxis('pool_size', rank, 2);
    const same = config.choice('padding', ['valid', 'same'], 'valid') === 'same';
    const w: Windows = { kernel, stride: config.perAxis('strides', rank, kernel), dilation: kernel.map(() => 1), same };
    const x = at.channelsAt1(given, channelsFirst);
    const { spatial, channels } = split(x, channelsFirst);
    const out = joined(x, windowed(spatial, w), channels, channelsFirst);
    const stride = [...w.stride];
    const moved = !channelsFirst;
    const how = same ? samePadding(spatial, w) : { own: kernel.map(() => 0) };
    if (kind === 'avg') {
      if (!('own' in how)) return at.call('', () => new SameAvgPool(kernel, stride), [x], out, moved);
      const padding = [...how.own];
      return at.call('', () => new avgPools[rank - 1](kernel, { stride, padding, countIncludePad: false }), [x], out, moved);
    }
    const built = (padding: number[], from: Value): Value =>
      at.call('', () => new maxPools[rank - 1](kernel, { stride, padding }) as Module, [from], out, moved);
    if ('own' in how) return built([...how.own], x);
    const { sides } = how;
    // What is padded must never be the greatest.
    const pad = (): Module =>
      sides ? new pads[rank - 1]([...sides].reverse().flat(), -Infinity) : new SamePad(kernel, stride, w.dilation, -Infinity);
    return built(
      kernel.map(() => 0),
      at.helper('pad', pad, [x], out, moved),
    );
  };
}

function globalPool(kind: 'mean' | 'max', rank: 1 | 2) {
  return (config: Config, [x]: readonly Value[], at: Site): Value => {
    ofRank(x, rank + 2);
    const channelsFirst = config.channelsFirst();
    if (rank === 1 && channelsFirst) throw new Uncovered('data_format is channels_first, which tfjs-layers ignores');
    const keep = config.flag('keepdims', false);
    if (keep) throw new Uncovered('keepdims is true, which tfjs-layers ignores');
    const axes = (channelsFirst ? [2, 3] : rank === 1 ? [1] : [1, 2]).map((axis) => axisOf(x, axis));
    return at.helper('', () => new GlobalPool(kind, axes), [x], [x.shape[0], split(x, channelsFirst).channels], false);
  };
}

/** Two sides for each of two axes, of `n`, `[n, m]` or `[[n, m], [n, m]]`. */
function sidesOf(config: Config, name: string, fallback: number): [number, number][] {
  const raw = config.raw(name) ?? fallback;
  const list: unknown[] = Array.isArray(raw) ? raw : [raw, raw];
  const sides = list.map((side) => (Array.isArray(side) ? side : [side, side]));
  const fits = (v: unknown): boolean => Number.isSafeInteger(v) && (v as number) >= 0 && (v as number) < 2 ** 31;
  if (sides.length === 2 && sides.every((side) => side.length === 2 && side.every(fits))) return sides as [number, number][];
  throw new Uncovered(`${name} is ${describe(raw)}, neither a number nor two, nor two pairs`);
}

/** [top, bottom, left, right] of a ZeroPadding2D. */
export function zeroPaddingOf(config: Config): [number, number][] {
  return sidesOf(config, 'padding', 1);
}

function resized(sign: 1 | -1, name: string) {
  return (config: Config, [given]: readonly Value[], at: Site): Value => {
    ofRank(given, 4);
    const channelsFirst = config.channelsFirst();
    const sides = sidesOf(config, name, sign === 1 ? 1 : 0);
    const x = at.channelsAt1(given, channelsFirst);
    const { spatial, channels } = split(x, channelsFirst);
    const out = spatial.map((d, i) => (d === null ? null : d + sign * (sides[i][0] + sides[i][1])));
    if (out.some((d) => d !== null && d < 1)) throw new Uncovered('nothing is left of its input');
    const padding = [...sides]
      .reverse()
      .flat()
      .map((n) => (n === 0 ? 0 : sign * n));
    return at.call('', () => new ZeroPad2d(padding), [x], joined(x, out, channels, channelsFirst), !channelsFirst);
  };
}

function upsampling(config: Config, [given]: readonly Value[], at: Site): Value {
  ofRank(given, 4);
  const channelsFirst = config.channelsFirst();
  const size = config.perAxis('size', 2, 2);
  const mode = config.choice('interpolation', ['nearest', 'bilinear'], 'nearest');
  const x = at.channelsAt1(given, channelsFirst);
  const { spatial, channels } = split(x, channelsFirst);
  const out = spatial.map((d, i) => (d === null ? null : d * size[i]));
  const make = (): Module => (mode === 'nearest' ? new Upsample({ scaleFactor: size }) : new UpsampleFromOrigin(size));
  return at.call('', make, [x], joined(x, out, channels, channelsFirst), !channelsFirst);
}

export const poolPlanners: Planners = {
  MaxPooling1D: pool('max', 1),
  MaxPooling2D: pool('max', 2),
  MaxPooling3D: pool('max', 3),
  AveragePooling1D: pool('avg', 1),
  AveragePooling2D: pool('avg', 2),
  AveragePooling3D: pool('avg', 3),
  GlobalAveragePooling1D: globalPool('mean', 1),
  GlobalAveragePooling2D: globalPool('mean', 2),
  GlobalMaxPooling1D: globalPool('max', 1),
  GlobalMaxPooling2D: globalPool('max', 2),
  ZeroPadding2D: resized(1, 'padding'),
  Cropping2D: resized(-1, 'cropping'),
  UpSampling2D: upsampling,
};

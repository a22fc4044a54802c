/**
 * Max pooling tap by tap: tfjs's `MaxPool` loses NaN, and takes what is below -1e20 for that. A tap is the same place of
 * all windows, a strided window of the padded input.
 */
import { contiguousStrides, type PoolGeometry, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Window } from '../../strided.js';
import type { DeviceMemory } from './memory.js';
import { densely, spread } from './move.js';
import type { DeviceWork } from './work.js';

interface Tap {
  /** Within one window, from its first element: depth, height, width. */
  readonly at: readonly number[];
  /** How far behind the window's first element in an input plane. */
  readonly delta: number;
}

/** The padded input: `[planes, ...size]`, each size a multiple of the stride, so that a tap is a box of it. */
interface Frame {
  readonly planes: number;
  readonly places: number;
  readonly size: readonly number[];
  readonly taps: readonly Tap[];
}

const axes = [0, 1, 2] as const;

function frameOf(g: PoolGeometry): Frame {
  const size = axes.map((a) => {
    const reach = (g.outSize[a] - 1) * g.stride[a] + g.dilation[a] * (g.kernel[a] - 1) + 1;
    return Math.ceil(Math.max(reach, g.padLow[a] + g.inSize[a]) / g.stride[a]) * g.stride[a];
  });
  const steps = contiguousStrides(g.inSize);
  const taps = Array.from({ length: sizeOf(g.kernel) }, (_, t) => {
    const at = contiguousStrides(g.kernel).map((step, a) => (Math.floor(t / step) % g.kernel[a]) * g.dilation[a]);
    return { at, delta: at.reduce((n, p, a) => n + p * steps[a], 0) };
  });
  return { planes: g.batch * g.channels, places: sizeOf(g.outSize), size, taps };
}

/** A tap of all windows: `[planes, ...outSize]` of the frame. */
function tapWindow(f: Frame, g: PoolGeometry, tap: Tap): Window & { shape: number[] } {
  const [plane, ...steps] = contiguousStrides([f.planes, ...f.size]);
  return {
    shape: [f.planes, ...g.outSize],
    strides: [plane, ...steps.map((s, a) => s * g.stride[a])],
    offset: tap.at.reduce((n, p, a) => n + p * steps[a], 0),
  };
}

function around(f: Frame, g: PoolGeometry): [number, number][] {
  return [[0, 0], ...axes.map((a): [number, number] => [g.padLow[a], f.size[a] - g.padLow[a] - g.inSize[a]])];
}

/** Kernels pad four axes at the most: of the front ones those that nothing is added to become one. */
function framed(work: DeviceWork, x: TensorInfo, f: Frame, g: PoolGeometry): TensorInfo {
  const paddings = around(f, g);
  if (paddings[1][0] === 0 && paddings[1][1] === 0) {
    const [depth, height, width] = g.inSize;
    return work.pad(work.reshape(x, [f.planes * depth, height, width]), [[0, 0], paddings[2], paddings[3]]);
  }
  return work.pad(work.reshape(x, [f.planes, ...g.inSize]), paddings);
}

/** Per window: where its first element would be in an input plane, and the place in it of each tap, -1 in the padding. */
function positions(f: Frame, g: PoolGeometry): { base: Int32Array; of: (tap: Tap) => Int32Array } {
  const steps = contiguousStrides(g.inSize);
  const order = contiguousStrides(g.outSize);
  const start = (i: number, a: 0 | 1 | 2): number => (Math.floor(i / order[a]) % g.outSize[a]) * g.stride[a] - g.padLow[a];
  const base = Int32Array.from({ length: f.places }, (_, i) => axes.reduce<number>((n, a) => n + start(i, a) * steps[a], 0));
  const inside = (i: number, tap: Tap): boolean => axes.every((a) => start(i, a) + tap.at[a] >= 0 && start(i, a) + tap.at[a] < g.inSize[a]);
  return { base, of: (tap) => base.map((b, i) => (inside(i, tap) ? b + tap.delta : -1)) };
}

export function maxPool(memory: DeviceMemory, x: TensorRef, g: PoolGeometry, out: TensorRef, indices: TensorRef | null): void {
  const f = frameOf(g);
  const isPadded = around(f, g).some(([low, high]) => low > 0 || high > 0);
  const size = f.planes * f.places;
  memory.work((work) => {
    const total = f.planes * sizeOf(f.size);
    let frame = work.reshape(framed(work, work.load(x), f, g), [total]);
    if (isPadded) {
      const inside = framed(work, work.full(1, [sizeOf(x.shape)], 'bool'), f, g);
      frame = work.select(work.reshape(inside, [total]), frame, Number.NEGATIVE_INFINITY);
    }
    const { base, of } = positions(f, g);
    let best: TensorInfo | null = null;
    let delta: TensorInfo | null = null;
    for (const tap of f.taps) {
      const value = densely(work, frame, tapWindow(f, g, tap));
      if (best === null) {
        best = value;
        if (indices !== null) delta = along(work, firstDeltas(f, of), f);
        continue;
      }
      const better = work.or(work.two('Greater', value, best), work.isNaN(value));
      best = work.select(better, value, best);
      if (delta !== null) delta = work.select(better, work.full(tap.delta, [size], 'int32'), delta);
    }
    if (indices !== null && delta !== null) work.store(work.add(delta, along(work, base, f)), indices);
    work.store(best as TensorInfo, out);
  });
}

/** Of each window the first tap that is no padding: what stands if nothing is greater than -infinity. */
function firstDeltas(f: Frame, of: (tap: Tap) => Int32Array): Int32Array {
  const first = new Int32Array(f.places);
  for (const tap of [...f.taps].reverse()) {
    of(tap).forEach((p, i) => {
      if (p >= 0) first[i] = tap.delta;
    });
  }
  return first;
}

/** One number a window, for all planes. */
function along(work: DeviceWork, table: Int32Array, f: Frame): TensorInfo {
  const row = work.upload(table, [f.places], 'int32');
  return f.planes === 1 ? row : work.call('Tile', { x: row }, { reps: [f.planes] });
}

/** Each tap's gradients are those whose index points at it. */
export function maxPoolGrad(memory: DeviceMemory, dy: TensorRef, indices: TensorRef, g: PoolGeometry, out: TensorRef): void {
  const f = frameOf(g);
  const total = f.planes * sizeOf(f.size);
  memory.work((work) => {
    const gradient = work.load(dy);
    const which = work.load(indices, [f.planes, f.places]);
    const { of } = positions(f, g);
    let frame: TensorInfo | null = null;
    for (const tap of f.taps) {
      const chosen = work.two('Equal', which, work.upload(of(tap), [1, f.places], 'int32'));
      const part = work.select(work.reshape(chosen, [f.planes * f.places]), gradient, 0);
      const placed = spread(work, part, tapWindow(f, g, tap), total);
      frame = frame === null ? placed : work.add(frame, placed);
    }
    const [plane, ...steps] = contiguousStrides([f.planes, ...f.size]);
    const offset = axes.reduce<number>((n, a) => n + g.padLow[a] * steps[a], 0);
    const inside = { shape: [f.planes, ...g.inSize], strides: [plane, ...steps], offset };
    work.store(densely(work, frame as TensorInfo, inside), out);
  });
}

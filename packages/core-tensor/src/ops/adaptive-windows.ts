/** The windows of adaptive pools, whose sizes differ by one where the output does not divide the input. */
import { ShapeError } from '../errors.js';
import { internPool, type PoolGeometry, type Spatial, toSpatial } from '../geometry.js';
import type { Shape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { batched, checkCount, checkFloat, checkNotFlat, type SpatialRank, spatialNames } from './spatial.js';

/** One size for all axes, or one an axis; null keeps the input's. */
export type AdaptiveSize = number | readonly (number | null)[];

/** An adaptive pool of one input. */
export interface AdaptivePool {
  readonly rank: SpatialRank;
  /** Of the input, with the batch. */
  readonly shape: Shape;
  /** Whether the batch axis had to be added. */
  readonly added: boolean;
  readonly inSize: Spatial;
  readonly outSize: Spatial;
}

function checkOutputSize(op: string, value: AdaptiveSize, rank: SpatialRank): readonly (number | null)[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  const fits = Array.isArray(list) && list.length === rank && list.every((v) => v === null || (Number.isSafeInteger(v) && v >= 1));
  if (fits) return list;
  const shown = Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value);
  const many = rank === 1 ? '' : ` or ${rank} of them (${spatialNames(rank)}; null keeps an axis)`;
  throw new ShapeError(op, `expected outputSize to be a whole number >= 1${many}, got ${shown}; pass the size of the result`);
}

export function parseAdaptive(op: string, rank: SpatialRank, x: Tensor, outputSize: AdaptiveSize): AdaptivePool {
  checkFloat(op, 'input', x);
  const { shape, added } = batched(op, x, rank);
  checkNotFlat(op, shape);
  const out = checkOutputSize(op, outputSize, rank).map((n, i) => n ?? shape[2 + i]);
  checkCount(op, 'output', [shape[0], shape[1], ...out]);
  return { rank, shape, added, inSize: toSpatial(shape.slice(2), 1), outSize: toSpatial(out, 1) };
}

/** The ordinary pool that does the same, where all windows are equal and lie side by side; else null. */
export function evenGeometry({ rank, shape, inSize, outSize }: AdaptivePool): PoolGeometry | null {
  if (inSize.some((n, i) => n % outSize[i] !== 0)) return null;
  const step = inSize.map((n, i) => n / outSize[i]) as [number, number, number];
  return internPool({
    rank,
    batch: shape[0],
    channels: shape[1],
    inSize,
    outSize,
    kernel: step,
    stride: [...step],
    dilation: [1, 1, 1],
    padLow: [0, 0, 0],
    padHigh: [0, 0, 0],
    countIncludePad: true,
  });
}

/** All windows as tables of one width, row-major within each window. */
export interface WindowTable {
  readonly places: number;
  readonly taps: number;
  /** `[places * taps]`: where in the input's plane; a window that is smaller than the widest repeats elements of its own. */
  readonly positions: Int32Array;
  /** `[places * taps]`: 1, or 0 for a repetition. */
  readonly counts: Uint8Array;
  /** `[places]`: the elements of each window. */
  readonly sizes: number[];
}

/** `[start, end)` of each window along one axis. Source: PyTorch, AdaptivePooling.h: floor(i in / out), ceil((i + 1) in / out). */
function axisWindows(inSize: number, outSize: number): { start: number; end: number }[] {
  return Array.from({ length: outSize }, (_, i) => ({
    start: Math.floor((i * inSize) / outSize),
    end: Math.ceil(((i + 1) * inSize) / outSize),
  }));
}

export function windowTable({ inSize, outSize }: AdaptivePool): WindowTable {
  const axes = [0, 1, 2].map((a) => axisWindows(inSize[a], outSize[a]));
  const [kD, kH, kW] = axes.map((windows) => Math.max(...windows.map((w) => w.end - w.start)));
  const [places, taps] = [outSize[0] * outSize[1] * outSize[2], kD * kH * kW];
  const positions = new Int32Array(places * taps);
  const counts = new Uint8Array(places * taps);
  const sizes: number[] = [];
  let at = 0;
  for (const d of axes[0])
    for (const h of axes[1])
      for (const w of axes[2]) {
        sizes.push((d.end - d.start) * (h.end - h.start) * (w.end - w.start));
        for (let i = d.start; i < d.start + kD; i++)
          for (let j = h.start; j < h.start + kH; j++)
            for (let k = w.start; k < w.start + kW; k++, at++) {
              const row = Math.min(i, d.end - 1) * inSize[1] + Math.min(j, h.end - 1);
              positions[at] = row * inSize[2] + Math.min(k, w.end - 1);
              counts[at] = i < d.end && j < h.end && k < w.end ? 1 : 0;
            }
      }
  return { places, taps, positions, counts, sizes };
}

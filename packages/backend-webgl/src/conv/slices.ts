import type { Spatial } from '@konv/core-tensor';

/** Invocations that keep a GPU busy. */
const WANTED = 16384;
/** Pixels that one invocation adds up one after the other, for float32's sake. */
const MAX_CHAIN = 1024;
const MAX_SLICES = 256;
const LONGEST_PART = 64;

/** A sum over batch and pixels, cut into parts of rows, of which each slice has as many in turn. */
export interface Slices {
  readonly slices: number;
  /** Parts of all rows of all images, parts of one row, and parts of a slice. */
  readonly parts: number;
  readonly partsPerRow: number;
  readonly partsPerSlice: number;
  /** Pixels of a part; the last one of a row may have fewer. */
  readonly partLength: number;
}

/** Cuts a sum of `total` terms for `outputs` invocations: at most `chain` terms a slice, as long as there are not too many. */
export function sliced(total: number, outputs: number, chain: number): { readonly slices: number; readonly perSlice: number } {
  const wanted = Math.max(Math.ceil(WANTED / outputs), Math.ceil(total / chain));
  const perSlice = Math.ceil(total / Math.min(wanted, MAX_SLICES, total));
  return { slices: Math.ceil(total / perSlice), perSlice };
}

/** Cuts the sum over `batch` images of `size` for `outputs` invocations; parts are multiples of `grain` pixels. */
export function cut(batch: number, size: Spatial, outputs: number, grain = 1): Slices {
  const width = size[2];
  const length = Math.ceil(width / Math.ceil(width / LONGEST_PART) / grain) * grain;
  const partsPerRow = Math.ceil(width / length);
  const parts = batch * size[0] * size[1] * partsPerRow;
  const { slices, perSlice } = sliced(parts, outputs, Math.ceil(MAX_CHAIN / length));
  return { slices, parts, partsPerRow, partsPerSlice: perSlice, partLength: length };
}

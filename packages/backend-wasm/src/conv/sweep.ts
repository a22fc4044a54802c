import type { ConvGeometry, Spatial } from '@konv/core-tensor';

/** One axis of a sweep: grid position q reads source position q * stride - pad + offset, for each offset. */
export interface Axis {
  readonly source: number;
  readonly grid: number;
  readonly stride: number;
  readonly pad: number;
  /** What the taps add, 0 or more, ascending or not. */
  readonly offsets: readonly number[];
  /** Output extent, and where the grid lies in it: from `start` on, `step` apart. */
  readonly out: number;
  readonly step: number;
  readonly start: number;
}

export type Axes = readonly [Axis, Axis, Axis];

/** The windows of a convolution over its input. */
export function inputAxes(g: ConvGeometry): Axes {
  const axis = (a: 0 | 1 | 2): Axis => ({
    source: g.inSize[a],
    grid: g.outSize[a],
    stride: g.stride[a],
    pad: g.padLow[a],
    offsets: Array.from({ length: g.kernel[a] }, (_, k) => k * g.dilation[a]),
    out: g.outSize[a],
    step: 1,
    start: 0,
  });
  return [axis(0), axis(1), axis(2)];
}

/** A phase of an axis' input gradient, with the kernel positions that take part in it. */
export interface Phase extends Axis {
  readonly positions: readonly number[];
}

/**
 * The input gradient along one axis: x[q] was read by output i at kernel position k where q = i * stride - pad + k * dilation.
 * So dx[q] sums dy[(q + pad - k * dilation) / stride] over the k for which this is whole: the same k for all q that agree
 * modulo the stride. Each such phase is a sweep of stride 1 over dy. A phase without positions has a zero gradient.
 */
export function gradientPhases(g: ConvGeometry, a: 0 | 1 | 2): Phase[] {
  const { [a]: stride } = g.stride;
  const phases: Phase[] = [];
  for (let start = 0; start < Math.min(stride, g.inSize[a]); start++) {
    const positions: number[] = [];
    const reads: number[] = [];
    for (let k = 0; k < g.kernel[a]; k++) {
      const read = start + g.padLow[a] - k * g.dilation[a];
      if (read % stride !== 0) continue;
      positions.push(k);
      reads.push(read / stride);
    }
    const first = Math.min(...reads);
    phases.push({
      source: g.outSize[a],
      grid: Math.ceil((g.inSize[a] - start) / stride),
      stride: 1,
      pad: positions.length === 0 ? 0 : -first,
      offsets: reads.map((r) => r - first),
      positions,
      out: g.inSize[a],
      step: stride,
      start,
    });
  }
  return phases;
}

/** A sweep as kernels read it; assembly/conv/sweep.ts says what each number means. */
export interface SweepTable {
  /** The fields, then the byte offset of each tap. */
  readonly words: Int32Array;
  /** channels times kernel positions. */
  readonly taps: number;
  readonly pixels: number;
  readonly block: number;
  readonly blocks: number;
  /** Floats of the slab of all channels; 0 in place. */
  readonly slabSize: number;
  /** Whether the grid is the whole output. */
  readonly dense: boolean;
}

/** Which taps are neighbours in the table: channels outermost as in a weight, or kernel rows (two dimensions). */
export type TapOrder = 'channels' | 'rows';

export function sweepTable(axes: Axes, channels: number, groups: number, blockLimit: number, order: TapOrder = 'channels'): SweepTable {
  const [d, h, w] = axes;
  const pixels = d.grid * h.grid * w.grid;
  const block = Math.min(blockLimit, Math.ceil(pixels / 8) * 8);
  const reach = axes.map((a) => Math.max(...a.offsets) + 1) as unknown as Spatial;
  const inPlace = axes.every((a, i) => a.pad <= 0 && (a.grid - 1) * a.stride + reach[i] - a.pad <= a.source);
  const slab = inPlace ? ([d.source, h.source, w.source] as const) : slabExtents(axes, reach, block);
  const table: number[] = [channels, groups];
  for (const key of ['source', 'pad', 'stride', 'grid'] as const) for (const a of axes) table.push(a[key]);
  table.push(reach[0], reach[1], ...slab, Number(inPlace), block);
  const offsets = order === 'channels' ? tapOffsets(axes, channels, slab) : tapOffsetsByRow(axes, channels, slab);
  table.push(offsets.length, d.step, h.step, w.step, h.out, w.out, d.out * h.out * w.out);
  table.push((d.start * h.out + h.start) * w.out + w.start, ...offsets);
  return {
    words: Int32Array.from(table),
    taps: offsets.length,
    pixels,
    block,
    blocks: Math.ceil(pixels / block),
    slabSize: inPlace ? 0 : channels * slab[0] * slab[1] * slab[2],
    dense: pixels === d.out * h.out * w.out,
  };
}

/** What the widest block of pixels reads. With depth a slab holds all rows of its slices. */
function slabExtents([d, h, w]: Axes, reach: Spatial, block: number): Spatial {
  const span = (size: number, rowLength: number) => Math.min(size, Math.floor((block - 2) / rowLength) + 2);
  const slices = d.grid > 1 ? span(d.grid, h.grid * w.grid) : 1;
  const rows = d.grid > 1 ? h.grid : span(h.grid, w.grid);
  return [(slices - 1) * d.stride + reach[0], (rows - 1) * h.stride + reach[1], (w.grid - 1) * w.stride + reach[2]];
}

function tapOffsets([d, h, w]: Axes, channels: number, [slabD, slabH, slabW]: Spatial): number[] {
  const offsets: number[] = [];
  for (let c = 0; c < channels; c++)
    for (const z of d.offsets)
      for (const y of h.offsets) for (const x of w.offsets) offsets.push((((c * slabD + z) * slabH + y) * slabW + x) * 4);
  return offsets;
}

function tapOffsetsByRow([, h, w]: Axes, channels: number, [slabD, slabH, slabW]: Spatial): number[] {
  const offsets: number[] = [];
  for (const y of h.offsets)
    for (let c = 0; c < channels; c++) for (const x of w.offsets) offsets.push(((c * slabD * slabH + y) * slabW + x) * 4);
  return offsets;
}

import type { ConvGeometry } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { grainOf } from './blocks.js';
import { type Axes, type SweepTable, sweepTable } from './sweep.js';

/** Rows of output that an item computes at most: their slab fits the second-level cache. */
const SLAB_FLOATS = 64_000;
const PAIR = 2;

/** A sweep by `conv_direct`. */
export interface DirectPlan {
  readonly table: SweepTable;
  /** Positions within the kernel's window that take part, row by row; then what each kernel row adds to the source row. */
  readonly positions: Int32Array;
  readonly rowOffsets: Int32Array;
  readonly ny: number;
  readonly nx: number;
}

/** Where a weight's numbers stand: floats between two rows, two channels and two groups. */
export interface WeightSteps {
  readonly row: number;
  readonly channel: number;
  readonly group: number;
}

export interface DirectOperands {
  readonly source: number;
  readonly weight: number;
  readonly steps: WeightSteps;
  readonly bias: number;
  readonly out: number;
  readonly images: number;
  readonly rows: number;
  readonly relu: boolean;
}

/** Two dimensions, and neighbours in a row of the grid read neighbours of the source. */
export function isFlat(g: ConvGeometry): boolean {
  return g.kernel[0] === 1 && g.inSize[0] === 1 && g.outSize[0] === 1 && g.padLow[0] === 0;
}

/** Pixels of a block: whole rows of the grid. */
export function wholeRows([, h, w]: Axes, channels: number): number {
  const rowFloats = channels * (w.grid * w.stride + Math.max(...w.offsets)) * h.stride;
  return Math.max(1, Math.min(h.grid, Math.floor(SLAB_FLOATS / rowFloats))) * w.grid;
}

/** `kernelRows` and `kernelColumns` are the kernel positions of the vertical and horizontal offsets, `width` the kernel's. */
export function directPlan(
  axes: Axes,
  channels: number,
  groups: number,
  kernelRows: readonly number[],
  kernelColumns: readonly number[],
  width: number,
): DirectPlan {
  const [, h] = axes;
  return {
    table: sweepTable(axes, channels, groups, wholeRows(axes, channels), 'rows'),
    positions: Int32Array.from(kernelRows.flatMap((y) => kernelColumns.map((x) => y * width + x))),
    rowOffsets: Int32Array.from(h.offsets),
    ny: kernelRows.length,
    nx: kernelColumns.length,
  };
}

export function runDirect(engine: Engine, plan: DirectPlan, channels: number, groups: number, o: DirectOperands): void {
  const { table, positions, rowOffsets, ny, nx } = plan;
  const { heap } = engine;
  const pairs = groups * Math.ceil(o.rows / PAIR);
  const packedBytes = pairs * PAIR * table.taps * 4;
  const tableBytes = table.words.byteLength + rowOffsets.byteLength;
  engine.temporary(packedBytes + tableBytes + positions.byteLength, (packed) => {
    const sweep = packed + packedBytes;
    const places = sweep + tableBytes;
    heap.i32.set(table.words, sweep / 4);
    heap.i32.set(rowOffsets, sweep / 4 + table.words.length);
    heap.i32.set(positions, places / 4);
    const { row, channel, group } = o.steps;
    engine.run('conv_pack_direct', [o.weight, o.rows, channels, row, channel, group, places, ny, nx, packed], { items: pairs });
    const items = o.images * groups * table.blocks;
    engine.run('conv_direct', [o.source, packed, o.bias, o.out, sweep, o.rows, ny, Number(o.relu)], {
      items,
      grain: grainOf(o.images * groups * o.rows * table.taps * table.pixels, items),
      scratch: 1024 + 4 * table.slabSize,
    });
  });
}

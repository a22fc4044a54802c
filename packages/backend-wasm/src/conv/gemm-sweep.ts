import type { Engine } from '../engine.js';
import { kBlock, PANEL } from '../matmul.js';
import { grainOf } from './blocks.js';
import type { SweepTable } from './sweep.js';

/** Floats of the packed weight of all groups, for `conv_gemm`. */
export function packedWeightSize(groups: number, rows: number, taps: number): number {
  return groups * Math.ceil(rows / PANEL) * PANEL * taps;
}

export interface SweepOperands {
  readonly source: number;
  /** Packed for `conv_gemm`. */
  readonly weight: number;
  readonly bias: number;
  readonly out: number;
  readonly images: number;
  readonly groups: number;
  /** Output channels of a group. */
  readonly rows: number;
  readonly relu: boolean;
}

/** Runs `conv_gemm` over all images and groups. */
export function runSweep(engine: Engine, table: SweepTable, o: SweepOperands): void {
  const { heap } = engine;
  const kc = kBlock(table.taps);
  engine.temporary(table.words.byteLength, (sweep) => {
    heap.i32.set(table.words, sweep / 4);
    const items = o.images * o.groups * table.blocks;
    const apart = table.dense ? 0 : (o.rows + 4) * table.block;
    engine.run('conv_gemm', [o.source, o.weight, o.bias, o.out, sweep, o.rows, kc, Number(o.relu)], {
      items,
      grain: grainOf(o.images * o.groups * o.rows * table.taps * table.pixels, items),
      scratch: 512 + 4 * (table.slabSize + kc * (table.block + 16) + apart),
    });
  });
}

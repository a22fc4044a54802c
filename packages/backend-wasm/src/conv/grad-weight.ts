import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { addressOf } from '../memory.js';
import { columnsFor, grainOf } from './blocks.js';
import { inputAxes, type SweepTable, sweepTable } from './sweep.js';

/** Pixels that are summed in one block: what K is to a GEMM. */
const PIXEL_BLOCK = 512;
/** Work items to aim at: enough for the threads of a desktop, few enough that parts are long. */
const ITEMS = 8;
const MOST_PART_BYTES = 64 * 2 ** 20;

interface GradWeightPlan {
  readonly table: SweepTable;
  readonly tapBlock: number;
  /** Runs of pixels that are summed apart. It depends on the geometry alone, so results do not depend on threads. */
  readonly parts: number;
}

const plans = new WeakMap<ConvGeometry, GradWeightPlan>();

function gradWeightPlan(g: ConvGeometry): GradWeightPlan {
  let plan = plans.get(g);
  if (!plan) {
    const table = sweepTable(inputAxes(g), g.inChannels / g.groups, g.groups, PIXEL_BLOCK);
    const tapBlock = Math.min(columnsFor(table.block), Math.ceil(table.taps / 8) * 8);
    const perPart = g.groups * Math.ceil(table.taps / tapBlock);
    const partBytes = g.outChannels * table.taps * 4;
    const parts = Math.min(Math.ceil(ITEMS / perPart), g.batch * table.blocks, Math.max(1, Math.floor(MOST_PART_BYTES / partBytes)));
    plan = { table, tapBlock, parts };
    plans.set(g, plan);
  }
  return plan;
}

/** dw of any convolution, as implicit GEMM over the pixels of all images. */
export function convGradWeightGemm(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  const { table, tapBlock, parts } = gradWeightPlan(g);
  const { heap } = engine;
  const rows = g.outChannels / g.groups;
  const size = g.outChannels * table.taps;
  const direct = parts === 1 && !accumulate;
  engine.temporary(table.words.byteLength + (direct ? 0 : parts * size * 4) + 64, (temporary) => {
    const sums = direct ? addressOf(out) : temporary;
    const sweep = temporary + (direct ? 0 : parts * size * 4);
    heap.i32.set(table.words, sweep / 4);
    const items = parts * g.groups * Math.ceil(table.taps / tapBlock);
    engine.run('conv_weight', [addressOf(x), addressOf(dy), sums, sweep, rows, g.batch, parts, tapBlock], {
      items,
      grain: grainOf(g.batch * size * table.pixels, items),
      scratch: 1024 + 4 * (table.slabSize + table.block * (rows + 4 + tapBlock + 16)),
    });
    if (!direct) {
      const quads = Math.ceil(size / 4);
      engine.run('sum_parts', [sums, parts, size, addressOf(out), Number(accumulate)], { items: quads, grain: Math.max(quads, 1 << 14) });
    }
  });
}

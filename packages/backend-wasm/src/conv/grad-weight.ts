import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { addressOf } from '../operand.js';
import { columnsFor, grainOf } from './blocks.js';
import { wholeRows } from './direct.js';
import { inputAxes, type SweepTable, sweepTable } from './sweep.js';

/** Pixels that are summed in one block: what K is to a GEMM. */
const PIXEL_BLOCK = 512;
/** Work items to aim at: enough for the threads of a desktop, few enough that parts are long. */
const ITEMS = 8;
const MOST_PART_BYTES = 64 * 2 ** 20;

interface GradWeightPlan {
  readonly table: SweepTable;
  /** Runs of pixels that are summed apart. It depends on the geometry alone, so results do not depend on threads. */
  readonly parts: number;
}

function partsOf(g: ConvGeometry, table: SweepTable, itemsOfPart: number): number {
  const partBytes = g.outChannels * table.taps * 4;
  return Math.min(Math.ceil(ITEMS / itemsOfPart), g.batch * table.blocks, Math.max(1, Math.floor(MOST_PART_BYTES / partBytes)));
}

/** Has `kernel` write the parts, and adds them up into `out`. */
function sumOfParts(
  engine: Engine,
  { table, parts }: GradWeightPlan,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
  kernel: (sums: number, sweep: number) => void,
): void {
  const size = g.outChannels * table.taps;
  const direct = parts === 1 && !accumulate;
  const partBytes = direct ? 0 : Math.ceil((parts * size) / 16) * 64;
  engine.temporary(partBytes + table.words.byteLength, (temporary) => {
    const sums = direct ? addressOf(out) : temporary;
    const sweep = temporary + partBytes;
    engine.heap.i32.set(table.words, sweep / 4);
    kernel(sums, sweep);
    if (direct) return;
    const quads = Math.ceil(size / 4);
    engine.run('sum_parts', [sums, parts, size, addressOf(out), Number(accumulate)], { items: quads, grain: 1 << 14 });
  });
}

function multiplyAdds(g: ConvGeometry, table: SweepTable): number {
  return g.batch * g.outChannels * table.taps * table.pixels;
}

const gemmPlans = new WeakMap<ConvGeometry, GradWeightPlan & { readonly tapBlock: number }>();

/** dw of any convolution, as implicit GEMM over the pixels of all images. */
export function convGradWeightGemm(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  let plan = gemmPlans.get(g);
  if (!plan) {
    const table = sweepTable(inputAxes(g), g.inChannels / g.groups, g.groups, PIXEL_BLOCK);
    const tapBlock = Math.min(columnsFor(table.block), Math.ceil(table.taps / 8) * 8);
    plan = { table, tapBlock, parts: partsOf(g, table, g.groups * Math.ceil(table.taps / tapBlock)) };
    gemmPlans.set(g, plan);
  }
  const { table, tapBlock, parts } = plan;
  const rows = g.outChannels / g.groups;
  sumOfParts(engine, plan, g, accumulate, out, (sums, sweep) => {
    const items = parts * g.groups * Math.ceil(table.taps / tapBlock);
    engine.run('conv_weight', [addressOf(x), addressOf(dy), sums, sweep, rows, g.batch, parts, tapBlock], {
      items,
      grain: grainOf(multiplyAdds(g, table), items),
      scratch: 1024 + 4 * (table.slabSize + table.block * (rows + 4 + tapBlock + 16)),
    });
  });
}

const directPlans = new WeakMap<ConvGeometry, GradWeightPlan>();

/** dw of a convolution of few output channels and few taps, in two dimensions and of horizontal stride 1. */
export function convGradWeightDirect(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  let plan = directPlans.get(g);
  if (!plan) {
    const channels = g.inChannels / g.groups;
    const axes = inputAxes(g);
    const table = sweepTable(axes, channels, g.groups, wholeRows(axes, channels));
    plan = { table, parts: partsOf(g, table, g.groups) };
    directPlans.set(g, plan);
  }
  const { table, parts } = plan;
  const rows = g.outChannels / g.groups;
  sumOfParts(engine, plan, g, accumulate, out, (sums, sweep) => {
    const items = parts * g.groups;
    engine.run('conv_weight_direct', [addressOf(x), addressOf(dy), sums, sweep, rows, g.batch, parts], {
      items,
      grain: grainOf(multiplyAdds(g, table), items),
      scratch: 1024 + 4 * table.slabSize + 160 * Math.ceil(rows / 2) * Math.ceil(table.taps / 5),
    });
  });
}

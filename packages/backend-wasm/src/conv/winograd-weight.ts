import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { addressOf } from '../operand.js';
import { type SweepTable, sweepTable } from './sweep.js';
import { PATCH, PRODUCTS, TILE, tileAxes, tileBlock } from './winograd.js';

/** Runs of tiles that are summed apart: enough for the threads of a desktop. */
const PARTS = 8;
const MOST_PART_BYTES = 64 * 2 ** 20;

interface Plan {
  readonly source: SweepTable;
  readonly gradient: SweepTable;
  /** It depends on the geometry alone, so results do not depend on threads. */
  readonly parts: number;
}

const plans = new WeakMap<ConvGeometry, Plan>();

function planOf(g: ConvGeometry): Plan {
  let plan = plans.get(g);
  if (!plan) {
    const [rows, channels] = [g.outChannels / g.groups, g.inChannels / g.groups];
    const out = [g.outSize[1], g.outSize[2]] as const;
    const axes = tileAxes([g.inSize[1], g.inSize[2]], out, [g.padLow[1], g.padLow[2]], PATCH);
    const source = sweepTable(axes, channels, g.groups, tileBlock(axes));
    const gradient = sweepTable(tileAxes(out, out, [0, 0], TILE), rows, g.groups, tileBlock(axes));
    const partBytes = PRODUCTS * g.groups * rows * channels * 4;
    const most = Math.max(1, Math.floor(MOST_PART_BYTES / partBytes));
    plan = { source, gradient, parts: Math.min(Math.ceil(PARTS / g.groups), g.batch * source.blocks, most) };
    plans.set(g, plan);
  }
  return plan;
}

/** dw of a 3x3 convolution of stride 1, by the adjoint of F(4x4, 3x3). */
export function convGradWeightWinograd(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  const { source, gradient, parts } = planOf(g);
  const { heap } = engine;
  const [rows, channels] = [g.outChannels / g.groups, g.inChannels / g.groups];
  const size = PRODUCTS * g.groups * rows * channels;
  // Behind the parts, room for the vectors that read past a matrix's end.
  const sumsBytes = Math.ceil((parts * size) / 16) * 64 + 64;
  engine.temporary(sumsBytes + source.words.byteLength + gradient.words.byteLength, (sums) => {
    const sweep = sums + sumsBytes;
    const dySweep = sweep + source.words.byteLength;
    heap.i32.set(source.words, sweep / 4);
    heap.i32.set(gradient.words, dySweep / 4);
    engine.run('winograd_weight_sums', [addressOf(x), addressOf(dy), sums, sweep, dySweep, g.batch, rows, parts], {
      items: parts * g.groups,
      grain: 1,
      scratch: 4096 + 4 * (source.slabSize + gradient.slabSize + PRODUCTS * (source.block * (channels + rows + 12) + 32)),
    });
    if (parts > 1) engine.run('sum_parts', [sums, parts, size, sums, 0], { items: Math.ceil(size / 4), grain: 1 << 14 });
    engine.run('winograd_weight_output', [sums, rows, channels, addressOf(out), Number(accumulate)], {
      items: g.outChannels,
      grain: Math.max(1, Math.ceil(2048 / channels)),
      scratch: 1024,
    });
  });
}

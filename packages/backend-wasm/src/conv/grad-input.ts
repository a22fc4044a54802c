import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import { sizeOf } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { kBlock, PANEL } from '../matmul.js';
import { addressOf } from '../operand.js';
import { columnsFor } from './blocks.js';
import { type DirectPlan, directPlan, runDirect } from './direct.js';
import { packedWeightSize, runSweep } from './gemm-sweep.js';
import { gradientPhases, type Phase, type SweepTable, sweepTable } from './sweep.js';

/** What is left of the gradient for phases that no kernel position takes part in: zeros. */
interface Phased<P> {
  readonly phases: readonly P[];
  readonly gaps: boolean;
}

/** One phase as implicit GEMM: a sweep over dy, and which kernel positions (flat) its weight has. */
interface GemmPhase {
  readonly table: SweepTable;
  readonly positions: Int32Array;
}

/** Plans every phase that has kernel positions, once a geometry. */
function planned<P>(plans: WeakMap<ConvGeometry, Phased<P>>, g: ConvGeometry, plan: (d: Phase, h: Phase, w: Phase) => P): Phased<P> {
  const old = plans.get(g);
  if (old) return old;
  const phases: P[] = [];
  let gaps = false;
  for (const d of gradientPhases(g, 0))
    for (const h of gradientPhases(g, 1))
      for (const w of gradientPhases(g, 2)) {
        if (d.positions.length * h.positions.length * w.positions.length === 0) gaps = true;
        else phases.push(plan(d, h, w));
      }
  const made = { phases, gaps };
  plans.set(g, made);
  return made;
}

function zero(engine: Engine, out: TensorRef): void {
  const first = addressOf(out) / 4;
  engine.heap.f32.fill(0, first, first + sizeOf(out.shape));
}

const gemmPlans = new WeakMap<ConvGeometry, Phased<GemmPhase>>();

function gemmPhase(g: ConvGeometry, d: Phase, h: Phase, w: Phase): GemmPhase {
  const channels = g.outChannels / g.groups;
  const positions: number[] = [];
  for (const z of d.positions)
    for (const y of h.positions) for (const x of w.positions) positions.push((z * g.kernel[1] + y) * g.kernel[2] + x);
  const table = sweepTable([d, h, w], channels, g.groups, columnsFor(channels * positions.length));
  return { table, positions: Int32Array.from(positions) };
}

/** dx of any convolution: per phase of the stride a sweep over dy with the weight's roles exchanged. */
export function convGradInputGemm(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const { phases, gaps } = planned(gemmPlans, g, (d, h, w) => gemmPhase(g, d, h, w));
  const { heap } = engine;
  const rows = g.inChannels / g.groups;
  const outChannels = g.outChannels / g.groups;
  const volume = g.kernel[0] * g.kernel[1] * g.kernel[2];
  if (gaps) zero(engine, out);
  for (const { table, positions } of phases) {
    const size = packedWeightSize(g.groups, rows, table.taps) * 4;
    engine.temporary(size + positions.byteLength, (packed) => {
      heap.i32.set(positions, (packed + size) / 4);
      engine.run(
        'conv_pack_flipped',
        [addressOf(weight), outChannels, rows, volume, packed + size, positions.length, kBlock(table.taps), packed],
        { items: g.groups * Math.ceil(rows / PANEL) },
      );
      runSweep(engine, table, {
        source: addressOf(dy),
        weight: packed,
        bias: 0,
        out: addressOf(out),
        images: g.batch,
        groups: g.groups,
        rows,
        relu: false,
      });
    });
  }
}

const directPlans = new WeakMap<ConvGeometry, Phased<DirectPlan>>();

/** dx of a convolution of few input channels, in two dimensions. */
export function convGradInputDirect(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const channels = g.outChannels / g.groups;
  const rows = g.inChannels / g.groups;
  const volume = g.kernel[1] * g.kernel[2];
  const { phases, gaps } = planned(directPlans, g, (d, h, w) =>
    directPlan([d, h, w], channels, g.groups, h.positions, w.positions, g.kernel[2]),
  );
  if (gaps) zero(engine, out);
  for (const plan of phases) {
    runDirect(engine, plan, channels, g.groups, {
      source: addressOf(dy),
      weight: addressOf(weight),
      steps: { row: volume, channel: rows * volume, group: channels * rows * volume },
      bias: 0,
      out: addressOf(out),
      images: g.batch,
      rows,
      relu: false,
    });
  }
}

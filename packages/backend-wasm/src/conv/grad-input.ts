import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import { sizeOf } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { kBlock } from '../matmul.js';
import { addressOf } from '../memory.js';
import { columnsFor } from './blocks.js';
import { packedWeightSize, runSweep } from './gemm-sweep.js';
import { gradientPhases, type SweepTable, sweepTable } from './sweep.js';

/** One phase of the input gradient: a sweep over dy, and which kernel positions (flat) its weight has. */
interface PhasePlan {
  readonly table: SweepTable;
  readonly positions: Int32Array;
}

interface GradInputPlan {
  readonly phases: readonly PhasePlan[];
  /** Some elements of dx have no phase: they are zeroed first. */
  readonly gaps: boolean;
}

const plans = new WeakMap<ConvGeometry, GradInputPlan>();

function gradInputPlan(g: ConvGeometry): GradInputPlan {
  let plan = plans.get(g);
  if (!plan) {
    plan = makePlan(g);
    plans.set(g, plan);
  }
  return plan;
}

function makePlan(g: ConvGeometry): GradInputPlan {
  const channels = g.outChannels / g.groups;
  const phases: PhasePlan[] = [];
  let gaps = false;
  for (const d of gradientPhases(g, 0))
    for (const h of gradientPhases(g, 1))
      for (const w of gradientPhases(g, 2)) {
        const positions: number[] = [];
        for (const z of d.positions)
          for (const y of h.positions) for (const x of w.positions) positions.push((z * g.kernel[1] + y) * g.kernel[2] + x);
        if (positions.length === 0) {
          gaps = true;
          continue;
        }
        const table = sweepTable([d, h, w], channels, g.groups, columnsFor(channels * positions.length));
        phases.push({ table, positions: Int32Array.from(positions) });
      }
  return { phases, gaps };
}

/** dx of any convolution: per phase of the stride a sweep over dy with the weight's roles exchanged. */
export function convGradInputGemm(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const { phases, gaps } = gradInputPlan(g);
  const { heap } = engine;
  const rows = g.inChannels / g.groups;
  const outChannels = g.outChannels / g.groups;
  const volume = g.kernel[0] * g.kernel[1] * g.kernel[2];
  if (gaps) heap.f32.fill(0, addressOf(out) / 4, addressOf(out) / 4 + sizeOf(out.shape));
  for (const { table, positions } of phases) {
    const size = packedWeightSize(g.groups, rows, table.taps) * 4;
    engine.temporary(size + positions.byteLength, (packed) => {
      heap.i32.set(positions, (packed + size) / 4);
      engine.run(
        'conv_pack_flipped',
        [addressOf(weight), outChannels, rows, volume, packed + size, positions.length, kBlock(table.taps), packed],
        { items: g.groups * Math.ceil(rows / 4) },
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

import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { kBlock, PANEL } from '../matmul.js';
import { addressOf, optionalAddress } from '../operand.js';
import { columnsFor } from './blocks.js';
import { type DirectPlan, directPlan, runDirect } from './direct.js';
import { packedWeightSize, runSweep } from './gemm-sweep.js';
import { inputAxes, type SweepTable, sweepTable } from './sweep.js';

const tables = new WeakMap<ConvGeometry, SweepTable>();

function forwardTable(g: ConvGeometry): SweepTable {
  let table = tables.get(g);
  if (!table) {
    const channels = g.inChannels / g.groups;
    const taps = channels * g.kernel[0] * g.kernel[1] * g.kernel[2];
    table = sweepTable(inputAxes(g), channels, g.groups, columnsFor(taps));
    tables.set(g, table);
  }
  return table;
}

/** Any convolution, as implicit GEMM. */
export function convGemm(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const table = forwardTable(g);
  const rows = g.outChannels / g.groups;
  const panels = g.groups * Math.ceil(rows / PANEL);
  engine.temporary(packedWeightSize(g.groups, rows, table.taps) * 4, (packed) => {
    engine.run('gemm_pack_a', [addressOf(weight), rows, table.taps, table.taps, 0, rows * table.taps, kBlock(table.taps), packed], {
      items: panels,
    });
    runSweep(engine, table, {
      source: addressOf(x),
      weight: packed,
      bias: optionalAddress(bias),
      out: addressOf(out),
      images: g.batch,
      groups: g.groups,
      rows,
      relu: activation === 'relu',
    });
  });
}

const directPlans = new WeakMap<ConvGeometry, DirectPlan>();

/** A convolution of few output channels, in two dimensions and of horizontal stride 1. */
export function convDirect(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const channels = g.inChannels / g.groups;
  const rows = g.outChannels / g.groups;
  const [, ny, nx] = g.kernel;
  let plan = directPlans.get(g);
  if (!plan) {
    plan = directPlan(inputAxes(g), channels, g.groups, [...Array(ny).keys()], [...Array(nx).keys()], nx);
    directPlans.set(g, plan);
  }
  runDirect(engine, plan, channels, g.groups, {
    source: addressOf(x),
    weight: addressOf(weight),
    steps: { row: channels * ny * nx, channel: ny * nx, group: rows * channels * ny * nx },
    bias: optionalAddress(bias),
    out: addressOf(out),
    images: g.batch,
    rows,
    relu: activation === 'relu',
  });
}

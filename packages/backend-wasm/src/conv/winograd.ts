import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { PANEL } from '../matmul.js';
import { addressOf, optionalAddress } from '../operand.js';
import { grainOf } from './blocks.js';
import { type Axes, type Axis, type SweepTable, sweepTable } from './sweep.js';

/** Outputs along an axis of a tile, its inputs, and its products. */
export const TILE = 4;
export const PATCH = 6;
export const PRODUCTS = 36;
/** Tiles of a work item: enough to repay a pass over the weight, few enough for the second-level cache. */
const TILES = 32;

interface WinogradPlan {
  readonly table: SweepTable;
  /** Images of an item: small ones share a pass over the weight. */
  readonly together: number;
}

/** Forward and input gradient are one case: 3x3 windows of stride 1 over a source with some padding. */
interface Windows {
  readonly channels: number;
  readonly groups: number;
  readonly source: readonly [number, number];
  readonly out: readonly [number, number];
  readonly pad: readonly [number, number];
}

/** Tiles of the output as a grid over a source of which each reads `reach` elements an axis. */
export function tileAxes(
  source: readonly [number, number],
  out: readonly [number, number],
  pad: readonly [number, number],
  reach: number,
): Axes {
  const flat: Axis = { source: 1, grid: 1, stride: 1, pad: 0, offsets: [0], out: 1, step: 1, start: 0 };
  const axis = (a: 0 | 1): Axis => {
    const grid = Math.ceil(out[a] / TILE);
    return { ...flat, source: source[a], grid, stride: TILE, pad: pad[a], offsets: Array.from({ length: reach }, (_, i) => i), out: grid };
  };
  return [flat, axis(0), axis(1)];
}

/** Tiles of a block: whole rows of them where they fit, since neighbouring blocks then read few rows of the source twice. */
export function tileBlock([, , { grid }]: Axes): number {
  return grid <= TILES ? Math.floor(TILES / grid) * grid : TILES;
}

function makePlan({ channels, groups, source, out, pad }: Windows): WinogradPlan {
  const axes = tileAxes(source, out, pad, PATCH);
  const table = sweepTable(axes, channels, groups, tileBlock(axes));
  return { table, together: table.blocks > 1 ? 1 : Math.max(1, Math.floor(TILES / table.pixels)) };
}

const forwardPlans = new WeakMap<ConvGeometry, WinogradPlan>();
const gradientPlans = new WeakMap<ConvGeometry, WinogradPlan>();

function planOf(plans: WeakMap<ConvGeometry, WinogradPlan>, g: ConvGeometry, windows: () => Windows): WinogradPlan {
  let plan = plans.get(g);
  if (!plan) {
    plan = makePlan(windows());
    plans.set(g, plan);
  }
  return plan;
}

interface Weights {
  readonly address: number;
  /** Floats between the kernels of two rows, of two channels, and of two groups. */
  readonly rowStep: number;
  readonly channelStep: number;
  readonly groupStep: number;
  readonly flip: boolean;
}

interface Operands {
  readonly source: number;
  readonly weight: Weights;
  readonly bias: number;
  readonly out: number;
  readonly images: number;
  readonly groups: number;
  readonly channels: number;
  readonly rows: number;
  readonly outSize: readonly [number, number];
  readonly relu: boolean;
}

function run(engine: Engine, { table, together }: WinogradPlan, o: Operands): void {
  const { heap } = engine;
  const panels = Math.ceil(o.rows / PANEL);
  const weightBytes = o.groups * PRODUCTS * panels * PANEL * o.channels * 4;
  engine.temporary(weightBytes + table.words.byteLength, (weight) => {
    const sweep = weight + weightBytes;
    heap.i32.set(table.words, sweep / 4);
    const { address, rowStep, channelStep, groupStep, flip } = o.weight;
    engine.run('winograd_weight', [address, o.rows, o.channels, rowStep, channelStep, groupStep, Number(flip), weight], {
      items: o.groups * panels,
      grain: Math.max(1, Math.ceil(2048 / o.channels)),
      scratch: 1024,
    });
    const items = Math.ceil(o.images / together) * table.blocks * o.groups;
    const columns = together * (table.block + 4) + 8;
    const [height, width] = o.outSize;
    engine.run('winograd', [o.source, weight, o.bias, o.out, sweep, o.images, together, o.rows, height, width, Number(o.relu)], {
      items,
      grain: grainOf(o.images * o.groups * o.rows * o.channels * height * width * 9, items),
      scratch: 4096 + 12 * table.block + 4 * (together * (table.slabSize + 16) + PRODUCTS * (columns * (o.channels + o.rows) + 32)),
    });
  });
}

/** A 3x3 convolution of stride 1 in two dimensions, by F(4x4, 3x3). */
export function convWinograd(
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
  const outSize = [g.outSize[1], g.outSize[2]] as const;
  const plan = planOf(forwardPlans, g, () => ({
    channels,
    groups: g.groups,
    source: [g.inSize[1], g.inSize[2]],
    out: outSize,
    pad: [g.padLow[1], g.padLow[2]],
  }));
  run(engine, plan, {
    source: addressOf(x),
    weight: { address: addressOf(weight), rowStep: channels * 9, channelStep: 9, groupStep: rows * channels * 9, flip: false },
    bias: optionalAddress(bias),
    out: addressOf(out),
    images: g.batch,
    groups: g.groups,
    channels,
    rows,
    outSize,
    relu: activation === 'relu',
  });
}

/** Its input gradient: the same over dy, with the kernels turned and their roles exchanged. */
export function convGradInputWinograd(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const channels = g.outChannels / g.groups;
  const rows = g.inChannels / g.groups;
  const outSize = [g.inSize[1], g.inSize[2]] as const;
  const plan = planOf(gradientPlans, g, () => ({
    channels,
    groups: g.groups,
    source: [g.outSize[1], g.outSize[2]],
    out: outSize,
    pad: [2 - g.padLow[1], 2 - g.padLow[2]],
  }));
  run(engine, plan, {
    source: addressOf(dy),
    weight: { address: addressOf(weight), rowStep: 9, channelStep: rows * 9, groupStep: rows * channels * 9, flip: true },
    bias: 0,
    out: addressOf(out),
    images: g.batch,
    groups: g.groups,
    channels,
    rows,
    outSize,
    relu: false,
  });
}

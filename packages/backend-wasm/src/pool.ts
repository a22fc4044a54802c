import type { PoolGeometry, PoolKind, TensorRef } from '@konv/core-tensor';
import type { Engine, Spread } from './engine.js';
import { grainOf } from './grain.js';
import { addressOf } from './operand.js';

/** A geometry's windows in the form that the kernels take: see assembly/nn/windows.ts. */
interface Windows {
  readonly table: Int32Array;
  /** Output columns whose windows lie inside the input's width: [left, right). */
  readonly left: number;
  readonly right: number;
}

const known = new WeakMap<PoolGeometry, Windows>();

function windowsOf(g: PoolGeometry): Windows {
  let windows = known.get(g);
  if (!windows) {
    const triples = ([0, 1, 2] as const).flatMap((axis) => triplesOf(g, axis));
    const inside = Array.from({ length: g.outSize[2] }, (_, i) => {
      const low = i * g.stride[2] - g.padLow[2];
      return low >= 0 && low + (g.kernel[2] - 1) * g.dilation[2] < g.inSize[2];
    });
    const left = Math.max(0, inside.indexOf(true));
    windows = { table: Int32Array.from(triples.flat()), left, right: Math.max(left, inside.lastIndexOf(true) + 1) };
    known.set(g, windows);
  }
  return windows;
}

/**
 * For each output position of an axis: first tap inside the input, end of the taps, and the window's extent clipped to
 * `in + padding` (what hangs over in ceil mode never counts).
 */
function triplesOf(g: PoolGeometry, axis: 0 | 1 | 2): number[][] {
  const dilation = g.dilation[axis];
  const size = g.inSize[axis];
  return Array.from({ length: g.outSize[axis] }, (_, i) => {
    const low = i * g.stride[axis] - g.padLow[axis];
    const high = low + (g.kernel[axis] - 1) * dilation + 1;
    const first = low < 0 ? low + Math.ceil(-low / dilation) * dilation : low;
    return [first, Math.min(high, size), Math.min(high, size + g.padHigh[axis]) - low];
  });
}

const volume = (s: readonly number[]): number => s[0] * s[1] * s[2];

function planesOf(g: PoolGeometry, scratch: number): Spread {
  const taps = volume(g.outSize) * volume(g.kernel);
  return { items: g.batch * g.channels, grain: grainOf(Math.max(volume(g.inSize), taps)), scratch };
}

/** Runs `use` with the windows' table on the heap. */
function withTable(engine: Engine, { table }: Windows, use: (address: number) => void): void {
  engine.temporary(table.byteLength, (address) => {
    engine.heap.i32.set(table, address / 4);
    use(address);
  });
}

export function pool(engine: Engine, kind: PoolKind, x: TensorRef, g: PoolGeometry, out: TensorRef, indices: TensorRef | null): void {
  const windows = windowsOf(g);
  const { left, right } = windows;
  const sizes = [...g.inSize, ...g.outSize] as const;
  const taps = [g.kernel[2], g.stride[2], left, right] as const;
  const spread = planesOf(g, 4 * g.kernel[0] * g.kernel[1]);
  withTable(engine, windows, (table) => {
    if (kind === 'max') {
      const at = addressOf(indices as TensorRef);
      engine.run('max_pool', [addressOf(x), addressOf(out), at, table, ...sizes, ...g.dilation, ...taps], spread);
    } else {
      engine.run('avg_pool', [addressOf(x), addressOf(out), table, ...sizes, Number(g.countIncludePad), ...taps], spread);
    }
  });
}

/** Planes are independent, and within one dy is added in its own order: the sums do not depend on threads. */
export function poolGrad(engine: Engine, kind: PoolKind, dy: TensorRef, indices: TensorRef | null, g: PoolGeometry, out: TensorRef): void {
  const spread = planesOf(g, 64 + 4 * (g.kernel[0] * g.kernel[1] + g.inSize[2]));
  if (kind === 'max') {
    const given = [addressOf(dy), addressOf(indices as TensorRef), addressOf(out), volume(g.inSize), volume(g.outSize)] as const;
    engine.run('max_pool_grad', [...given], spread);
    return;
  }
  withTable(engine, windowsOf(g), (table) => {
    const sizes = [...g.inSize, ...g.outSize] as const;
    engine.run('avg_pool_grad', [addressOf(dy), addressOf(out), table, ...sizes, Number(g.countIncludePad)], spread);
  });
}

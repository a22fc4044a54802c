import type { PoolGeometry, PoolKind, TensorRef } from '@konv/core-tensor';
import { floatsOf, intsOf } from './memory.js';
import type { FloatArray } from './memory.js';

/**
 * One axis of the windows, per output position: the range `[start, end)` of the input that counts, and the window's
 * extent clipped to `in + padding`, which an average may divide by (what hangs over in ceil mode never counts).
 */
interface Axis {
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly extent: Int32Array;
}

interface PoolPlan {
  readonly depth: Axis;
  readonly height: Axis;
  readonly width: Axis;
  readonly planes: number;
  readonly inPlane: number;
  readonly outPlane: number;
}

const plans = new WeakMap<PoolGeometry, PoolPlan>();

function poolPlan(g: PoolGeometry): PoolPlan {
  let plan = plans.get(g);
  if (!plan) {
    plan = {
      depth: axisOf(g, 0),
      height: axisOf(g, 1),
      width: axisOf(g, 2),
      planes: g.batch * g.channels,
      inPlane: g.inSize[0] * g.inSize[1] * g.inSize[2],
      outPlane: g.outSize[0] * g.outSize[1] * g.outSize[2],
    };
    plans.set(g, plan);
  }
  return plan;
}

/** With dilation (max only) `start` is the first tap inside the input. */
function axisOf(g: PoolGeometry, a: 0 | 1 | 2): Axis {
  const out = g.outSize[a];
  const start = new Int32Array(out);
  const end = new Int32Array(out);
  const extent = new Int32Array(out);
  const dilation = g.dilation[a];
  for (let i = 0; i < out; i++) {
    let low = i * g.stride[a] - g.padLow[a];
    const high = low + (g.kernel[a] - 1) * dilation + 1;
    extent[i] = Math.min(high, g.inSize[a] + g.padHigh[a]) - low;
    if (low < 0) low += Math.ceil(-low / dilation) * dilation;
    start[i] = low;
    end[i] = Math.min(high, g.inSize[a]);
  }
  return { start, end, extent };
}

/** A plane of outputs from a plane of inputs. */
type PlanePass = (
  g: PoolGeometry,
  plan: PoolPlan,
  x: FloatArray,
  ix: number,
  out: FloatArray,
  io: number,
  indices: Int32Array | null,
  ii: number,
) => void;

const forward = {
  max(g, plan, x, ix, out, io, indices, ii) {
    const { depth, height, width } = plan;
    const [, rows, columns] = g.inSize;
    const [dz, dy, dx] = g.dilation;
    const { start, end } = width;
    for (let oz = 0; oz < depth.start.length; oz++) {
      const z0 = depth.start[oz];
      const z1 = depth.end[oz];
      for (let oy = 0; oy < height.start.length; oy++) {
        const y0 = height.start[oy];
        const y1 = height.end[oy];
        for (let ox = 0; ox < start.length; ox++) {
          const x0 = start[ox];
          const x1 = end[ox];
          let best = -Infinity;
          let at = (z0 * rows + y0) * columns + x0;
          for (let z = z0; z < z1; z += dz) {
            for (let y = y0; y < y1; y += dy) {
              const row = (z * rows + y) * columns;
              for (let i = row + x0; i < row + x1; i += dx) {
                const v = x[ix + i];
                // Of equals the first, and the first NaN of all.
                if (v > best || (v !== v && best === best)) {
                  best = v;
                  at = i;
                }
              }
            }
          }
          out[io++] = best;
          if (indices) indices[ii++] = at;
        }
      }
    }
  },
  avg(g, plan, x, ix, out, io) {
    const { depth, height, width } = plan;
    const [, rows, columns] = g.inSize;
    for (let oz = 0; oz < depth.start.length; oz++) {
      for (let oy = 0; oy < height.start.length; oy++) {
        for (let ox = 0; ox < width.start.length; ox++) {
          const x0 = width.start[ox];
          const x1 = width.end[ox];
          let sum = 0;
          for (let z = depth.start[oz]; z < depth.end[oz]; z++) {
            for (let y = height.start[oy]; y < height.end[oy]; y++) {
              const row = ix + (z * rows + y) * columns;
              for (let i = row + x0; i < row + x1; i++) sum += x[i];
            }
          }
          out[io++] = sum / divisor(g, plan, oz, oy, ox);
        }
      }
    }
  },
} satisfies Record<PoolKind, PlanePass>;

function divisor(g: PoolGeometry, { depth, height, width }: PoolPlan, oz: number, oy: number, ox: number): number {
  if (g.countIncludePad) return depth.extent[oz] * height.extent[oy] * width.extent[ox];
  return (depth.end[oz] - depth.start[oz]) * (height.end[oy] - height.start[oy]) * (width.end[ox] - width.start[ox]);
}

export function pool(kind: PoolKind, x: TensorRef, g: PoolGeometry, out: TensorRef, indices: TensorRef | null): void {
  const plan = poolPlan(g);
  const from = floatsOf(x);
  const to = floatsOf(out);
  const at = indices && intsOf(indices);
  for (let p = 0; p < plan.planes; p++) {
    const ii = indices ? indices.offset + p * plan.outPlane : 0;
    forward[kind](g, plan, from, x.offset + p * plan.inPlane, to, out.offset + p * plan.outPlane, at, ii);
  }
}

/** A plane of dx, cleared beforehand, from a plane of dy. */
const backward = {
  max(_g, plan, dy, iy, dx, ix, indices, ii) {
    if (!indices) return;
    for (let i = 0; i < plan.outPlane; i++) {
      const at = indices[ii + i];
      // A window that lies in the padding altogether has its maximum nowhere.
      if (at >= 0 && at < plan.inPlane) dx[ix + at] += dy[iy + i];
    }
  },
  avg(g, plan, dy, iy, dx, ix) {
    const { depth, height, width } = plan;
    const [, rows, columns] = g.inSize;
    for (let oz = 0; oz < depth.start.length; oz++) {
      for (let oy = 0; oy < height.start.length; oy++) {
        for (let ox = 0; ox < width.start.length; ox++) {
          const x0 = width.start[ox];
          const x1 = width.end[ox];
          const share = dy[iy++] / divisor(g, plan, oz, oy, ox);
          for (let z = depth.start[oz]; z < depth.end[oz]; z++) {
            for (let y = height.start[oy]; y < height.end[oy]; y++) {
              const row = ix + (z * rows + y) * columns;
              for (let i = row + x0; i < row + x1; i++) dx[i] += share;
            }
          }
        }
      }
    }
  },
} satisfies Record<PoolKind, PlanePass>;

export function poolGrad(kind: PoolKind, dy: TensorRef, indices: TensorRef | null, g: PoolGeometry, out: TensorRef): void {
  const plan = poolPlan(g);
  const from = floatsOf(dy);
  const to = floatsOf(out);
  const at = indices && intsOf(indices);
  to.fill(0, out.offset, out.offset + plan.planes * plan.inPlane);
  for (let p = 0; p < plan.planes; p++) {
    const ii = indices ? indices.offset + p * plan.outPlane : 0;
    backward[kind](g, plan, from, dy.offset + p * plan.outPlane, to, out.offset + p * plan.inPlane, at, ii);
  }
}

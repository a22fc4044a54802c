import type { ArgReduceKind, HostArray, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf, heapOf } from './operand.js';
import { aroundAxis } from './strided.js';

/** The position of the winner among n elements from `ix` by steps of `sx`: the first of equals, the first NaN of all. */
type Search = (n: number, x: HostArray, ix: number, sx: number) => number;

const searches = {
  argmax(n, x, ix, sx) {
    let best = x[ix];
    let at = 0;
    for (let i = 1; i < n && best === best; i++) {
      const v = x[ix + i * sx];
      if (v > best || v !== v) {
        best = v;
        at = i;
      }
    }
    return at;
  },
  argmin(n, x, ix, sx) {
    let best = x[ix];
    let at = 0;
    for (let i = 1; i < n && best === best; i++) {
      const v = x[ix + i * sx];
      if (v < best || v !== v) {
        best = v;
        at = i;
      }
    }
    return at;
  },
} satisfies Record<ArgReduceKind, Search>;

export function argReduce(engine: Engine, kind: ArgReduceKind, x: TensorRef, axis: number, out: TensorRef): void {
  const { data: from, at: first } = heapOf(engine.heap, x);
  const to = engine.heap.i32;
  const search: Search = searches[kind];
  const { outer, size, inner } = x.shape.length === 0 ? { outer: 1, size: 1, inner: 1 } : aroundAxis(x.shape, axis);
  let io = addressOf(out) / 4;
  for (let o = 0; o < outer; o++) {
    const base = first + o * size * inner;
    for (let i = 0; i < inner; i++) to[io++] = search(size, from, base + i, inner);
  }
}

import type { HostArray, TensorRef } from '@konv/core-tensor';
import { dataOf } from './memory.js';
import { operand, Walk } from './strided.js';

export function where(condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const c = dataOf(condition);
  const x = operand(a, out.dtype, out.shape.length);
  const y = operand(b, out.dtype, out.shape.length);
  const to = dataOf(out);
  const walk = new Walk(
    out.shape,
    [condition.strides, x.strides, y.strides, out.strides],
    [condition.offset, x.offset, y.offset, out.offset],
  );
  do whereRow(walk, c, x.data, y.data, to);
  while (walk.next());
}

function whereRow(walk: Walk, c: HostArray, a: HostArray, b: HostArray, out: HostArray): void {
  const [sc, sa, sb, so] = walk.step;
  let [ic, ia, ib, io] = walk.at;
  for (let i = 0; i < walk.n; i++, ic += sc, ia += sa, ib += sb, io += so) out[io] = c[ic] !== 0 ? a[ia] : b[ib];
}

import type { MatmulAttrs, TensorRef } from '@konv/core-tensor';
import type { Memory } from './memory.js';
import type { Work } from './work.js';

/**
 * tfjs's `BatchMatMul`, one matrix at a time and with nothing transposed: only then does it run XNNPACK's product, up to
 * twenty times as fast as its other loop. What is stored transposed is transposed first, by tfjs too.
 */
export function matmul(memory: Memory, a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef): void {
  const [batch, m, n] = out.shape;
  const k = a.shape[attrs.transposeA ? 1 : 2];
  // Rows of all batches against one b are one matrix.
  const joined = b.shape[0] === 1 && a.shape[0] === batch && !attrs.transposeA;
  const rows = joined ? batch * m : m;
  for (let i = 0; i < (joined ? 1 : batch); i++) {
    memory.work((work) => {
      const x = matrix(work, a, a.shape[0] === 1 ? 0 : i, rows, k, attrs.transposeA);
      const y = matrix(work, b, b.shape[0] === 1 ? 0 : i, k, n, attrs.transposeB);
      const product = work.call('BatchMatMul', { a: x, b: y }, { transposeA: false, transposeB: false });
      work.store(product, { ...out, shape: [1, rows, n], offset: out.offset + i * m * n }, attrs.accumulate);
    });
  }
}

/** Matrix `i` of a batch as [1, rows, columns]. */
function matrix(work: Work, ref: TensorRef, i: number, rows: number, columns: number, transposed: boolean) {
  const window = { ...ref, offset: ref.offset + i * rows * columns };
  if (!transposed) return work.lend(window, [1, rows, columns]);
  return work.transpose(work.lend(window, [1, columns, rows]), [0, 2, 1]);
}

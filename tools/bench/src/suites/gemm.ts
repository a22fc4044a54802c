import { columns, compare, type Context } from '../compare.js';

const sizes = [256, 512, 1024];
const layouts = [
  { op: 'a b', transposeA: false, transposeB: false },
  { op: 'a^T b', transposeA: true, transposeB: false },
  { op: 'a b^T', transposeA: false, transposeB: true },
];

/** Square matrix products, also with an operand stored transposed (as gradients need them). */
export async function gemmSuite(context: Context): Promise<void> {
  context.heading('gemm', 'c = op(a) op(b), square, float32', columns(context, 'gemm'));
  for (const size of sizes) {
    for (const { op, ...layout } of layouts) {
      const task = { kind: 'gemm', size, ...layout } as const;
      await compare(context, { suite: 'gemm', op, shape: `${size}^3`, task, ours: context.ours, peers: context.peers });
    }
  }
}

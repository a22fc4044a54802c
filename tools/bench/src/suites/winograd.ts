import { compare, type Context } from '../compare.js';
import { winogradShapes } from '../tasks.js';

/** The wasm backend as it is by default, and the one that is told to keep to GEMM. */
export const strictName = 'wasm-strict';

/** 3x3 at stride 1: Winograd's algorithm against our own implicit GEMM. GFLOP/s count the textbook's operations. */
export async function winogradSuite(context: Context): Promise<void> {
  const fast = await context.backend('wasm');
  const strict = await context.backend(strictName);
  if (!fast || !strict) return;
  const torch = context.peers.filter((p) => p.name === 'torch');
  context.heading('winograd', `3x3 at stride 1, default numerics against ${strictName} (implicit GEMM)`, [
    strictName,
    ...torch.map((p) => p.name),
  ]);
  for (const op of ['forward', 'input gradient'] as const) {
    for (const shape of winogradShapes) {
      const task = { kind: 'conv', op, shape } as const;
      await compare(context, { suite: 'winograd', op, shape: shape.name, task, ours: [fast], peers: [strict, ...torch] });
    }
  }
}

import { columns, compare, type Context } from '../compare.js';
import { convOps, convShapes } from '../tasks.js';

/** Convolution kernels: forward and both gradients. */
export async function convSuite(context: Context): Promise<void> {
  context.heading('conv', 'the kernels of a convolution', columns(context, 'conv'));
  for (const op of convOps) {
    for (const shape of convShapes) {
      const task = { kind: 'conv', op, shape } as const;
      await compare(context, { suite: 'conv', op, shape: shape.name, task, ours: context.ours, peers: context.peers });
    }
  }
}

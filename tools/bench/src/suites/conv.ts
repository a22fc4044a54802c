import { columns, compare, type Context } from '../compare.js';
import { convOps, convShapes, withImages } from '../tasks.js';

/** Convolution kernels: forward and both gradients. `images`: so many where a pass would be large, for slow machines. */
export async function convSuite(context: Context, images: number | null = null): Promise<void> {
  const shapes = withImages(convShapes, images);
  const fewer = shapes.filter((s, i) => s !== convShapes[i]).map((s) => s.name);
  const about = fewer.length > 0 ? `; ${images === 1 ? 'one image' : `${images} images`} instead of 8 in: ${fewer.join('; ')}` : '';
  context.heading('conv', `the kernels of a convolution${about}`, columns(context, 'conv'));
  for (const op of convOps) {
    for (const shape of shapes) {
      const task = { kind: 'conv', op, shape } as const;
      await compare(context, { suite: 'conv', op, shape: shape.name, task, ours: context.ours, peers: context.peers });
    }
  }
}

/** Two installed copies of core-tensor and autograd work on one graph: the first records, both can walk it. */
import { grad } from '@konv/autograd';
import { expect, it, vi } from 'vitest';
import { f64 } from './support.js';

it('a second copy differentiates what the first recorded, and the other way round', async () => {
  vi.resetModules();
  const second = await import('@konv/autograd');
  const core = await import('@konv/core-tensor');
  expect(second.grad).not.toBe(grad);

  const x = f64([1, 2], true);
  const y = x.square().add(x.exp());
  const slopes = [2 + Math.exp(1), 4 + Math.exp(2)];
  expect(Array.from(second.grad(y.sum(), x, { retainGraph: true })[0].dataSync())).toEqual(slopes);

  const cube = second.defineFunction({
    name: 'Cube',
    forward: (ctx, t: typeof x) => {
      ctx.saveForBackward(t);
      return t.mul(t).mul(t);
    },
    backward: (ctx, dy) => dy.mul(core.mul(core.square(ctx.savedTensors[0] as typeof x), 3)),
  });
  const z = core.tensor([1, 2], { dtype: 'float64', requiresGrad: true });
  const [dz] = grad(cube(core.mul(z, 2)).sum(), z, { createGraph: true });
  expect(Array.from(dz.dataSync())).toEqual([24, 96]);
  expect(Array.from(grad(dz.sum(), z)[0].dataSync())).toEqual([48, 96]);
  y.sum().backward();
  expect(Array.from(x.grad?.dataSync() ?? [])).toEqual(slopes);
});

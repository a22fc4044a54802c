import { grad, gradcheck, gradgradcheck } from '@konv/autograd';
import { batchNorm, conv2d, crossEntropy, linear, maxPool2d, avgPool2d, pow, scope, type Tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { balanced, f64, int32, leaf } from './support.js';

const numbers = (t: { dataSync(): ArrayLike<number> } | null): number[] => Array.from(t?.dataSync() ?? []);

describe('createGraph', () => {
  it('differentiates again and again', () => {
    const x = f64([2], true);
    let y: Tensor = pow(x, 5);
    const found: number[] = [];
    for (let k = 0; k < 6; k++) {
      [y] = grad(y, x, { createGraph: true });
      found.push(y.itemSync());
    }
    expect(found).toEqual([80, 160, 240, 240, 120, 0]);
  });

  it('accumulates recorded gradients out of place', () => {
    const x = f64([3], true);
    x.square().backward(null, { createGraph: true });
    expect(x.grad?.requiresGrad).toBe(true);
    const first = numbers(x.grad);
    x.mul(x).mul(x).backward(null, { createGraph: true });
    expect([first, numbers(x.grad)]).toEqual([[6], [33]]);
    const [second] = grad(x.grad as Tensor, x);
    // (x^2 + x^3)'' = 2 + 6 x
    expect(numbers(second)).toEqual([20]);
  });

  it('carries gradients of the given gradient', () => {
    const x = f64([2, 3], true);
    const v = f64([1, 10], true);
    const [g] = grad(x.square(), x, { gradOutputs: v, createGraph: true });
    expect(numbers(grad(g.sum(), v)[0])).toEqual([4, 6]);
  });

  it('can free the graph all the same', () => {
    const x = f64([2], true);
    const y = x.square();
    grad(y, x, { createGraph: true, retainGraph: false });
    expect(() => grad(y, x)).toThrow(/retainGraph/);
  });

  it('gives a Hessian-vector product of a whole network, and a gradient penalty that trains', async () => {
    const w1 = leaf([2, 1, 3, 3]);
    const b1 = leaf([2]);
    const gamma = leaf([2], 0.5, 1.5);
    const beta = leaf([2]);
    const w2 = leaf([3, 8]);
    const x = leaf([2, 1, 6, 6]);
    const network = (input: Tensor, ...p: Tensor[]): Tensor => {
      const c = conv2d(input, p[0], p[1], { padding: 1, stride: 1 });
      const n = batchNorm(c, null, null, p[2], p[3], true);
      const h = avgPool2d(maxPool2d(n.tanh(), 2), 2, { padding: 1 }).flatten(1);
      return crossEntropy(linear(h, p[4]), int32([0, 2]));
    };
    const penalty = (input: Tensor, ...p: Tensor[]): Tensor => {
      const loss = network(input, ...p);
      const [g] = grad(loss, input, { createGraph: true });
      return loss.add(g.square().sum());
    };
    const inputs = [x, w1, b1, gamma, beta, w2];
    await expect(gradcheck(network, inputs)).resolves.toBe(true);
    await expect(gradcheck(penalty, inputs)).resolves.toBe(true);
  }, 60_000);

  it('goes to third order through fused ops', async () => {
    const x = leaf([2, 3]);
    const slope = (t: Tensor): Tensor => grad(crossEntropy(t, int32([0, 2])), t, { createGraph: true })[0];
    await expect(gradgradcheck(slope, [x])).resolves.toBe(true);
    const weight = leaf([2], 0.5, 1.5);
    const normal = (t: Tensor, w: Tensor): Tensor =>
      grad(batchNorm(t, null, null, w, null, true).tanh().sum(), t, { createGraph: true })[0];
    await expect(gradgradcheck(normal, [leaf([3, 2]), weight], { atol: 1e-4 })).resolves.toBe(true);
  }, 60_000);

  it('counts one tensor given twice to a fused op twice', () => {
    const x = f64(
      [
        [1, 2],
        [4, 3],
      ],
      true,
    );
    const [plain] = grad(linear(x, x).square().sum(), x);
    const [recorded] = grad(linear(x, x).square().sum(), x, { createGraph: true });
    expect(numbers(recorded)).toEqual(numbers(plain));
    const [bn] = grad(batchNorm(x, null, null, x.select(0, 0), x.select(0, 0), true).square().sum(), x);
    const [again] = grad(batchNorm(x, null, null, x.select(0, 0), x.select(0, 0), true).square().sum(), x, {
      createGraph: true,
    });
    numbers(again).forEach((v, i) => expect(v).toBeCloseTo(numbers(bn)[i], 10));
  });

  it('leaves nothing behind', async () => {
    await balanced(() => {
      const x = leaf([2, 1, 4, 4]);
      const w = leaf([2, 1, 3, 3]);
      for (let k = 0; k < 3; k++) {
        scope(() => {
          const y = maxPool2d(conv2d(x, w).relu(), 2).sum();
          const [g] = grad(y.square(), w, { createGraph: true });
          g.square().sum().backward();
          x.grad = null;
          w.grad = null;
        });
      }
      x.dispose();
      w.dispose();
    });
  });
});

import { grad, gradcheck, gradgradcheck } from '@konv/autograd';
import { exp, noGrad, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { f64, leaf } from './support.js';

const numbers = (t: { dataSync(): ArrayLike<number> } | null): number[] => Array.from(t?.dataSync() ?? []);

describe('version counters', () => {
  it('refuse a saved input that was changed, with nothing done', () => {
    const x = f64(
      [
        [1, 2],
        [3, 4],
      ],
      true,
    );
    const w = f64(
      [
        [5, 6],
        [7, 8],
      ],
      true,
    );
    const y = x.add(0).mul(w).sum();
    noGrad(() => w.add_(1));
    expect(() => y.backward()).toThrow(
      '[mul backward] expected the saved tensor [2, 2] at version 0, got version 1: it was changed in place after the op; clone() it first',
    );
    expect(x.grad).toBeNull();
    expect(w.grad).toBeNull();
    // Before anything was freed: undoing the cause is not possible, but the other half of the graph is intact.
    expect(numbers(grad(y, w)[0])).toEqual([1, 2, 3, 4]);
  });

  it('refuse a saved output that was changed', () => {
    const x = f64([1, 2], true);
    const y = exp(x);
    const z = y.sum();
    noGrad(() => y.mul_(2));
    expect(() => z.backward()).toThrow(/\[exp backward\] expected the saved tensor \[2\] at version 0, got version 1/);
  });

  it('see a change through a view', () => {
    const x = f64([1, 2], true);
    const c = f64([3, 4]);
    const y = x.mul(c).sum();
    c.slice([0, 1]).zero_();
    expect(() => y.backward()).toThrow(/was changed in place/);
  });

  it('do not mind a change of what no gradient needs', () => {
    const x = f64([1, 2], true);
    const h = x.mul(2);
    const y = h.add(1).sum();
    noGrad(() => h.add_(1));
    y.backward();
    expect(numbers(x.grad)).toEqual([2, 2]);
    // x alone wants a gradient: the saved factor is the constant, x may change.
    const z = x.mul(3).sum();
    noGrad(() => x.add_(1));
    z.backward();
    expect(numbers(x.grad)).toEqual([5, 5]);
  });
});

describe('in-place ops on tensors in a graph', () => {
  it('rebase the history', () => {
    const x = f64([1, 2], true);
    const y = x.mul(2);
    y.add_(x).mul_(3);
    expect(String(y)).toContain('grad_fn=<MulBackward0>');
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([9, 9]);
  });

  it('make a constant part of the graph', () => {
    const x = f64([1, 2], true);
    const y = zeros([2], { dtype: 'float64' });
    y.add_(x);
    y.mul_(x);
    // The second op saved the first one's result, which it then overwrote.
    expect(() => y.sum().backward()).toThrow(/\[mul backward\] expected the saved tensor \[2\] at version 1, got version 2/);
    const z = zeros([2], { dtype: 'float64' });
    z.add_(x.mul(x));
    z.sum().backward();
    expect(numbers(x.grad)).toEqual([2, 4]);
  });

  it('are refused on leaves and on views of the graph', () => {
    const x = f64([1, 2], true);
    expect(() => x.add_(1)).toThrow(/\[add_\] expected a tensor that is not a leaf/);
    expect(() => x.mul(2).slice([0, 1]).add_(1)).toThrow(/\[add_\] expected a whole tensor, got a view/);
    const y = x.mul(2);
    const early = y.slice([0, 1]);
    y.add_(1);
    expect(() => early.mul(2)).toThrow(/expected a view of current values/);
    expect(numbers(y.slice([0, 1]))).toEqual([3]);
  });

  it('set_ is differentiable in the base and in the value', async () => {
    const build = (x: ReturnType<typeof leaf>, v: ReturnType<typeof leaf>): ReturnType<typeof leaf> => {
      const y = x.square();
      y.set_([0, [1, 3]], v.square());
      y.set_([1, 0], y.select(0, 0).clone().sum());
      return y.mul(y);
    };
    const inputs = [leaf([2, 3]), leaf([2])];
    await expect(gradcheck(build as never, inputs)).resolves.toBe(true);
    await expect(gradgradcheck(build as never, inputs)).resolves.toBe(true);
  });

  it('copy_, fill_ and zero_ cut or carry gradients', () => {
    const x = f64([1, 2], true);
    const y = x.mul(2);
    y.copy_(x.mul(5));
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([5, 5]);
    const z = x.mul(2);
    z.zero_();
    z.sum().backward();
    expect(numbers(x.grad)).toEqual([5, 5]);
  });

  it('trains the hand-written cross-correlation', () => {
    const image = f64([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    const k = f64(
      [
        [0, 1],
        [2, 3],
      ],
      true,
    );
    const y = zeros([2, 2], { dtype: 'float64' });
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 2; j++)
        y.set_(
          [i, j],
          image
            .slice([i, i + 2], [j, j + 2])
            .mul(k)
            .sum(),
        );
    expect(numbers(y)).toEqual([25, 31, 43, 49]);
    y.sum().backward();
    expect(numbers(k.grad)).toEqual([12, 16, 24, 28]);
  });
});

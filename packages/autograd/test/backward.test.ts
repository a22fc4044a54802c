import { grad } from '@konv/autograd';
import {
  abs,
  amax,
  clamp,
  div,
  exp,
  log,
  maximum,
  minimum,
  mul,
  noGrad,
  ones,
  pow,
  relu,
  sigmoid,
  sign,
  sqrt,
  sum,
  tensor,
  where,
  zeros,
} from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { f64 } from './support.js';

const numbers = (t: { dataSync(): ArrayLike<number> } | null): number[] => Array.from(t?.dataSync() ?? []);

describe('backward', () => {
  it('adds to the grad of every leaf', () => {
    const x = f64([1, 2, 3], true);
    const w = f64([4, 5, 6], true);
    const c = f64([7, 8, 9]);
    x.mul(w).add(c).sum().backward();
    expect(numbers(x.grad)).toEqual([4, 5, 6]);
    expect(numbers(w.grad)).toEqual([1, 2, 3]);
    expect(c.grad).toBeNull();
    x.mul(2).sum().backward();
    expect(numbers(x.grad)).toEqual([6, 7, 8]);
  });

  it('keeps the identity of grad over accumulation, and the gradient itself apart from what the user holds', () => {
    const x = f64([1, 2], true);
    const dy = f64([1, 1]);
    x.add(0).backward(dy);
    const first = x.grad;
    dy.fill_(9);
    expect(numbers(first)).toEqual([1, 1]);
    x.add(0).backward(f64([1, 1]));
    expect(x.grad).toBe(first);
    expect(numbers(first)).toEqual([2, 2]);
    // Two leaves with the same gradient do not share it.
    const [a, b] = [f64([1, 2], true), f64([1, 2], true)];
    a.add(b).backward(dy);
    a.grad?.zero_();
    expect(numbers(b.grad)).toEqual([9, 9]);
  });

  it('stores an expanded gradient row-major', () => {
    const x = f64(
      [
        [1, 2],
        [3, 4],
      ],
      true,
    );
    x.sum().backward();
    expect(x.grad?.isContiguous).toBe(true);
    expect(numbers(x.grad)).toEqual([1, 1, 1, 1]);
  });

  it('takes a leaf as its own root', () => {
    const x = f64(3, true);
    x.backward();
    x.backward(f64(2));
    expect(x.grad?.itemSync()).toBe(3);
  });

  it('sums over all paths of a diamond, however often a node is used', () => {
    const x = f64([2], true);
    const a = x.mul(3);
    const b = a.mul(a).add(a);
    b.mul(a).sum().backward();
    // (9 x^2 + 3 x) 3 x = 27 x^3 + 9 x^2
    expect(numbers(x.grad)).toEqual([81 * 4 + 18 * 2]);
  });

  it('broadcasts back: each operand gets its own shape and dtype', () => {
    const x = f64([[1], [2]], true);
    const b = tensor([1, 2, 3], { requiresGrad: true });
    x.mul(b).sum().backward();
    expect(x.grad?.shape).toEqual([2, 1]);
    expect(numbers(x.grad)).toEqual([6, 6]);
    expect(b.grad?.dtype).toBe('float32');
    expect(numbers(b.grad)).toEqual([3, 3, 3]);
  });

  it('runs inside noGrad, and records nothing of the pass', () => {
    const x = f64([2], true);
    const y = x.square().sum();
    noGrad(() => y.backward());
    expect(x.grad?.requiresGrad).toBe(false);
    expect(numbers(x.grad)).toEqual([4]);
  });

  it('lets NaN and infinity through', () => {
    const x = f64([Number.NaN, Number.POSITIVE_INFINITY, 0], true);
    x.mul(x).sum().backward();
    expect(numbers(x.grad)).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0]);
  });

  it('passes gradients of empty tensors', () => {
    const x = zeros([0, 3], { dtype: 'float64', requiresGrad: true });
    const b = f64([1, 2, 3], true);
    x.add(b).sum().backward();
    expect(x.grad?.shape).toEqual([0, 3]);
    expect(numbers(b.grad)).toEqual([0, 0, 0]);
  });

  it('does not record what cannot have a gradient', () => {
    const x = f64([1.5], true);
    expect(x.cast('int32').requiresGrad).toBe(false);
    expect(x.gt(1).requiresGrad).toBe(false);
    expect(x.detach().mul(2).requiresGrad).toBe(false);
    expect(x.max(0).indices.requiresGrad).toBe(false);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
  });
});

describe("PyTorch's conventions where derivatives do not exist", () => {
  const at = (xs: number[], f: (x: ReturnType<typeof f64>) => ReturnType<typeof f64>): number[] => {
    const x = f64(xs, true);
    f(x).sum().backward();
    return numbers(x.grad);
  };
  it('kinks', () => {
    expect(at([-1, 0, 2], relu)).toEqual([0, 0, 1]);
    expect(at([-1, 0, 2], abs)).toEqual([-1, 0, 1]);
    expect(at([-1, 0, 2], sign)).toEqual([0, 0, 0]);
    expect(at([-2, -1, 0, 1, 2], (x) => clamp(x, -1, 1))).toEqual([0, 1, 1, 1, 0]);
  });
  it('ties', () => {
    expect(at([1, 2, 2], (x) => maximum(x, f64([2, 2, 1])))).toEqual([0, 0.5, 1]);
    expect(at([1, 2, 2], (x) => minimum(x, f64([2, 2, 1])))).toEqual([1, 0.5, 0]);
    expect(at([1, 2, 2], (x) => amax(x))).toEqual([0, 0.5, 0.5]);
    expect(at([1, 2, 2], (x) => x.max(0).values)).toEqual([0, 1, 0]);
    expect(at([Number.NaN, 2], (x) => maximum(x, 1))).toEqual([1, 1]);
  });
  it('powers at 0', () => {
    expect(at([0, 2], (x) => pow(x, 0))).toEqual([0, 0]);
    expect(at([0, 2], (x) => pow(x, 1))).toEqual([1, 1]);
    expect(at([0, 2], (x) => pow(x, 2))).toEqual([0, 4]);
    expect(at([0, 2], (x) => pow(x, f64([0, 0])))).toEqual([0, 0]);
    expect(at([2, 0], (b) => pow(f64([0, 0]), b))).toEqual([0, 0]);
    expect(at([2, -1], (b) => pow(0, b))).toEqual([0, Number.NEGATIVE_INFINITY]);
    expect(at([2], (b) => pow(-2, b))).toEqual([Number.NaN]);
  });
  it('the edges of domains', () => {
    expect(at([0], sqrt)).toEqual([Number.POSITIVE_INFINITY]);
    expect(at([0], log)).toEqual([Number.POSITIVE_INFINITY]);
    expect(at([-1], log)).toEqual([-1]);
    expect(at([0], (x) => div(1, x))).toEqual([Number.NEGATIVE_INFINITY]);
    expect(at([1000], sigmoid)).toEqual([0]);
    expect(at([-1000], exp)).toEqual([0]);
    // The road not taken: its infinite slope times 0 is NaN, in PyTorch too.
    expect(at([0], (x) => where(x.gt(0), log(x), x))).toEqual([Number.NaN]);
  });
});

describe('grad', () => {
  it('gives gradients of leaves and non-leaves without touching grad', () => {
    const x = f64([1, 2], true);
    const h = x.mul(3);
    const y = h.square().sum();
    const [dx, dh] = grad(y, [x, h]);
    expect(numbers(dx)).toEqual([18, 36]);
    expect(numbers(dh)).toEqual([6, 12]);
    expect(x.grad).toBeNull();
  });

  it('weighs several outputs', () => {
    const x = f64([1, 2], true);
    const [dx] = grad([x.mul(2), x.sum()], x, { gradOutputs: [f64([1, 10]), null] });
    expect(numbers(dx)).toEqual([3, 21]);
  });

  it('gives each request its own tensor', () => {
    const x = f64([1, 2], true);
    const weight = f64([1, 1]);
    const y = x.add(0);
    const [a, b, itself] = grad(y, [x, x, y], { gradOutputs: weight });
    a.fill_(5);
    weight.fill_(7);
    expect([numbers(b), numbers(itself)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('goes only where it must', () => {
    const x = f64([1, 2], true);
    const w = f64([3, 4], true);
    const kept = x.mul(w);
    // The gradient of w needs x, not w: changing w is no obstacle.
    noGrad(() => w.add_(1));
    expect(numbers(grad(kept.sum(), w, { retainGraph: true })[0])).toEqual([1, 2]);
    expect(() => grad(kept.sum(), x)).toThrow(/at version 0, got version 1/);
  });

  it('refuses what has no gradient', () => {
    const x = f64([1, 2], true);
    const other = f64([1], true);
    expect(() => grad(x.sum(), other)).toThrow(/\[grad\] expected the outputs to depend on every input, got input 0 of shape \[1\]/);
    expect(grad(x.sum(), [other, x], { allowUnused: true }).map((g) => g === null)).toEqual([true, false]);
    expect(() => grad(x.sum(), f64([1]))).toThrow(/\[grad\] expected inputs that require grad, got input 0/);
    expect(() => grad(x.sum(), [])).toThrow(/\[grad\] expected inputs to be a tensor or a non-empty array/);
    expect(() => grad([x.sum(), x], x, { gradOutputs: [null] })).toThrow(/one of gradOutputs for each of 2 outputs, got 1/);
  });
});

describe('errors of backward', () => {
  const x = f64([1, 2], true);
  const cases: [string, () => void, string, RegExp][] = [
    ['no graph', () => f64([1]).backward(), 'GradError', /^\[backward\] expected a tensor that requires grad, got one of shape \[1\]/],
    ['not a scalar', () => x.mul(2).backward(), 'GradError', /^\[backward\] expected a scalar, got shape \[2\] without a gradient; /],
    [
      'wrong shape',
      () => x.mul(2).backward(f64([1])),
      'ShapeError',
      /^\[backward\] expected a gradient of the tensor's shape \[2\], got \[1\]/,
    ],
    [
      'wrong dtype',
      () => x.mul(2).backward(ones([2])),
      'DTypeError',
      /^\[backward\] expected a gradient of the tensor's dtype float64, got float32/,
    ],
    ['not a tensor', () => x.mul(2).backward([1, 1] as never), 'DTypeError', /^\[backward\] expected the gradient to be a tensor/],
    [
      'freed',
      () => {
        const y = x.sum();
        y.dispose();
        y.backward();
      },
      'DisposedError',
      /^\[backward\] expected a live tensor/,
    ],
    [
      'second backward',
      () => {
        const y = x.mul(x).sum();
        y.backward();
        y.backward();
      },
      'GradError',
      /^\[mul backward\] .* pass \{ retainGraph: true \} to the earlier call$/,
    ],
    [
      'grad of another shape',
      () => {
        const z = f64([1, 2], true);
        z.grad = f64([1]);
        z.sum().backward();
      },
      'GradError',
      /^\[backward\] expected the present grad of a leaf to be \[2\] float64/,
    ],
  ];
  it.each(cases)('%s', (_what, run, name, message) => {
    let error: Error | null = null;
    try {
      run();
    } catch (e) {
      error = e as Error;
    }
    expect(error?.name).toBe(name);
    expect(error?.message).toMatch(message);
  });

  it('leaves every grad as it was', () => {
    const a = f64([1, 2], true);
    const b = f64([3, 4], true);
    const y = a.mul(2).add(exp(b)).sum();
    a.grad = f64([5, 5]);
    b.grad = f64([1]);
    expect(() => y.backward(null, { retainGraph: true })).toThrow(/zeroGrad/);
    expect(numbers(a.grad)).toEqual([5, 5]);
    b.grad = null;
    y.backward();
    expect(numbers(a.grad)).toEqual([7, 7]);
    expect(numbers(b.grad)).toEqual([Math.exp(3), Math.exp(4)]);
  });

  it('allows a second backward through ops that saved nothing, or with retainGraph', () => {
    const a = f64([1, 2], true);
    const s = sum(a.add(1));
    s.backward();
    s.backward();
    expect(numbers(a.grad)).toEqual([2, 2]);
    const y = mul(a, a).sum();
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(numbers(a.grad)).toEqual([6, 10]);
    expect(() => y.backward()).toThrow(/retainGraph/);
  });
});

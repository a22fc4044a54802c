import { defineFunction, type FunctionContext, grad, gradcheck, gradgradcheck } from '@konv/autograd';
import { exp, noGrad, scope, type Tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { balanced, f64, leaf } from './support.js';

const numbers = (t: { dataSync(): ArrayLike<number> } | null): number[] => Array.from(t?.dataSync() ?? []);

const cube = defineFunction({
  name: 'Cube',
  forward: (ctx, x: Tensor) => {
    ctx.saveForBackward(x);
    return x.mul(x).mul(x);
  },
  backward: (ctx, dy) => {
    const [x] = ctx.savedTensors;
    return dy.mul((x as Tensor).mul(x as Tensor).mul(3));
  },
});

/** Saves its output, has a number among its inputs and two outputs. */
const scaled = defineFunction({
  name: 'Scaled',
  forward: (ctx: FunctionContext, x: Tensor, factor: number, w: Tensor) => {
    const y = exp(x).mul(factor);
    ctx.factor = factor;
    ctx.saveForBackward(y, w, null);
    return [y, w.mul(2)];
  },
  backward: (ctx, dy, dw) => {
    const [y] = ctx.savedTensors;
    return [ctx.needsInputGrad[0] ? dy.mul(y as Tensor) : null, null, dw.mul(2)];
  },
});

describe('defineFunction', () => {
  it('has the gradient that it says, to second order', async () => {
    await expect(gradcheck(cube, [leaf([2, 3])])).resolves.toBe(true);
    await expect(gradgradcheck(cube, [leaf([2, 3])])).resolves.toBe(true);
    const fn = (x: Tensor, w: Tensor): readonly Tensor[] => scaled(x, 2, w);
    await expect(gradcheck(fn, [leaf([2]), leaf([3])])).resolves.toBe(true);
    await expect(gradgradcheck(fn, [leaf([2]), leaf([3])])).resolves.toBe(true);
  });

  it('records nothing inside, and one node outside', () => {
    const x = f64([2], true);
    const y = cube(x);
    expect(String(y)).toContain('grad_fn=<CubeBackward>');
    expect(noGrad(() => cube(x)).requiresGrad).toBe(false);
    expect(cube(f64([2])).requiresGrad).toBe(false);
    y.backward();
    expect(numbers(x.grad)).toEqual([12]);
  });

  it('gets zeros for an output that was not used', () => {
    const x = f64([0, 0], true);
    const w = f64([1], true);
    const [y] = scaled(x, 3, w);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([3, 3]);
    expect(numbers(w.grad)).toEqual([0]);
  });

  it('checks versions and freed graphs', () => {
    const h = f64([2], true).mul(1);
    const y = cube(h);
    noGrad(() => h.add_(1));
    expect(() => y.backward()).toThrow(/\[Cube backward\] expected the saved tensor \[1\] at version 0, got version 1/);
    const z = cube(f64([2], true));
    z.backward();
    expect(() => z.backward()).toThrow(/\[Cube backward\] .*retainGraph/);
  });

  it('may pass an input through, and mark outputs as constant', () => {
    const flip = defineFunction({
      name: 'ReverseGradient',
      forward: (_ctx, x: Tensor) => x,
      backward: (_ctx, dy) => dy.neg(),
    });
    const x = f64([1, 2], true);
    const y = flip(x);
    expect(y).not.toBe(x);
    y.sum().backward();
    expect(numbers(x.grad)).toEqual([-1, -1]);
    const split = defineFunction({
      name: 'Split',
      forward: (ctx, a: Tensor) => {
        const outputs = [a.mul(2), a.mul(3), a.argmax()];
        ctx.markNonDifferentiable(outputs[1]);
        return outputs;
      },
      backward: (_ctx, dy) => dy.mul(2),
    });
    expect(split(x).map((t) => t.requiresGrad)).toEqual([true, false, false]);
  });

  it('leaks nothing', async () => {
    await balanced(() => {
      const x = leaf([3]);
      const y = scope(() => cube(x).sum());
      const [g] = grad(y, x, { createGraph: true });
      for (const t of [y, g, x]) t.dispose();
    });
  });

  it('refuses gradients that do not fit', () => {
    const bad = (backward: (dy: Tensor) => unknown): (() => void) => {
      const f = defineFunction({
        name: 'Bad',
        forward: (_c, x: Tensor) => x.mul(2),
        backward: (_c, dy) => backward(dy) as Tensor,
      });
      return () =>
        f(f64([1, 2], true))
          .sum()
          .backward();
    };
    expect(bad((dy) => [dy, dy])).toThrow('[Bad backward] expected one gradient (or null) for each of 1 inputs, got 2');
    expect(bad(() => 3)).toThrow('[Bad backward] expected a tensor or null for input 0, got number');
    expect(bad((dy) => dy.sum())).toThrow('[Bad backward] expected a gradient of shape [2] and dtype float64 for input 0, got [] float64');
    expect(bad((dy) => dy.cast('float32'))).toThrow('got [2] float32');
    const wrong = defineFunction({ name: 'Wrong', forward: () => 3 as never, backward: () => null });
    expect(() => wrong()).toThrow('[Wrong] expected forward to return a tensor or an array of tensors, got number');
  });

  it('opens saved tensors in backward only', () => {
    const peek = defineFunction({
      name: 'Peek',
      forward: (ctx, x: Tensor) => {
        ctx.saveForBackward(x);
        return ctx.savedTensors[0] as Tensor;
      },
      backward: (_c, dy) => dy,
    });
    expect(() => peek(f64([1], true))).toThrow(/\[savedTensors\] expected to be in backward/);
  });
});

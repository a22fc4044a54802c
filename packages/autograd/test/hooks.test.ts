import { isKonvError, type KonvError, memory, noGrad, scope, type Tensor, tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { defineFunction, grad } from '../src/index.js';
import './support.js';

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });
function thrown(fn: () => unknown): KonvError {
  try {
    fn();
  } catch (e) {
    if (isKonvError(e)) return e;
    throw e;
  }
  return expect.fail('expected an error, got none');
}
const values = (t: Tensor | null): number[] => [...(t as Tensor).dataSync()];

describe('registerHook', () => {
  it('sees the complete gradient of a leaf, once a pass', () => {
    const x = leaf(1, 2);
    const seen: number[][] = [];
    x.registerHook((g) => void seen.push(values(g)));
    const y = x.mul(3).add(x.square()).add(x);
    y.sum().backward();
    expect(seen).toEqual([[6, 8]]);
    expect(values(x.grad)).toEqual([6, 8]);
    x.mul(2).sum().backward();
    expect(seen).toEqual([
      [6, 8],
      [2, 2],
    ]);
    expect(values(x.grad)).toEqual([8, 10]);
  });
  it('sees and replaces the gradient of what was computed, before it goes on', () => {
    const x = leaf(1, 2);
    const h = x.mul(2);
    let seen: Tensor | null = null;
    h.registerHook((g) => {
      seen = g;
      return g.mul(10);
    });
    h.mul(3).add(h).sum().backward();
    expect(values(seen)).toEqual([4, 4]);
    expect(values(x.grad)).toEqual([80, 80]);
  });
  it('runs in the order of registration, each with what the one before gave; removal takes one away', () => {
    const x = leaf(1);
    const order: string[] = [];
    const remove = x.registerHook((g) => {
      order.push(`a ${values(g)}`);
      return g.add(1);
    });
    const twice = (g: Tensor): Tensor => {
      order.push(`b ${values(g)}`);
      return g.mul(2);
    };
    x.registerHook(twice);
    const removeSecond = x.registerHook(twice);
    x.mul(5).backward();
    expect(order).toEqual(['a 5', 'b 6', 'b 12']);
    expect(values(x.grad)).toEqual([24]);
    order.length = 0;
    remove();
    remove();
    removeSecond();
    x.grad = null;
    x.mul(5).backward();
    expect(order).toEqual(['b 5']);
    expect(values(x.grad)).toEqual([10]);
  });
  it('of several tensors: each as soon as its gradient is complete', () => {
    const a = leaf(1);
    const b = leaf(2);
    const order: string[] = [];
    const h = a.mul(3);
    const y = h.mul(b);
    a.registerHook(() => void order.push('a'));
    b.registerHook(() => void order.push('b'));
    h.registerHook(() => void order.push('h'));
    y.registerHook(() => void order.push('y'));
    y.backward();
    expect(order).toEqual(['y', 'b', 'h', 'a']);
  });
  it('of each output of a function with several', () => {
    const both = defineFunction({
      name: 'Both',
      forward: (_, x: Tensor) => [x.mul(2), x.mul(3)] as [Tensor, Tensor],
      backward: (_, a, b) => a.mul(2).add(b.mul(3)),
    });
    const x = leaf(1);
    const [p, q] = both(x);
    const seen: string[] = [];
    q.registerHook((g) => {
      seen.push(`q ${values(g)}`);
      return g.mul(0);
    });
    p.registerHook((g) => void seen.push(`p ${values(g)}`));
    p.add(q.mul(7)).backward();
    expect(seen.sort()).toEqual(['p 1', 'q 7']);
    expect(values(x.grad)).toEqual([2]);
  });
  it('counts for grad(), too, for inputs in the middle and leaves', () => {
    const x = leaf(2);
    const h = x.square();
    x.registerHook((g) => g.mul(100));
    h.registerHook((g) => g.add(1));
    const [dh, dx] = grad(h.mul(3), [h, x]);
    expect(values(dh)).toEqual([4]);
    expect(values(dx)).toEqual([1600]);
    expect(x.grad).toBe(null);
  });
  it('a root that is a leaf', () => {
    const x = leaf(2);
    x.registerHook((g) => g.mul(4));
    x.backward();
    expect(values(x.grad)).toEqual([4]);
  });
  it('is differentiated under createGraph', () => {
    const x = leaf(3);
    const h = x.square();
    h.registerHook((g) => g.mul(x));
    // d = 2 x (dy x) with dy = 1: 2 x^2, whose derivative is 4 x.
    const [d] = grad(h, x, { createGraph: true });
    expect(values(d)).toEqual([18]);
    expect(values(grad(d, x)[0])).toEqual([12]);
  });
  it('what a hook keeps or makes lives as long as the scope around the pass', () => {
    const x = leaf(1, 2);
    const kept: Tensor[] = [];
    x.mul(2).registerHook(() => {});
    scope(() => {
      const h = x.mul(2);
      h.registerHook((g) => void kept.push(g, g.square()));
      h.sum().backward();
      expect(kept.map((t) => values(t))).toEqual([
        [1, 1],
        [1, 1],
      ]);
    });
    expect(kept.map((t) => t.disposed)).toEqual([true, true]);
    const h = x.mul(3);
    h.registerHook((g) => void kept.push(g.add(1)));
    h.sum().backward();
    expect(values(kept[2])).toEqual([2, 2]);
  });
  it('runs without recording, and may free what the graph hangs on', () => {
    const x = leaf(1);
    const h = x.mul(2);
    const y = h.mul(3);
    h.registerHook((g) => {
      expect(g.requiresGrad).toBe(false);
      expect(g.mul(x).requiresGrad).toBe(false);
      h.dispose();
      y.dispose();
    });
    y.backward();
    expect(values(x.grad)).toEqual([6]);
  });
  it('a change in place belongs to the tensor as it was', () => {
    const x = leaf(1);
    const h = x.mul(2);
    const seen: number[][] = [];
    h.registerHook((g) => void seen.push(values(g)));
    h.mul_(5);
    h.backward();
    expect(seen).toEqual([[5]]);
  });
  it('an error in a hook ends the pass, and every grad is as it was', () => {
    const x = leaf(1);
    const w = leaf(2);
    w.mul(1).backward();
    const before = memory().tensors;
    scope(() => {
      const h = x.mul(w);
      h.registerHook(() => {
        throw new RangeError('mine');
      });
      expect(() => h.add(w).backward()).toThrow(RangeError);
    });
    expect(memory().tensors).toBe(before);
    expect(x.grad).toBe(null);
    expect(values(w.grad)).toEqual([1]);
    x.mul(w).backward();
    expect(values(x.grad)).toEqual([2]);
  });
  it('refuses replacements that do not fit', () => {
    const run = (result: (g: Tensor) => unknown): string => {
      const h = leaf(1, 2).mul(2);
      h.registerHook(result as (g: Tensor) => Tensor);
      return thrown(() => h.sum().backward()).message;
    };
    expect(run((g) => g.sum())).toMatch(/^\[registerHook\] expected a hook to return a gradient of shape \[2\], got \[\]/);
    expect(run((g) => g.cast('float64'))).toMatch(/of dtype float32, got float64; cast it/);
    expect(run(() => 3)).toMatch(/a tensor or nothing, got number/);
    const freed = (g: Tensor): Tensor => {
      const t = g.mul(2);
      t.dispose();
      return t;
    };
    expect(run(freed)).toMatch(/^\[registerHook\] expected a live tensor, got one of shape \[2\] that was freed/);
  });
  it('refuses tensors that get no gradient, and what is no function', () => {
    expect(thrown(() => tensor([1]).registerHook(() => {})).message).toMatch(/^\[registerHook\] expected a tensor that requires grad, got/);
    expect(thrown(() => leaf(1).registerHook(3 as never)).message).toMatch(/expected a function of the gradient, got number/);
    const gone = leaf(1);
    gone.dispose();
    expect(thrown(() => gone.registerHook(() => {})).name).toBe('DisposedError');
    noGrad(() =>
      expect(
        thrown(() =>
          leaf(1)
            .mul(2)
            .registerHook(() => {}),
        ).name,
      ).toBe('GradError'),
    );
  });
  it('leaves nothing behind in a thousand steps', () => {
    const x = leaf(1, 2, 3);
    x.registerHook((g) => g.mul(0.5));
    const step = (): void =>
      scope(() => {
        const h = x.mul(2);
        h.registerHook((g) => g.add(1));
        h.square().sum().backward();
        x.grad = null;
      });
    step();
    const before = memory();
    for (let i = 0; i < 1000; i++) step();
    expect(memory()).toEqual(before);
  });
});

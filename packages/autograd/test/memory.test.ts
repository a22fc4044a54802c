import { defineFunction, grad } from '@konv/autograd';
import { crossEntropy, getBackend, memory, mul, scope, type Tensor } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { balanced, constant, f64, int32, leaf } from './support.js';

const live = (): number => memory().tensors;

describe('what the tape holds', () => {
  it('frees everything with the scope, graph and all', async () => {
    await balanced(() => {
      const w = leaf([3, 3]);
      for (let k = 0; k < 3; k++) {
        scope(() => {
          w.matmul(w).sigmoid().sum().backward();
          w.grad = null;
        });
        scope(() => void w.exp().mul(w).sum());
        scope(() => void grad(w.exp().sum(), w, { createGraph: true }));
      }
      w.dispose();
    });
  });

  it('keeps saved values alive when their handles go, and frees them with the last handle of the graph', () => {
    const before = live();
    const x = leaf([2, 2]);
    const y = scope(() => x.exp().mul(x.sigmoid()).sum());
    // x, exp, sigmoid and the sum: products and handles in between are gone.
    expect(live() - before).toBe(4);
    const again = scope(() => grad(y, x, { retainGraph: true })[0]);
    expect(live() - before).toBe(5);
    again.dispose();
    y.dispose();
    expect(live() - before).toBe(1);
    x.dispose();
    expect(live()).toBe(before);
  });

  it('frees saved values in the course of backward', () => {
    const before = live();
    const x = leaf([2]);
    const y = scope(() => x.exp().exp().exp().sum());
    expect(live() - before).toBe(5);
    y.backward();
    // x, its grad and y.
    expect(live() - before).toBe(3);
    y.dispose();
    x.grad = null;
    x.dispose();
    expect(live()).toBe(before);
  });

  it('needs one gradient at a time in a chain', () => {
    const x = leaf([1000]);
    const y = scope(() => {
      let h: Tensor = x;
      for (let k = 0; k < 50; k++) h = h.tanh();
      return h.sum();
    });
    const backend = getBackend();
    const alloc = backend.alloc.bind(backend);
    const start = memory().bytes;
    let peak = 0;
    backend.alloc = (request) => {
      const buffer = alloc(request);
      peak = Math.max(peak, memory().bytes - start);
      return buffer;
    };
    try {
      y.backward();
    } finally {
      backend.alloc = alloc;
    }
    // The incoming gradient, the outgoing one and the scalar seed; saved values only go.
    expect(peak).toBeLessThanOrEqual(2 * 8000 + 64);
    y.dispose();
    x.grad = null;
    x.dispose();
  });

  it('leaks nothing when a rule throws in mid-pass', async () => {
    const fail = defineFunction({
      name: 'Fail',
      forward: (_ctx, x: Tensor) => x.clone(),
      backward: () => {
        throw new Error('as planned');
      },
    });
    await balanced(() => {
      const x = leaf([3]);
      scope(() => {
        const y = fail(x.exp()).mul(x.exp()).sum();
        expect(() => y.backward()).toThrow('as planned');
        expect(x.grad).toBeNull();
      });
      x.dispose();
    });
  });

  it('leaks nothing when an op fails after it was recorded', async () => {
    await balanced(() => {
      const x = leaf([2, 2]);
      const backend = getBackend();
      const matmul = backend.matmul.bind(backend);
      backend.matmul = () => {
        throw new Error('out of luck');
      };
      try {
        expect(() => scope(() => x.exp().matmul(x))).toThrow('out of luck');
      } finally {
        backend.matmul = matmul;
      }
      x.dispose();
    });
  });

  it('counts the same after fused ops, recorded or not', async () => {
    await balanced(() => {
      const x = leaf([4, 3]);
      const loss = scope(() => crossEntropy(x, int32([0, 1, 2, 1])));
      const [g] = scope(() => grad(loss, x, { createGraph: true }));
      scope(() => g.square().sum().backward());
      for (const t of [loss, g, x.grad as Tensor, x]) t.dispose();
    });
  });

  it('does not hold handles: a leaf freed in between gets no gradient', async () => {
    await balanced(() => {
      const w = leaf([2]);
      const x = leaf([2]);
      const y = scope(() => mul(x, w).sum());
      x.dispose();
      y.backward();
      expect(w.grad).not.toBeNull();
      expect(x.grad).toBeNull();
      w.grad = null;
      w.dispose();
      y.dispose();
    });
  });
});

describe('deep graphs', () => {
  it('of 100 000 ops: forward, backward, release, without recursion', async () => {
    await balanced(() => {
      const x = f64(1, true);
      const build = (): Tensor => {
        let y: Tensor = x;
        for (let k = 0; k < 100_000; k++) {
          const next = y.add(1);
          if (y !== x) y.dispose();
          y = next;
        }
        return y;
      };
      const y = build();
      y.backward();
      expect(x.grad?.itemSync()).toBe(1);
      y.dispose();
      // A graph of which only the end is held goes with it.
      const end = build();
      const product = end.mul(x);
      end.dispose();
      product.dispose();
      x.grad = null;
      x.dispose();
    });
  });

  it('of 20 000 ops that save values, held by one handle', async () => {
    await balanced(() => {
      const x = f64(0.5, true);
      const y = scope(() => {
        let h: Tensor = x;
        for (let k = 0; k < 20_000; k++) h = h.mul(x);
        return h;
      });
      expect(live()).toBeGreaterThan(20_000);
      y.dispose();
      x.dispose();
    });
  });

  it('1 000 training steps leave the count where it was', async () => {
    await balanced(() => {
      const w = leaf([3, 4]);
      const data = constant([8, 3]);
      const step = (): void =>
        scope(() => {
          const loss = data.matmul(w).tanh().square().sum();
          w.grad = null;
          loss.backward();
        });
      step();
      const settled = live();
      for (let k = 0; k < 1000; k++) step();
      expect(live()).toBe(settled);
      w.grad = null;
      w.dispose();
      data.dispose();
    });
  });
});

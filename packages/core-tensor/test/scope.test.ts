import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  abi,
  currentScope,
  DisposedError,
  keep,
  memory,
  noGrad,
  ones,
  Parameter,
  Scope,
  scope,
  ScopeError,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.js';
import { freshBackend, live, refusal } from './support.js';

let backend = '';
beforeEach(() => {
  backend = freshBackend();
});
afterEach(() => {
  expect(abi.scopes, 'scopes left open').toEqual([]);
  expect(abi.openHandle).toBeNull();
});

describe('scope(fn)', () => {
  it('frees what was born inside and returns what fn returns', () => {
    let inner: Tensor | null = null;
    const y = scope(() => {
      inner = ones([3]);
      return inner.add(1);
    });
    expect(live(backend)).toBe(1);
    expect((inner as unknown as Tensor).disposed).toBe(true);
    expect(Array.from(y.dataSync())).toEqual([2, 2, 2]);
    y.dispose();
    expect(live(backend)).toBe(0);
  });

  it('lets tensors escape in arrays, Maps, Sets and plain objects, however deep, and cyclic ones', () => {
    const cyclic: { t: Tensor | null; self: unknown } = { t: null, self: null };
    const out = scope(() => {
      cyclic.t = ones([1]);
      cyclic.self = cyclic;
      const bare = Object.assign(Object.create(null), { t: ones([2]) });
      return {
        list: [ones([3]), [ones([4])]],
        map: new Map([['k', ones([5])]]),
        set: new Set([ones([6])]),
        bare,
        cyclic,
        n: 1,
        nothing: null,
      };
    });
    expect(live(backend)).toBe(6);
    expect([out.list[0], out.map.get('k'), ...out.set, out.bare.t, cyclic.t].every((t) => !(t as Tensor).disposed)).toBe(true);
    class Holder {
      t = ones([7]);
    }
    const held = scope(() => new Holder());
    expect(held.t.disposed).toBe(true);
    expect(live(backend)).toBe(6);
  });

  it('hands what it returns to the scope around it, not beyond', () => {
    scope(() => {
      const t = scope(() => scope(() => ones([2])));
      expect(t.scope).toBe(currentScope());
      expect(live(backend)).toBe(1);
    });
    expect(live(backend)).toBe(0);
  });

  it('leaves alone what belongs elsewhere, though it be returned', () => {
    scope(() => {
      const outer = ones([2]);
      expect(scope(() => outer)).toBe(outer);
      expect(scope(() => [outer, outer])[1].disposed).toBe(false);
    });
    expect(live(backend)).toBe(0);
  });

  it('frees on throw, and the error passes through as it is', () => {
    const boom = new Error('boom');
    const run = (): void =>
      scope(() => {
        ones([3]);
        scope(() => {
          zeros([4]);
          throw boom;
        });
      });
    expect(run).toThrow(boom);
    expect(live(backend)).toBe(0);
  });

  it('frees on throw with a handle left open inside; the error is not masked', () => {
    const boom = new Error('boom');
    expect(() =>
      scope(() => {
        scope();
        ones([2]);
        throw boom;
      }),
    ).toThrow(boom);
    expect(live(backend)).toBe(0);
    using s = scope();
    expect(s.closed).toBe(false);
  });

  it('refuses a handle left open inside, and closes it', () => {
    let inner: Scope | null = null;
    const e = refusal(() =>
      scope(() => {
        inner = scope();
        ones([2]);
      }),
    );
    expect(e).toBeInstanceOf(ScopeError);
    expect((inner as unknown as Scope).closed).toBe(true);
    expect(live(backend)).toBe(0);
  });

  it('refuses a promise, frees, and keeps what goes on inside from ending the program', async () => {
    let later: Promise<unknown> = Promise.resolve();
    const e = refusal(() =>
      scope(() => {
        const t = ones([2]);
        later = (async () => {
          await null;
          return t.add(1);
        })();
        return later;
      }),
    );
    expect(e).toBeInstanceOf(ScopeError);
    expect(e.message).toMatch(/promise.*new Scope\(\)/);
    expect(live(backend)).toBe(0);
    await expect(later).rejects.toThrow(DisposedError);
    expect(refusal(() => noGrad(() => Promise.reject(new Error('unseen')))).message).toMatch(/\[noGrad\].*promise/);
  });

  it('keeps what was given to keep, Parameters and their gradients', () => {
    const [kept, p] = scope(() => {
      const t = keep(ones([2]));
      const q = new Parameter(ones([3]));
      q.grad = ones([3]);
      return [() => t, () => q] as const;
    });
    expect(live(backend)).toBe(3);
    expect([kept().disposed, p().disposed, p().grad?.disposed]).toEqual([false, false, false]);
    expect([kept().kept, p().kept]).toEqual([true, true]);
  });

  it('frees a gradient that a new one replaces, unless somebody kept it', () => {
    const p = new Parameter(ones([3]));
    p.grad = ones([3]);
    p.grad = zeros([3]);
    const before = live(backend);
    const mine = p.grad.keep();
    p.grad = null;
    expect(live(backend)).toBe(before);
    expect(mine.disposed).toBe(false);
    p.grad = ones([3]);
    p.grad = null;
    expect(live(backend)).toBe(before);
    expect(refusal(() => (p.grad = 3 as never)).name).toBe('GradError');
    expect(p.grad).toBeNull();
  });

  it('names op and scope when something is used after its end', () => {
    let t: Tensor | null = null;
    scope(() => {
      t = ones([2, 3]);
    }, 'my step');
    const e = refusal(() => (t as unknown as Tensor).relu());
    expect(e).toBeInstanceOf(DisposedError);
    expect(e.message).toBe(
      '[relu] expected a live tensor, got one of shape [2, 3] that was freed by the end of my step; return it from the scope, or keep(t) it there',
    );
  });

  it('counts its members exactly through thousands of births and deaths', () => {
    const s = new Scope();
    s.run(() => {
      const few = [ones([1]), ones([1])];
      for (let i = 0; i < 5000; i++) ones([1]).dispose();
      expect(s.size).toBe(2);
      few[0].keep();
      expect(s.size).toBe(1);
    });
    s.dispose();
    expect(live(backend)).toBe(1);
  });
});

describe('using s = scope()', () => {
  it('spans awaits as the only one', async () => {
    {
      using _s = scope();
      const t = ones([2]);
      await new Promise((r) => setTimeout(r, 2));
      t.add(1);
      expect(live(backend)).toBe(2);
      expect(refusal(() => scope())).toBeInstanceOf(ScopeError);
      expect(scope(() => ones([1])).disposed).toBe(false);
    }
    expect(live(backend)).toBe(0);
  });

  it('closes on throw across an await', async () => {
    const boom = new Error('boom');
    const task = async (): Promise<void> => {
      using _s = scope();
      ones([2]);
      await null;
      throw boom;
    };
    await expect(task()).rejects.toBe(boom);
    expect(live(backend)).toBe(0);
  });

  it('refuses a second one from another task, and the first goes on', async () => {
    let release: () => void = () => {};
    const first = (async () => {
      using _s = scope();
      const t = ones([2]);
      await new Promise<void>((r) => {
        release = r;
      });
      return t.disposed;
    })();
    const second = (async () => {
      using _s = scope();
    })();
    await expect(second).rejects.toThrow(/expected no other open `using` scope, got "scope \d+"/);
    release();
    expect(await first).toBe(false);
    expect(live(backend)).toBe(0);
  });

  it('refuses to close out of order, and can then be closed in order', () => {
    const outer = scope();
    const e = refusal(() => scope(() => outer.dispose(), 'inner'));
    expect(e).toBeInstanceOf(ScopeError);
    expect(e.message).toMatch(/expected "inner" to be closed before/);
    expect(outer.closed).toBe(false);
    outer.dispose();
    outer.dispose();
    expect(outer.closed).toBe(true);
    expect(refusal(() => outer.run(() => 1))).toBeInstanceOf(ScopeError);
  });
});

describe('new Scope()', () => {
  it('serves concurrent tasks, each its own tensors', async () => {
    const task = async (ms: number): Promise<number> => {
      const s = new Scope();
      const x = s.run(() => ones([4]));
      await new Promise((r) => setTimeout(r, ms));
      const y = s.run(() => x.add(ms));
      expect(s.size).toBe(2);
      await null;
      const first = (await y.data())[0];
      s.dispose();
      return first;
    };
    expect(await Promise.all([task(3), task(1), task(2)])).toEqual([4, 2, 3]);
    expect(live(backend)).toBe(0);
  });

  it('frees nothing at the end of run, also when fn throws', () => {
    const s = new Scope('mine');
    const boom = new Error('boom');
    const fails = () => {
      ones([2]);
      expect(() => s.dispose()).toThrow(ScopeError);
      throw boom;
    };
    expect(() => s.run(() => s.run(fails))).toThrow(boom);
    expect(live(backend)).toBe(1);
    s.dispose();
    expect(live(backend)).toBe(0);
    expect(refusal(() => s.adopt(tensor([1]).keep()))).toBeInstanceOf(ScopeError);
  });

  it('takes over what it adopts', () => {
    const s = new Scope();
    const t = ones([2]);
    s.adopt(t);
    s.adopt(t);
    expect(s.size).toBe(1);
    t.keep();
    s.dispose();
    expect(t.disposed).toBe(false);
    t.dispose();
    expect(memory().backends[backend]).toEqual({ tensors: 0, bytes: 0 });
  });
});

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { arange, type Index, isContiguous, scope, type Tensor } from '../src/index.js';
import { freshBackend, live } from './support.js';

let backend = '';
beforeAll(() => {
  backend = freshBackend();
});

/** An array as a shape and a function from positions: views of it are compositions of functions. */
interface Model {
  readonly shape: readonly number[];
  readonly at: (index: readonly number[]) => number;
}

function flat({ shape, at }: Model): number[] {
  const out: number[] = [];
  const walk = (index: number[]): void => {
    if (index.length === shape.length) out.push(at(index));
    else for (let i = 0; i < shape[index.length]; i++) walk([...index, i]);
  };
  walk([]);
  return out;
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function position(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((p, i, axis) => p * shape[axis] + i, 0);
}

/** One step: what it does to a tensor, to the model, and whether the result shares the storage. */
type Step = (t: Tensor, m: Model, pick: (n: number) => number) => { name: string; t: Tensor; m: Model; shares: boolean };

const steps: Step[] = [
  (t, m, pick) => {
    const order = m.shape.map((_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = pick(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    const signed = order.map((a) => (pick(2) ? a : a - order.length));
    return {
      name: `permute(${signed})`,
      t: t.permute(signed),
      shares: true,
      m: { shape: order.map((a) => m.shape[a]), at: (i) => m.at(order.map((_, a) => i[order.indexOf(a)])) },
    };
  },
  (t, m, pick) => {
    if (m.shape.length < 2) return { name: 'same', t: t.slice(), m, shares: true };
    const [a, b] = [pick(m.shape.length), pick(m.shape.length)];
    const swap = <T>(xs: readonly T[]): T[] => xs.map((x, i) => (i === a ? xs[b] : i === b ? xs[a] : x));
    return { name: `transpose(${a}, ${b})`, t: t.transpose(a, b), shares: true, m: { shape: swap(m.shape), at: (i) => m.at(swap(i)) } };
  },
  (t, m, pick) => {
    const windows = m.shape.map((n) => {
      if (n > 0 && pick(4) === 0) return { index: pick(2) ? pick(n) : -1 - pick(n) };
      if (pick(3) === 0) return { index: null };
      const [from, to, step] = [pick(n + 3) - 1, pick(n + 4) - 1, 1 + pick(3)];
      return { index: [from, to, step] as const };
    });
    const parts = windows.map(({ index }, axis) => {
      const n = m.shape[axis];
      if (index === null) return { drop: false, all: Array.from({ length: n }, (_, i) => i) };
      if (typeof index === 'number') return { drop: true, all: [index < 0 ? index + n : index] };
      const bound = (v: number): number => Math.min(n, Math.max(0, v < 0 ? v + n : v));
      const all: number[] = [];
      for (let i = bound(index[0]); i < bound(index[1]); i += index[2]) all.push(i);
      return { drop: false, all };
    });
    const index: Index[] = windows.map((w) => w.index);
    const at = (i: readonly number[]): number => {
      let k = 0;
      return m.at(parts.map((p) => (p.drop ? p.all[0] : p.all[i[k++]])));
    };
    return {
      name: `slice(${JSON.stringify(index)})`,
      t: t.slice(...index),
      shares: true,
      m: { shape: parts.filter((p) => !p.drop).map((p) => p.all.length), at },
    };
  },
  (t, m, pick) => {
    const axis = pick(m.shape.length + 1);
    const shape = [...m.shape.slice(0, axis), 1, ...m.shape.slice(axis)];
    const said = pick(2) ? axis : axis - shape.length;
    return {
      name: `unsqueeze(${said})`,
      t: t.unsqueeze(said),
      shares: true,
      m: { shape, at: (i) => m.at(i.filter((_, a) => a !== axis)) },
    };
  },
  (t, m) => {
    const keep = m.shape.map((n) => n !== 1);
    const at = (i: readonly number[]): number => {
      let k = 0;
      return m.at(keep.map((there) => (there ? i[k++] : 0)));
    };
    return { name: 'squeeze()', t: t.squeeze(), shares: true, m: { shape: m.shape.filter((n) => n !== 1), at } };
  },
  (t, m, pick) => {
    const lead = pick(2) ? [1 + pick(2)] : [];
    const shape = [...lead, ...m.shape.map((n) => (n === 1 ? pick(4) : n))];
    const said = shape.map((n, i) => (i >= lead.length && pick(3) === 0 && m.shape[i - lead.length] === n ? -1 : n));
    return {
      name: `expand(${said})`,
      t: t.expand(said),
      shares: true,
      m: { shape, at: (i) => m.at(i.slice(lead.length).map((v, a) => (m.shape[a] === 1 ? 0 : v))) },
    };
  },
  (t, m, pick) => {
    if (m.shape.length === 0 || m.shape.some((n) => n === 0)) return { name: 'same', t: t.slice(), m, shares: true };
    const axis = pick(m.shape.length);
    const index = pick(m.shape[axis]);
    const at = (i: readonly number[]): number => m.at([...i.slice(0, axis), index, ...i.slice(axis)]);
    return {
      name: `select(${axis}, ${index})`,
      t: t.select(axis, index),
      shares: true,
      m: { shape: m.shape.filter((_, a) => a !== axis), at },
    };
  },
  (t, m, pick) => {
    if (m.shape.length === 0) return { name: 'flatten()', t: t.flatten(), shares: true, m: { shape: [1], at: () => m.at([]) } };
    const from = pick(m.shape.length);
    const to = from + pick(m.shape.length - from);
    const inner = m.shape.slice(from, to + 1);
    const values = flat(m);
    const shape = [...m.shape.slice(0, from), size(inner), ...m.shape.slice(to + 1)];
    return {
      name: `flatten(${from}, ${to})`,
      t: t.flatten(from, to),
      shares: t.isContiguous,
      m: { shape, at: (i) => values[position(i, shape)] },
    };
  },
  (t, m, pick) => {
    const values = flat(m);
    const n = values.length;
    const a = n === 0 ? 0 : [1, 2, 3, n].filter((d) => n % d === 0)[pick(2)];
    const shape = n === 0 ? [2, 0] : [a, n / a];
    const said = n > 0 && pick(2) ? [-1, shape[1]] : shape;
    return { name: `reshape(${said})`, t: t.reshape(said), shares: t.isContiguous, m: { shape, at: (i) => values[position(i, shape)] } };
  },
];

describe('views against functions of positions', () => {
  it('any chain of them holds the same values, shares what it should, and leaves nothing behind', () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    const moves = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(shapes, moves, (shape, chain) => {
        const before = live(backend);
        scope(() => {
          const base = arange(0, size(shape), 1, { dtype: 'float32' }).reshape(shape);
          let t = base;
          let m: Model = { shape, at: (i) => position(i, shape) };
          for (const [which, seed] of chain) {
            let state = seed + 1;
            const pick = (n: number): number => {
              state = (Math.imul(state, 1103515245) + 12345) >>> 0;
              return (state >>> 8) % n;
            };
            const { storage } = t;
            const next = steps[which](t, m, pick);
            expect([next.name, ...next.t.shape]).toEqual([next.name, ...next.m.shape]);
            expect(Array.from(next.t.dataSync()), next.name).toEqual(flat(next.m));
            expect(next.t.storage === storage, `${next.name} shares`).toBe(next.shares);
            expect(next.t.isContiguous).toBe(isContiguous(next.t.shape, next.t.ref.strides));
            expect(next.t.dtype).toBe('float32');
            ({ t, m } = next);
            // A kernel sees through it, and a copy is row-major.
            expect(Array.from(t.add(1).dataSync())).toEqual(flat(m).map((v) => v + 1));
            expect(t.contiguous().isContiguous).toBe(true);
            expect(Array.from(t.clone().dataSync())).toEqual(flat(m));
          }
        });
        expect(live(backend)).toBe(before);
      }),
      { numRuns: rounds(400), seed: 7 },
    );
  });

  it('writes through a view land where the model says, and nowhere else', () => {
    const dims = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));
    const range = fc.tuple(fc.nat(3), fc.nat(5), fc.integer({ min: 1, max: 2 }));
    fc.assert(
      fc.property(dims, fc.tuple(range, range, range), fc.boolean(), (shape, ranges, turned) => {
        scope(() => {
          const base = arange(0, size(shape), 1, { dtype: 'float32' }).reshape(shape).clone();
          const expected = Array.from(base.dataSync());
          for (let p = 0; p < expected.length; p++) {
            const index = [Math.floor(p / (shape[1] * shape[2])), Math.floor(p / shape[2]) % shape[1], p % shape[2]];
            const inside = index.every(
              (i, a) => i >= ranges[a][0] && i < Math.min(shape[a], ranges[a][1]) && (i - ranges[a][0]) % ranges[a][2] === 0,
            );
            if (inside) expected[p] = expected[p] * 2 + 1;
          }
          const window = base.slice(...ranges);
          const view = turned ? window.permute([2, 0, 1]) : window;
          const { version } = base.ref.buffer;
          view.mul_(2);
          view.add_(view.mul(0).add(1));
          expect(Array.from(base.dataSync())).toEqual(expected);
          expect(base.ref.buffer.version).toBe(version + 2);
          expect(view.ref.buffer).toBe(base.ref.buffer);
        });
      }),
      { numRuns: rounds(300), seed: 11 },
    );
  });
});

import type { DType, TensorRef } from '@konv/core-tensor';
import { contiguousStrides } from '@konv/core-tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { contents, filled, POISON, poisoned, positions, singleThreaded, valuesOf, type Window } from './harness.js';

const backend = await singleThreaded();
const dtypes: readonly DType[] = ['bool', 'int32', 'float32'];

/** Sizes around which rows, chunks and blocks begin and end. */
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 3, arbitrary: fc.integer({ min: 6, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(64, 511, 512, 513, 1100) },
);
const shapes = fc.array(size, { minLength: 0, maxLength: 5 }).filter((shape) => shape.reduce((n, d) => n * d, 1) <= 6_000);

/** Which order the axes lie in memory, how far apart beyond what is needed, and which are expanded. */
interface Layout {
  readonly order: readonly number[];
  readonly gaps: readonly number[];
  readonly expanded: readonly boolean[];
  readonly offset: number;
}
const layouts: fc.Arbitrary<Layout> = fc.record({
  order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
  gaps: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: 6, maxLength: 6 }),
  expanded: fc.array(fc.constantFrom(false, false, false, true), { minLength: 5, maxLength: 5 }),
  offset: fc.integer({ min: 0, max: 5 }),
});
const rowMajor: Layout = { order: [4, 3, 2, 1, 0], gaps: [0, 0, 0, 0, 0, 0], expanded: [false, false, false, false, false], offset: 1 };
const anyLayout = fc.oneof({ weight: 1, arbitrary: fc.constant(rowMajor) }, { weight: 3, arbitrary: layouts });

function windowOf(shape: readonly number[], layout: Layout, mayExpand: boolean): Window {
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1 + layout.gaps[5];
  for (const axis of layout.order) {
    if (axis >= shape.length || (mayExpand && layout.expanded[axis])) continue;
    strides[axis] = step;
    step *= shape[axis] + layout.gaps[axis];
  }
  return { strides, offset: layout.offset };
}

function operand(dtype: DType, shape: readonly number[], layout: Layout, seed: number): TensorRef {
  const count = shape.reduce((n, d) => n * d, 1);
  const values = Array.from({ length: count }, (_, i) => {
    const v = ((i + seed) * 7919) % 1009;
    return dtype === 'bool' ? v & 1 : v - 500;
  });
  return filled(backend, dtype, shape, values, windowOf(shape, layout, true));
}

/** The window has these values, and nothing around it was touched. */
function expectWritten(out: TensorRef, expected: readonly number[]): void {
  const all = contents(backend, out);
  const inside = new Set<number>();
  positions(out).forEach((at, i) => {
    if (all[at] !== expected[i]) expect.fail(`element ${i} of [${out.shape}] is ${all[at]}, expected ${expected[i]}`);
    inside.add(at);
  });
  const poison = Math.fround(POISON[out.dtype]);
  all.forEach((v, at) => {
    if (!inside.has(at) && v !== poison) expect.fail(`position ${at}, outside of [${out.shape}] by [${out.strides}], was written: ${v}`);
  });
}

function free(...refs: TensorRef[]): void {
  for (const ref of refs) backend.free(ref.buffer);
}

const runs = { numRuns: rounds(150), seed: 20 };

describe('any strides', () => {
  it('copyStrided', () => {
    const property = fc.property(fc.constantFrom(...dtypes), shapes, anyLayout, anyLayout, (dtype, shape, from, to) => {
      const x = operand(dtype, shape, from, 1);
      const out = poisoned(backend, dtype, shape, windowOf(shape, to, false));
      backend.copyStrided(x, out);
      expectWritten(out, valuesOf(backend, x));
      free(x, out);
    });
    fc.assert(property, runs);
  });

  it('copyStrided of every order of the axes', () => {
    const shape = [3, 5, 8, 13];
    for (const dtype of dtypes) {
      for (let i = 0; i < 24; i++) {
        const order = [0, 1, 2, 3];
        const permuted = [i % 4, Math.floor(i / 4) % 3, Math.floor(i / 12) % 2, 0].map((at) => order.splice(at, 1)[0]);
        const layout: Layout = { ...rowMajor, order: permuted };
        const x = operand(dtype, shape, layout, i);
        const out = poisoned(backend, dtype, shape);
        backend.copyStrided(x, out);
        expectWritten(out, valuesOf(backend, x));
        const back = poisoned(backend, dtype, shape, windowOf(shape, layout, false));
        backend.copyStrided(out, back);
        expectWritten(back, valuesOf(backend, x));
        free(x, out, back);
      }
    }
  });

  it('fill', () => {
    const property = fc.property(fc.constantFrom(...dtypes), shapes, anyLayout, (dtype, shape, to) => {
      const out = poisoned(backend, dtype, shape, windowOf(shape, to, false));
      backend.fill(1, out);
      expectWritten(out, new Array(shape.reduce((n, d) => n * d, 1)).fill(1));
      free(out);
    });
    fc.assert(property, runs);
  });

  it('unary', () => {
    const property = fc.property(fc.constantFrom<DType>('int32', 'float32'), shapes, anyLayout, (dtype, shape, from) => {
      const x = operand(dtype, shape, from, 3);
      const out = poisoned(backend, dtype, shape);
      backend.unary('square', x, out);
      expectWritten(
        out,
        valuesOf(backend, x).map((v) => v * v),
      );
      free(x, out);
    });
    fc.assert(property, runs);
  });

  it.each(['sub', 'lt', 'maximum', 'atan2'] as const)('binary %s, with tensors and numbers', (kind) => {
    const f = {
      sub: (a: number, b: number) => a - b,
      lt: (a: number, b: number) => Number(a < b),
      maximum: Math.max,
      atan2: (a: number, b: number) => Math.fround(Math.atan2(a, b)),
    }[kind];
    const served = dtypes.filter((dtype) => backend.supports('binary', kind, dtype) && !(kind === 'sub' && dtype === 'bool'));
    const property = fc.property(
      fc.constantFrom(...served),
      shapes,
      anyLayout,
      anyLayout,
      fc.constantFrom('tensors', 'left', 'right'),
      (dtype, shape, left, right, way) => {
        const a = operand(dtype, shape, left, 1);
        const b = operand(dtype, shape, right, 2);
        const out = poisoned(backend, kind === 'lt' ? 'bool' : dtype, shape);
        const [x, y] = [valuesOf(backend, a), valuesOf(backend, b)];
        backend.binary(kind, way === 'left' ? 1 : a, way === 'right' ? 1 : b, out);
        expectWritten(
          out,
          x.map((v, i) => f(way === 'left' ? 1 : v, way === 'right' ? 1 : y[i])),
        );
        free(a, b, out);
      },
    );
    fc.assert(property, runs);
  });

  it('where', () => {
    const property = fc.property(
      fc.constantFrom(...dtypes),
      shapes,
      anyLayout,
      anyLayout,
      anyLayout,
      (dtype, shape, first, second, third) => {
        const condition = operand('bool', shape, first, 1);
        const a = operand(dtype, shape, second, 2);
        const b = operand(dtype, shape, third, 5);
        const out = poisoned(backend, dtype, shape);
        backend.where(condition, a, b, out);
        const [x, y] = [valuesOf(backend, a), valuesOf(backend, b)];
        expectWritten(
          out,
          valuesOf(backend, condition).map((c, i) => (c ? x[i] : y[i])),
        );
        free(condition, a, b, out);
      },
    );
    fc.assert(property, runs);
  });

  it('cast between all dtypes', () => {
    const property = fc.property(fc.constantFrom(...dtypes), fc.constantFrom(...dtypes), shapes, anyLayout, (from, to, shape, layout) => {
      const x = operand(from, shape, layout, 4);
      const out = poisoned(backend, to, shape);
      backend.cast(x, out);
      expectWritten(
        out,
        valuesOf(backend, x).map((v) => (to === 'bool' ? Number(v !== 0) : v)),
      );
      free(x, out);
    });
    fc.assert(property, runs);
  });

  it('cast truncates toward zero, and NaN is 0 or true', () => {
    const values = [1.9, -1.9, NaN, 0, -0, 0.4, 2 ** 30, -(2 ** 31)];
    const x = filled(backend, 'float32', [8], values);
    const out = poisoned(backend, 'int32', [8]);
    backend.cast(x, out);
    expectWritten(out, [1, -1, 0, 0, 0, 0, 2 ** 30, -(2 ** 31)]);
    const truth = poisoned(backend, 'bool', [8]);
    backend.cast(x, truth);
    expectWritten(truth, [1, 1, 1, 0, 0, 1, 1, 1]);
    free(x, out, truth);
  });
});

it('operates in place on what is not contiguous', () => {
  const shape = [7, 33];
  const x = filled(
    backend,
    'float32',
    shape,
    Array.from({ length: 231 }, (_, i) => i),
    { strides: [1, 7], offset: 2 },
  );
  backend.binary('add', x, x, x);
  expect(valuesOf(backend, x)).toEqual(Array.from({ length: 231 }, (_, i) => 2 * i));
  expect(contiguousStrides(shape)).not.toEqual(x.strides);
  free(x);
});

describe('gather and scatterAdd', () => {
  it('take rows of a table, also twice, and leave out what is out of range', () => {
    const columns = 21;
    const table = Array.from({ length: 5 * columns }, (_, i) => i);
    const rows = [4, 0, 4, -1, 2, 5];
    const x = filled(backend, 'float32', [5, columns], table);
    const index = filled(
      backend,
      'int32',
      [6, columns],
      rows.flatMap((r) => new Array(columns).fill(r)),
    );
    const expanded = filled(backend, 'int32', [6], rows);
    const views = [index, { ...expanded, shape: [6, columns], strides: [1, 0] }];
    for (const view of views) {
      const out = poisoned(backend, 'float32', [6, columns]);
      backend.gather(x, view, 0, out);
      const gathered = rows.flatMap((r) => Array.from({ length: columns }, (_, c) => (r >= 0 && r < 5 ? table[r * columns + c] : NaN)));
      expect(valuesOf(backend, out)).toEqual(gathered);
      const source = filled(backend, 'float32', [6, columns], new Array(6 * columns).fill(1000));
      const sums = filled(backend, 'float32', [5, columns], table);
      backend.scatterAdd(view, source, 0, sums);
      const counts = [1, 0, 1, 0, 2];
      expectWritten(
        sums,
        table.map((v, i) => v + 1000 * counts[Math.floor(i / columns)]),
      );
      free(out, source, sums);
    }
    free(x, index, expanded);
  });

  it('adds in the order of the indices, rounding at every addition', () => {
    const terms = [2 ** 24, 1, 1, -(2 ** 24), 1];
    const index = filled(backend, 'int32', [5], [0, 0, 0, 0, 0]);
    const source = filled(backend, 'float32', [5], terms);
    const out = filled(backend, 'float32', [1], [0]);
    backend.scatterAdd(index, source, 0, out);
    expectWritten(out, [terms.reduce((sum, v) => Math.fround(sum + v), 0)]);
    free(index, source, out);
  });
});

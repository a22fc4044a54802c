import { contiguousStrides } from '@konv/core-tensor';
import type { ReduceKind } from '@konv/core-tensor';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, expectClose, floats, indicesOf, Rng, tolerance } from './harness.js';

const bench = new Bench();
afterEach(() => bench.close());

const folds: Record<ReduceKind, [number, (a: number, b: number) => number]> = {
  sum: [0, (a, b) => a + b],
  max: [-Infinity, Math.max],
  min: [Infinity, Math.min],
};

function position(shape: readonly number[], index: readonly number[]): number {
  return contiguousStrides(shape).reduce((at, s, i) => at + s * index[i], 0);
}

describe('reduce', () => {
  it.each(['float32', 'float64', 'int32'] as const)('%s over every set of axes', (dtype) => {
    const rng = new Rng(3);
    for (let trial = 0; trial < 60; trial++) {
      const shape = rng.shape(rng.int(0, 5));
      const values = Array.from(indicesOf(shape), () => (dtype === 'int32' ? rng.int(-9, 9) : Math.fround(rng.real())));
      if (dtype !== 'int32' && trial % 5 === 0) values[rng.int(0, values.length - 1)] = NaN;
      const axes = shape.map((_, i) => i).filter(() => rng.next() < 0.5);
      const outShape = shape.map((d, i) => (axes.includes(i) ? 1 : d));
      const x = bench.of(dtype, shape, (i) => values[i]);
      for (const kind of ['sum', 'max', 'min'] as const) {
        const out = bench.empty(dtype, outShape);
        bench.backend.reduce(kind, x, axes, out);
        const expected = new Array<number>(outShape.reduce((a, b) => a * b, 1)).fill(folds[kind][0]);
        let i = 0;
        for (const index of indicesOf(shape)) {
          const at = position(
            outShape,
            index.map((v, a) => (axes.includes(a) ? 0 : v)),
          );
          expected[at] = folds[kind][1](expected[at], values[i++]);
        }
        expectClose(bench.values(out), expected, dtype === 'int32' ? 0 : tolerance[dtype], `${kind} [${shape}] [${axes}]`);
        bench.expectUntouched(out);
      }
    }
  });

  it('sums float32 in double', () => {
    const x = bench.of('float32', [1 << 16], (i) => (i === 0 ? 2 ** 24 : 1));
    const out = bench.empty('float32', [1]);
    bench.backend.reduce('sum', x, [0], out);
    expect(bench.values(out)[0]).toBe(Math.fround(2 ** 24 + (1 << 16) - 1));
  });

  it('wraps int32', () => {
    const x = bench.of('int32', [3, 2], () => 2147483647);
    const out = bench.empty('int32', [1, 2]);
    bench.backend.reduce('sum', x, [0], out);
    expect(bench.values(out)).toEqual([2147483645, 2147483645]);
  });
});

describe('argReduce', () => {
  it('finds the first winner, or the first NaN, along every axis', () => {
    const rng = new Rng(9);
    for (let trial = 0; trial < 60; trial++) {
      const shape = rng.shape(rng.int(1, 4));
      const axis = rng.int(0, shape.length - 1);
      const values = Array.from(indicesOf(shape), () => (rng.next() < 0.05 ? NaN : rng.int(-2, 2)));
      const x = bench.of('float32', shape, (i) => values[i]);
      const outShape = shape.map((d, i) => (i === axis ? 1 : d));
      for (const kind of ['argmax', 'argmin'] as const) {
        const out = bench.empty('int32', outShape);
        bench.backend.argReduce(kind, x, axis, out);
        const expected = [...indicesOf(outShape)].map((index) => {
          const line = Array.from(
            { length: shape[axis] },
            (_, k) =>
              values[
                position(
                  shape,
                  index.map((v, i) => (i === axis ? k : v)),
                )
              ],
          );
          const nan = line.findIndex(Number.isNaN);
          return nan >= 0 ? nan : line.indexOf(kind === 'argmax' ? Math.max(...line) : Math.min(...line));
        });
        expect(bench.values(out), `${kind} [${shape}] axis ${axis}`).toEqual(expected);
        bench.expectUntouched(out);
      }
    }
  });
});

describe('gather and scatterAdd', () => {
  it('follow an index of any strides along every axis, and survive wild indices', () => {
    const rng = new Rng(31);
    for (let trial = 0; trial < 60; trial++) {
      const shape = rng.shape(rng.int(1, 4));
      const axis = rng.int(0, shape.length - 1);
      const indexShape = shape.map((d, i) => (i === axis ? rng.int(1, 6) : rng.int(1, d)));
      const index = bench.strided(rng, 'int32', indexShape, () => rng.int(-1, shape[axis]));
      const at = bench.values(index);
      const x = bench.of('float64', shape, () => rng.real());
      const source = bench.of('float64', indexShape, () => rng.real());
      const start = bench.of('float64', shape, () => rng.real());
      const xs = bench.values(x);
      const sums = bench.values(start);
      const gathered: number[] = [];
      const sources = bench.values(source);
      let i = 0;
      for (const position0 of indicesOf(indexShape)) {
        const k = at[i];
        const inside = k >= 0 && k < shape[axis];
        const p = position(
          shape,
          position0.map((v, a) => (a === axis ? k : v)),
        );
        gathered.push(inside ? xs[p] : NaN);
        if (inside) sums[p] += sources[i];
        i++;
      }
      const out = bench.empty('float64', indexShape);
      bench.backend.gather(x, index, axis, out);
      expect(bench.values(out)).toEqual(gathered);
      bench.expectUntouched(out);
      bench.backend.scatterAdd(index, source, axis, start);
      expectClose(bench.values(start), sums, 1e-14);
      bench.expectUntouched(start);
    }
  });

  it('writes 0 for an int32 index out of range', () => {
    const x = bench.of('int32', [3], (i) => i + 1);
    const index = bench.of('int32', [3], (i) => [2, 9, -1][i]);
    const out = bench.empty('int32', [3]);
    bench.backend.gather(x, index, 0, out);
    expect(bench.values(out)).toEqual([3, 0, 0]);
  });
});

describe('scan and sort', () => {
  it.each([...floats, 'int32'] as const)('%s: running sums along every axis', (dtype) => {
    const rng = new Rng(41);
    for (let trial = 0; trial < 30; trial++) {
      const shape = rng.shape(rng.int(1, 4));
      const axis = rng.int(0, shape.length - 1);
      const x = bench.of(dtype, shape, () => rng.int(-9, 9));
      const xs = bench.values(x);
      const out = bench.empty(dtype, shape);
      bench.backend.scan?.('sum', x, axis, out);
      const expected = [...indicesOf(shape)].map((index) => {
        let sum = 0;
        for (let k = 0; k <= index[axis]; k++)
          sum +=
            xs[
              position(
                shape,
                index.map((v, a) => (a === axis ? k : v)),
              )
            ];
        return sum;
      });
      expect(bench.values(out)).toEqual(expected);
      bench.expectUntouched(out);
    }
  });

  it('sorts stably both ways, NaN as the greatest', () => {
    const row = [2, NaN, 1, 2, -Infinity, NaN, 1];
    const x = bench.of('float32', [2, 7], (i) => row[i % 7]);
    const values = bench.empty('float32', [2, 7]);
    const indices = bench.empty('int32', [2, 7]);
    bench.backend.sort?.(x, false, values, indices);
    expect(bench.values(indices)).toEqual([4, 2, 6, 0, 3, 1, 5, 4, 2, 6, 0, 3, 1, 5]);
    expect(bench.values(values).slice(0, 7)).toEqual([-Infinity, 1, 1, 2, 2, NaN, NaN]);
    bench.backend.sort?.(x, true, values, indices);
    expect(bench.values(indices).slice(0, 7)).toEqual([1, 5, 0, 3, 2, 6, 4]);
    bench.expectUntouched(values);
    bench.expectUntouched(indices);
  });
});

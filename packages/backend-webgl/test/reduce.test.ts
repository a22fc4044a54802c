/** Sums, greatest, least and their positions over every kind of axes, in log steps. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, Twins } from './twins.js';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

type Case = readonly [shape: readonly number[], axes: readonly number[]];

/** Rows, columns, both, and sets of axes that need several steps of both. */
const cases: readonly Case[] = [
  [[1], [0]],
  [[7], [0]],
  [[4], [0]],
  [[5, 1, 3], [1]],
  [[1000], [0]],
  [[70_001], [0]],
  [[3, 5], [1]],
  [[300, 3], [1]],
  [[3, 1001], [1]],
  [[64, 10], [0]],
  [[700, 10], [0]],
  [[5000, 12], [0]],
  [[3, 5, 7], [1]],
  [[3, 5, 8], [1]],
  [[2, 400, 7], [1]],
  [[2, 400, 8], [1]],
  [
    [8, 6, 49],
    [0, 2],
  ],
  [
    [16, 3, 196],
    [0, 2],
  ],
  [
    [5, 7, 2],
    [0, 2],
  ],
  [
    [3, 2, 4, 5],
    [0, 2],
  ],
  [
    [3, 2, 4, 5],
    [1, 3],
  ],
  [
    [2, 3, 2, 3, 2],
    [0, 2, 4],
  ],
  [
    [2, 3, 2, 3, 2],
    [1, 3],
  ],
  [
    [2, 3, 4],
    [0, 1, 2],
  ],
];

describe.skipIf(!hasWebgl)('reduce', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });

  async function check(
    shape: readonly number[],
    axes: readonly number[],
    dtype: 'float32' | 'int32' | 'bool',
    offset: number,
  ): Promise<void> {
    const numbers = new Numbers(shape.length + offset);
    const n = shape.reduce((a, b) => a * b, 1);
    const values =
      dtype === 'float32' ? numbers.floats(n, 0.5) : dtype === 'int32' ? numbers.ints(n, -(2 ** 31), 2 ** 31 - 1) : numbers.ints(n, 0, 1);
    const x = twins.input(values, shape, dtype, offset);
    const to = shape.map((d, i) => (axes.includes(i) ? 1 : d));
    for (const kind of ['sum', 'max', 'min'] as const) {
      if (dtype === 'bool' && kind === 'sum') continue;
      const out = twins.output(to, dtype, offset > 1 ? offset : 0);
      twins.run((backend, of) => backend.reduce(kind, of(x), axes, of(out)));
      expect(await twins.difference(out, 'forward'), `${kind} of [${shape}] over ${axes}, ${dtype}, offset ${offset}`).toBe(null);
      twins.free(out);
    }
    twins.free(x);
  }

  it('float32', async () => {
    for (const [shape, axes] of cases) for (const offset of [0, 1, 4, 6]) await check(shape, axes, 'float32', offset);
  });
  it('int32, wrapping, and bool', async () => {
    for (const [shape, axes] of cases) for (const dtype of ['int32', 'bool'] as const) await check(shape, axes, dtype, shape.length % 2);
  });

  it('NaN and infinities come through', async () => {
    for (const [shape, axes] of [
      [[3, 130], [1]],
      [[130, 3], [0]],
      [[97, 4], [0]],
    ] as const) {
      for (const special of [Number.NaN, Infinity, -Infinity]) {
        for (const at of [0, 7, 384, 387]) {
          const values = new Numbers(at).floats(shape[0] * shape[1]);
          values[at] = special;
          const x = twins.input(values, shape);
          for (const kind of ['sum', 'max', 'min'] as const) {
            const out = twins.output(axes[0] === 0 ? [1, shape[1]] : [shape[0], 1]);
            twins.run((backend, of) => backend.reduce(kind, of(x), axes, of(out)));
            expect(await twins.difference(out, 'forward'), `${kind}, ${special} at ${at}`).toBe(null);
          }
        }
      }
    }
  });

  it('sums of positive numbers stay accurate', async () => {
    const n = 2 ** 21 + 3;
    const x = twins.input(new Numbers(4).floats(n, 100, 10), [n]);
    const out = twins.output([1]);
    twins.run((backend, of) => backend.reduce('sum', of(x), [0], of(out)));
    expect(await twins.difference(out, 'forward')).toBe(null);
    twins.free(x, out);
  });

  it('argmax and argmin: the first of equals, the first NaN', async () => {
    const numbers = new Numbers(8);
    for (const [shape, axis] of [
      [[1], 0],
      [[7], 0],
      [[70_001], 0],
      [[64, 10], 1],
      [[3, 1001], 1],
      [[64, 10], 0],
      [[700, 10], 0],
      [[3, 5, 7], 1],
      [[2, 400, 8], 1],
      [[5, 300, 3], 1],
    ] as const) {
      const n = sizeOf(shape);
      for (const [dtype, values] of [
        ['float32', numbers.floats(n)],
        ['float32', Float32Array.from(numbers.ints(n, -1, 2))],
        [
          'float32',
          Float32Array.from({ length: n }, () => (numbers.next() < 20 / n ? Number.NaN : numbers.pick([Infinity, -Infinity, 0]))),
        ],
        ['float32', new Float32Array(n).fill(-Infinity)],
        ['int32', numbers.ints(n, -(2 ** 31), 2 ** 31 - 1)],
        ['bool', numbers.ints(n, 0, 1)],
      ] as const) {
        const offset = numbers.pick([0, 3]);
        const x = twins.input(values, shape, dtype, offset);
        const out = twins.output(
          shape.map((d, i) => (i === axis ? 1 : d)),
          'int32',
          offset,
        );
        for (const kind of ['argmax', 'argmin'] as const) {
          twins.run((backend, of) => backend.argReduce(kind, of(x), axis, of(out)));
          expect(await twins.difference(out, 'forward'), `${kind} of [${shape}] along ${axis}, ${dtype}, offset ${offset}`).toBe(null);
        }
        twins.free(x, out);
      }
    }
  });

  it('few draws', () => {
    const draws = (shape: readonly number[], axes: readonly number[]): number => {
      const x = twins.input(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
      const out = twins.output(shape.map((d, i) => (axes.includes(i) ? 1 : d)));
      const before = twins.gpu.statistics().draws;
      twins.gpu.reduce('sum', x.gpu, axes, out.gpu);
      return twins.gpu.statistics().draws - before;
    };
    expect(draws([64, 10], [1])).toBe(1);
    expect(draws([64, 10], [0])).toBeLessThanOrEqual(2);
    expect(draws([64, 6, 784], [0, 2])).toBeLessThanOrEqual(3);
    expect(draws([4096, 256], [1])).toBe(1);
    expect(draws([2 ** 20], [0])).toBeLessThanOrEqual(3);
  });
});

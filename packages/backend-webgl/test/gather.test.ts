import { cpuJs } from '@konv/backend-cpu-js';
import type { Backend, DType, HostArray, Shape, TensorRef } from '@konv/core-tensor';
import { hostArray, sizeOf } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebglBackend } from '../src/index.js';
import { hasWebgl, makeWebgl } from './harness.js';
import { contents, free, numbersFrom, place, room } from './refs.js';

/** A case: sizes of the table and of the index, which axis, whether all on the last axes have one index. */
interface Case {
  readonly table: Shape;
  readonly index: Shape;
  readonly axis: number;
  readonly expanded?: boolean;
  readonly offset?: number;
  readonly wrong?: boolean;
}

const cases: readonly Case[] = [
  { table: [7], index: [5], axis: 0 },
  { table: [7], index: [300], axis: 0, wrong: true },
  { table: [6, 8], index: [9, 8], axis: 0, expanded: true },
  { table: [6, 7], index: [9, 7], axis: 0, expanded: true, offset: 3 },
  { table: [6, 8], index: [9, 8], axis: 0, wrong: true },
  { table: [3, 9], index: [3, 2], axis: 1 },
  { table: [3, 9], index: [3, 1], axis: 1, offset: 5, wrong: true },
  { table: [5, 12], index: [5, 20], axis: 1 },
  { table: [2, 3, 5, 4], index: [2, 3, 6, 4], axis: 2 },
  { table: [2, 3, 5, 3], index: [2, 7, 5, 3], axis: 1, offset: 1, wrong: true },
  { table: [4, 3, 2, 2, 3], index: [4, 3, 2, 5, 3], axis: 3 },
  { table: [1000, 16], index: [640, 16], axis: 0, expanded: true, wrong: true },
  { table: [1500, 20], index: [900, 20], axis: 0, expanded: true, wrong: true, offset: 3 },
  { table: [5, 3500], index: [5, 700], axis: 1, expanded: true, wrong: true },
  { table: [2, 900, 13], index: [2, 1000, 13], axis: 1, expanded: true },
  { table: [3, 2], index: [5000, 2], axis: 0 },
  { table: [3, 2], index: [5000, 2], axis: 0, expanded: true },
];

const title = (c: Case): string =>
  `${JSON.stringify(c.table)} by ${JSON.stringify(c.index)} on axis ${c.axis}${c.expanded ? ', expanded' : ''}`;

describe.skipIf(!hasWebgl)('gather and scatterAdd', () => {
  let gpu: WebglBackend;
  const cpu = cpuJs();
  beforeAll(async () => {
    gpu = await makeWebgl();
  });
  afterAll(() => gpu.dispose());

  const next = numbersFrom(11);
  function values(n: number, dtype: DType): HostArray {
    const data = hostArray(dtype, n);
    for (let i = 0; i < n; i++)
      data[i] = dtype === 'float32' ? next() * 2 - 1 : dtype === 'bool' ? Number(next() < 0.5) : Math.floor(next() * 2 ** 32);
    return data;
  }

  /** The index of a case, with strides 0 along all axes but its own where it is expanded. */
  function indexRef(backend: Backend, c: Case, data: Int32Array): TensorRef {
    if (!c.expanded) return place(backend, data, c.index, 'int32', c.offset);
    const ref = place(backend, data.subarray(0, c.index[c.axis]), [c.index[c.axis]], 'int32', c.offset);
    return { ...ref, shape: c.index, strides: c.index.map((_, i) => Number(i === c.axis)) };
  }

  function indices(c: Case): Int32Array {
    const range = c.table[c.axis];
    return Int32Array.from({ length: sizeOf(c.index) }, () => {
      const k = Math.floor(next() * range);
      return c.wrong && next() < 0.2 ? [-1, range, 2 ** 31 - 1, -(2 ** 31)][Math.floor(next() * 4)] : k;
    });
  }

  for (const c of cases) {
    for (const dtype of ['float32', 'int32', 'bool'] as const) {
      it(`gather ${dtype} ${title(c)}`, async () => {
        const [table, index] = [values(sizeOf(c.table), dtype), indices(c)];
        const run = async (backend: Backend): Promise<HostArray> => {
          const x = place(backend, table, c.table, dtype, c.offset);
          const at = indexRef(backend, c, index);
          const out = room(backend, c.index, dtype, c.offset);
          backend.gather(x, at, c.axis, out);
          const result = await contents(backend, out);
          free(backend, x, at, out);
          return result;
        };
        expect(await run(gpu)).toEqual(await run(cpu));
      });
    }

    for (const dtype of ['float32', 'int32'] as const) {
      it(`scatterAdd ${dtype} ${title(c)}`, async () => {
        const [table, index, added] = [values(sizeOf(c.table), dtype), indices(c), values(sizeOf(c.index), dtype)];
        const run = async (backend: Backend, type: DType): Promise<HostArray> => {
          const double = (v: HostArray): HostArray => (type === 'float64' ? Float64Array.from(v) : v);
          const out = place(backend, double(table), c.table, type, c.offset);
          const at = indexRef(backend, c, index);
          const source = place(backend, double(added), c.index, type, c.offset);
          backend.scatterAdd(at, source, c.axis, out);
          const result = await contents(backend, out);
          free(backend, source, at, out);
          return result;
        };
        const actual = await run(gpu, dtype);
        if (dtype === 'int32') return expect(actual).toEqual(await run(cpu, dtype));
        // The reference rounds after every addition: in float64 that is nothing.
        const expected = await run(cpu, 'float64');
        let largest = 0;
        for (const e of expected) largest = Math.max(largest, Math.abs(e));
        for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i]), `at ${i}`).toBeLessThan(2e-6 * largest);
      });
    }
  }

  it('scatterAdd: what is not meant for an element does not touch it', async () => {
    const out = place(gpu, Float32Array.of(1, 2, 3, 4), [4], 'float32');
    const index = place(gpu, Int32Array.of(1, 9, 1, -1), [4], 'int32');
    const source = place(gpu, Float32Array.of(NaN, Infinity, 1, NaN), [4], 'float32');
    gpu.scatterAdd(index, source, 0, out);
    expect([...(await contents(gpu, out))]).toEqual([1, NaN, 3, 4]);
    free(gpu, out, index, source);
  });

  it('scatterAdd: an index that is shorter than the table on other axes', async () => {
    const run = async (backend: Backend): Promise<number[]> => {
      const out = place(
        backend,
        Float32Array.from({ length: 24 }, (_, i) => i),
        [4, 6],
        'float32',
      );
      const index = place(backend, Int32Array.of(0, 3, 3, 1, 2, 1), [2, 3], 'int32');
      const source = place(backend, Float32Array.of(1, 10, 100, 1000, 10000, 100000), [2, 3], 'float32');
      backend.scatterAdd(index, source, 0, out);
      backend.scatterAdd(index, source, 1, out);
      const result = [...(await contents(backend, out))];
      free(backend, out, index, source);
      return result;
    };
    expect(await run(gpu)).toEqual(await run(cpu));
  });
});

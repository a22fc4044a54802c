import { cpuJs } from '@konv/backend-cpu-js';
import type { Backend, DType, HostArray, Shape } from '@konv/core-tensor';
import { hostArray, sizeOf } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebglBackend } from '../src/index.js';
import { hasWebgl, makeWebgl } from './harness.js';
import { contents, free, numbersFrom, place, room } from './refs.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe.skipIf(!hasWebgl)('scan and sort', () => {
  let gpu: WebglBackend;
  const cpu = cpuJs();
  beforeAll(async () => {
    gpu = await makeWebgl();
  });
  afterAll(() => gpu.dispose());

  const scans: readonly (readonly [Shape, number, number])[] = [
    [[1], 0, 0],
    [[9], 0, 0],
    [[5, 7], 1, 3],
    [[5, 7], 0, 0],
    [[3, 8, 4], 1, 4],
    [[2, 65, 3], 1, 1],
    [[4, 513], 1, 0],
    [[10_000], 0, 2],
    [[600, 8], 0, 0],
  ];
  const next = numbersFrom(23);

  async function scanned(backend: Backend, data: HostArray, shape: Shape, axis: number, dtype: DType, offset: number): Promise<HostArray> {
    const [x, out] = [place(backend, data, shape, dtype, offset), room(backend, shape, dtype, offset)];
    backend.scan?.('sum', x, axis, out);
    const values = await contents(backend, out);
    free(backend, x, out);
    return values;
  }

  for (const [shape, axis, offset] of scans) {
    it(`scan of ${JSON.stringify(shape)} along ${axis}`, async () => {
      const n = sizeOf(shape);
      const ints = Int32Array.from({ length: n }, () => Math.floor(next() * 2 ** 32));
      expect(await scanned(gpu, ints, shape, axis, 'int32', offset)).toEqual(await scanned(cpu, ints, shape, axis, 'int32', offset));
      const floats = Float32Array.from({ length: n }, () => next() - 0.3);
      const actual = await scanned(gpu, floats, shape, axis, 'float32', offset);
      const expected = await scanned(cpu, floats, shape, axis, 'float32', offset);
      for (let i = 0; i < expected.length; i++) expect(Math.abs(actual[i] - expected[i])).toBeLessThan(1e-6 * (1 + Math.abs(expected[i])));
    });
  }

  it('scan: NaN and infinity reach what comes after them', async () => {
    const x = Float32Array.of(1, 2, 3, nan, 5, 6, 1, 2, inf, 4, -inf, 6, 1, 1, 1, 1, 1, 1);
    const actual = await scanned(gpu, x, [3, 6], 1, 'float32', 0);
    expect([...actual]).toEqual([1, 3, 6, nan, nan, nan, 1, 3, inf, inf, nan, nan, 1, 2, 3, 4, 5, 6]);
    const columns = await scanned(gpu, Float32Array.of(nan, 1, 2, nan, 3, 4, 5, 6), [4, 2], 0, 'float32', 0);
    expect([...columns]).toEqual([nan, 1, nan, nan, nan, nan, nan, nan]);
  });

  async function sorted(backend: Backend, data: HostArray, shape: Shape, dtype: DType, descending: boolean, offset: number) {
    const x = place(backend, data, shape, dtype, offset);
    const [values, indices] = [room(backend, shape, dtype, offset), room(backend, shape, 'int32', offset)];
    backend.sort?.(x, descending, values, indices);
    const result = [await contents(backend, values), await contents(backend, indices)];
    free(backend, x, values, indices);
    return result;
  }

  const sorts: readonly (readonly [Shape, number])[] = [
    [[1], 0],
    [[2], 0],
    [[3], 1],
    [[4], 0],
    [[5, 7], 2],
    [[3, 64], 0],
    [[2, 3, 33], 3],
    [[2, 1000], 0],
    [[70, 9], 0],
  ];
  for (const [shape, offset] of sorts) {
    for (const descending of [false, true]) {
      it(`sort of ${JSON.stringify(shape)}, ${descending ? 'descending' : 'ascending'}: ties, NaN, zeros`, async () => {
        const n = sizeOf(shape);
        const odd = [nan, inf, -inf, 0, -0, 1e-30, -1e-30, 3.4e38, -3.4e38];
        const make: Partial<Record<DType, () => number>> = {
          float32: () => (next() < 0.3 ? odd[Math.floor(next() * odd.length)] : next() < 0.5 ? Math.floor(next() * 6) - 3 : next() - 0.5),
          int32: () => (next() < 0.2 ? [2 ** 31 - 1, -(2 ** 31)][Number(next() < 0.5)] : Math.floor(next() * 20) - 10),
          bool: () => Number(next() < 0.5),
        };
        for (const [dtype, value] of Object.entries(make) as [DType, () => number][]) {
          const data = hostArray(dtype, n);
          for (let i = 0; i < n; i++) data[i] = value();
          const actual = await sorted(gpu, data, shape, dtype, descending, offset);
          const expected = await sorted(cpu, data, shape, dtype, descending, offset);
          expect(actual[1], dtype).toEqual(expected[1]);
          expect(actual[0], dtype).toEqual(expected[0]);
        }
      });
    }
  }
});

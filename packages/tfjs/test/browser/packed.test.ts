import '@tensorflow/tfjs-backend-webgl';
import { matmul, ones, registerBackend, scatterAdd, tensor, useBackend, zeros } from '@konv/core-tensor';
import { beforeAll, expect, it } from 'vitest';
import { tfjs } from '../../src/backend/index.js';

// Four elements of a matrix lie in a texel: those beyond an odd size must not take part.
beforeAll(async () => {
  // Specs share a page: each has names of its own.
  const backend = await tfjs('webgl', { name: 'packed' });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  registerBackend(backend);
  useBackend(backend.name);
});

it('multiplies with nothing beyond the edge of an odd matrix', async () => {
  for (const [m, k, n] of [
    [1, 201, 3],
    [13, 21, 15],
    [201, 3, 1],
  ]) {
    const a = ones([m, k]).add(1);
    const b = ones([k, n]).sub(3).square();
    expect(new Set(await matmul(a, b).data()), `${m} x ${k} x ${n}`).toEqual(new Set([2 * 4 * k]));
    expect(new Set(await matmul(a.transpose(0, 1), ones([m, n]).mul(3)).data())).toEqual(new Set([2 * 3 * m]));
  }
});

it('scatters nothing beyond the last update', async () => {
  for (const n of [1, 3]) {
    for (const inner of [2, 3]) {
      const source = ones([n + 3, inner])
        .add(4)
        .slice([2, n + 2]);
      const index = tensor(new Int32Array(n).fill(2), { dtype: 'int32' });
      const base = zeros([4, inner]);
      for (const rows of [index.reshape([n, 1]).expand([n, inner]), index.reshape([n, 1]).expand([n, inner]).contiguous()]) {
        const expected = [0, 0, 5 * n, 0].flatMap((v) => new Array<number>(inner).fill(v));
        expect([...(await scatterAdd(base, 0, rows, source).data())], `${n} rows of ${inner}`).toEqual(expected);
      }
    }
  }
});

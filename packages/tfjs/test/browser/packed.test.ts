import '@tensorflow/tfjs-backend-webgl';
import { matmul, ones, registerBackend, useBackend } from '@konv/core-tensor';
import { expect, it } from 'vitest';
import { tfjs } from '../../src/backend/index.js';

// Four elements of a matrix lie in a texel: those beyond an odd size must not take part.
it('computes with nothing beyond the edge of an odd matrix', async () => {
  const backend = await tfjs('webgl');
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  registerBackend(backend);
  useBackend(backend.name);
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

import { cpuJs } from '@konv/backend-cpu-js';
import type { Backend, HostArray, ResampleGeometry, ResampleKind, Shape } from '@konv/core-tensor';
import { internResample, sizeOf } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebglBackend } from '../src/index.js';
import { hasWebgl, makeWebgl } from './harness.js';
import { contents, free, numbersFrom, place, room } from './refs.js';

type Size = readonly [number, number, number];
const sizes: readonly (readonly [1 | 2 | 3, Size, Size])[] = [
  [1, [1, 1, 5], [1, 1, 13]],
  [1, [1, 1, 12], [1, 1, 5]],
  [1, [1, 1, 1], [1, 1, 4]],
  [1, [1, 1, 7], [1, 1, 1]],
  [2, [1, 4, 4], [1, 8, 8]],
  [2, [1, 5, 7], [1, 3, 10]],
  [2, [1, 9, 2], [1, 27, 3]],
  [2, [1, 3, 3], [1, 3, 3]],
  [3, [2, 3, 4], [5, 2, 8]],
  [3, [4, 4, 4], [2, 8, 3]],
];

describe.skipIf(!hasWebgl)('resample', () => {
  let gpu: WebglBackend;
  const cpu = cpuJs();
  beforeAll(async () => {
    gpu = await makeWebgl();
  });
  afterAll(() => gpu.dispose());

  async function resampled(
    backend: Backend,
    kind: ResampleKind,
    data: Float32Array,
    geometry: ResampleGeometry,
    adjoint: boolean,
    offset: number,
  ): Promise<HostArray> {
    const small: Shape = [geometry.planes, ...geometry.inSize];
    const large: Shape = [geometry.planes, ...geometry.outSize];
    const x = place(backend, data, adjoint ? large : small, 'float32', offset);
    const out = room(backend, adjoint ? small : large, 'float32', offset);
    backend.resample?.(kind, x, geometry, adjoint, out);
    const values = await contents(backend, out);
    free(backend, x, out);
    return values;
  }

  const next = numbersFrom(31);
  for (const [rank, inSize, outSize] of sizes) {
    for (const [kind, alignCorners] of [
      ['nearest', false],
      ['linear', false],
      ['linear', true],
    ] as const) {
      it(`${kind}${alignCorners ? ' with corners aligned' : ''}, ${inSize.join(' x ')} to ${outSize.join(' x ')}, and back`, async () => {
        for (const [planes, offset] of [
          [1, 0],
          [3, 2],
        ]) {
          const geometry = internResample({ rank, planes, inSize, outSize, alignCorners });
          for (const adjoint of [false, true]) {
            const data = Float32Array.from({ length: planes * sizeOf(adjoint ? outSize : inSize) }, () => next() - 0.5);
            const actual = await resampled(gpu, kind, data, geometry, adjoint, offset);
            const expected = await resampled(cpu, kind, data, geometry, adjoint, offset);
            for (let i = 0; i < expected.length; i++)
              expect(Math.abs(actual[i] - expected[i]), `adjoint ${adjoint}, at ${i}`).toBeLessThan(2e-6);
          }
        }
      });
    }
  }

  it('a neighbour of no weight does not bring in its NaN', async () => {
    const geometry = internResample({ rank: 1, planes: 1, inSize: [1, 1, 3], outSize: [1, 1, 5], alignCorners: true });
    const x = Float32Array.of(1, 2, NaN);
    expect([...(await resampled(gpu, 'linear', x, geometry, false, 0))]).toEqual([1, 1.5, 2, NaN, NaN]);
    const back = await resampled(gpu, 'linear', Float32Array.of(1, 1, 1, 1, NaN), geometry, true, 0);
    expect([...back]).toEqual([1.5, 2, NaN]);
  });
});

/** Softmax, its logarithm and the cross entropy, of short and long rows. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, Twins } from './twins.js';

const sizes = [
  [1, 1],
  [3, 2],
  [5, 3],
  [64, 10],
  [7, 33],
  [9, 64],
  [300, 100],
  [3, 257],
  [40, 1000],
  [2, 5001],
  [1, 40_000],
] as const;

describe.skipIf(!hasWebgl)('softmax', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });

  async function check(values: Float32Array, rows: number, n: number, offset: number, name: string): Promise<void> {
    const x = twins.input(values, [rows, n], 'float32', offset);
    for (const kernel of ['softmax', 'logSoftmax'] as const) {
      const out = twins.output([rows, n], 'float32', offset === 1 ? 2 : 0);
      twins.run((backend, of) => backend[kernel]?.(of(x), of(out)));
      expect(await twins.difference(out, 'forward'), `${kernel} of ${name}`).toBe(null);
      twins.free(out);
    }
    twins.free(x);
  }

  it('of any size', async () => {
    const numbers = new Numbers(1);
    for (const [rows, n] of sizes) {
      for (const offset of [0, 1]) await check(numbers.floats(rows * n, 3, 4), rows, n, offset, `[${rows}, ${n}], offset ${offset}`);
    }
  });

  it('of great values, infinities and NaN', async () => {
    const numbers = new Numbers(2);
    for (const [rows, n] of [
      [4, 5],
      [3, 700],
      [2, 5001],
    ] as const) {
      await check(numbers.floats(rows * n, 1e4, 100), rows, n, 0, `great values [${rows}, ${n}]`);
      for (const special of [Number.NaN, Infinity, -Infinity]) {
        const values = numbers.floats(rows * n);
        values[n - 1] = special;
        values[n] = special;
        await check(values, rows, n, 0, `${special} in [${rows}, ${n}]`);
        await check(values.fill(special, n, 2 * n), rows, n, 0, `a row of ${special} in [${rows}, ${n}]`);
        await check(values.fill(special, 0, n >> 1), rows, n, 0, `half a row of ${special} in [${rows}, ${n}]`);
      }
    }
  });

  it('cross entropy', async () => {
    const numbers = new Numbers(3);
    for (const [rows, n] of sizes) {
      for (const offset of [0, 3]) {
        const x = twins.input(numbers.floats(rows * n, 1, 3), [rows, n], 'float32', offset);
        const targets = twins.input(numbers.ints(rows, -2, n), [rows], 'int32', offset);
        const [loss, logs] = [twins.output([rows], 'float32', offset), twins.output([rows, n], 'float32', offset)];
        twins.run((backend, of) => backend.crossEntropy?.(of(x), of(targets), { ignoreIndex: -2 }, of(loss), of(logs)));
        expect(await twins.difference(loss, 'forward'), `loss [${rows}, ${n}], offset ${offset}`).toBe(null);
        expect(await twins.difference(logs, 'forward'), `logs [${rows}, ${n}], offset ${offset}`).toBe(null);
        twins.free(x, targets, loss, logs);
      }
    }
  });

  it('few draws', () => {
    const draws = (rows: number, n: number): number => {
      const x = twins.input(new Float32Array(rows * n), [rows, n]);
      const [loss, logs] = [twins.output([rows]), twins.output([rows, n])];
      const targets = twins.input(new Int32Array(rows), [rows], 'int32');
      const before = twins.gpu.statistics().draws;
      twins.gpu.crossEntropy?.(x.gpu, targets.gpu, { ignoreIndex: -100 }, loss.gpu, logs.gpu);
      return twins.gpu.statistics().draws - before;
    };
    expect(draws(64, 10)).toBe(2);
    expect(draws(64, 100)).toBe(2);
    expect(draws(4096, 512)).toBe(3);
    expect(draws(64, 5000)).toBeLessThanOrEqual(4);
  });
});

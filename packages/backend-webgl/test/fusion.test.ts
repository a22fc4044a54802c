/** Elementwise chains are one draw; programs know ranks, not shapes; windows and shared textures keep their values. */
import { scope, type Tensor, where } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WebglBackend } from '../src/index.js';
import { drawsOf, hasWebgl, makeWebgl, on, ramp } from './harness.js';

describe.skipIf(!hasWebgl)('fused expressions', () => {
  let gpu: WebglBackend;
  beforeAll(async () => {
    gpu = await makeWebgl();
  });
  const values = async (t: Tensor) => Array.from(await t.data());

  it('a chain is one draw, also through what is freed in between', async () => {
    const x = on(gpu, ramp(10, 0.5), [2, 5]);
    const b = on(gpu, [1, 2, 3, 4, 5], [5]);
    const host = Array.from(ramp(10, 0.5), (v, i) => ((v + (i % 5) + 1) * 2 - v) ** 2);
    const draws: number[] = [];
    for (let i = 0; i < 10; i++) {
      draws.push(
        await drawsOf(gpu, async () => {
          const y = scope(() => x.add(b).mul(2).sub(x).relu().square());
          expect(await values(y)).toEqual(host);
        }),
      );
    }
    // At first op by op, by programs that all chains share; what comes again and again gets one of its own.
    expect(draws).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 1, 1]);
  });

  it('what is never asked for is never drawn', async () => {
    const x = on(gpu, ramp(8), [8]);
    const draws = await drawsOf(gpu, () => x.add(1).mul(3).dispose());
    expect(draws).toBe(0);
  });

  it('what two expressions need is drawn once for the second and later ones', async () => {
    const x = on(gpu, ramp(8), [8]);
    const y = x.add(1);
    const [a, b, c] = [y.mul(2), y.mul(3), y.mul(4)];
    const draws = await drawsOf(gpu, async () => void (await Promise.all([a, b, c].map((t) => t.data()))));
    expect(draws).toBeLessThanOrEqual(4);
    expect(await values(c)).toEqual(Array.from(ramp(8), (v) => (v + 1) * 4));
  });

  it('new sizes compile nothing', async () => {
    const run = async (n: number, m: number) => {
      const x = on(gpu, ramp(n * m), [n, m]);
      const y = x
        .transpose(0, 1)
        .contiguous()
        .add(on(gpu, ramp(n), [n]))
        .mul(x.reshape([m, n]))
        .sigmoid();
      await y.data();
    };
    for (let i = 0; i < 9; i++) await run(3, 4);
    const before = gpu.statistics().programs;
    await run(17, 9);
    await run(64, 256);
    expect(gpu.statistics().programs).toBe(before);
  });

  it('a change in place does not reach an expression that read the value before', async () => {
    const x = on(gpu, ramp(6), [6]);
    const y = x.mul(10);
    x.add_(100);
    x.slice([1, 3]).zero_();
    expect(await values(y)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(await values(x)).toEqual([100, 0, 0, 103, 104, 105]);
  });

  it('a copy shares the texture until one of the two is written', async () => {
    const x = on(gpu, ramp(6), [6]);
    const y = x.clone();
    x.slice([0, 2]).fill_(-1);
    y.slice([4, 6]).fill_(9);
    expect(await values(x)).toEqual([-1, -1, 2, 3, 4, 5]);
    expect(await values(y)).toEqual([0, 1, 2, 3, 9, 9]);
  });

  it('more inputs than texture units, and longer chains than a program may be', async () => {
    const n = 40;
    const xs = Array.from({ length: n }, (_, i) => on(gpu, ramp(5, i + 1), [5]));
    let sum = xs[0];
    for (const x of xs.slice(1)) sum = sum.add(x);
    for (let i = 0; i < 100; i++) sum = sum.add(1);
    expect(await values(sum)).toEqual(Array.from(ramp(5, (n * (n + 1)) / 2), (v) => v + 100));
  });

  it('mixes dtypes', async () => {
    const x = on(gpu, [-2, -1, 0, 1, 2], [5]);
    const y = where(x.gt(0), x, x.cast('int32').mul(10).cast('float32')).add(x.lt(0).cast('float32'));
    expect(await values(y)).toEqual([-19, -9, 0, 1, 2]);
  });

  it('writes windows of large tensors by their rows alone', async () => {
    const x = on(gpu, new Float32Array(600 * 600), [600, 600]);
    await x.data();
    const before = gpu.statistics().texels;
    x.slice([300, 302], [10, 500, 7]).fill_(5);
    const data = await x.data();
    expect(gpu.statistics().texels - before).toBeLessThan(10_000);
    let wrong = 0;
    for (let i = 0; i < 600; i++) {
      for (let j = 0; j < 600; j++) {
        const inside = i >= 300 && i < 302 && j >= 10 && j < 500 && (j - 10) % 7 === 0;
        if (data[i * 600 + j] !== (inside ? 5 : 0)) wrong++;
      }
    }
    expect(wrong).toBe(0);
  });

  it('gives every texture back', async () => {
    const own = await makeWebgl();
    const x = on(own, ramp(5000), [5000]);
    const used = own.statistics().usedBytes;
    scope(() => {
      const y = x.add(1).mul(x);
      y.slice([3, 700]).fill_(2);
      y.add_(x.reshape([50, 100]).transpose(0, 1).contiguous().reshape([5000]));
    });
    await own.sync();
    expect(own.statistics().usedBytes).toBe(used);
    x.dispose();
    expect(own.statistics().usedBytes).toBe(0);
    expect(own.memory()).toEqual({ tensors: 0, bytes: 0 });
    own.dispose();
  });

  it('a chain that is computed op by op needs room for two of its values, not for all', async () => {
    const n = 2 ** 18;
    const own = await makeWebgl({ maxTotalBytes: 5 * 4 * n });
    const x = on(own, new Float32Array(n), [n]);
    const y = x.add(1);
    for (let i = 0; i < 20; i++) y.add_(1);
    const z = y.mul(y).add(y);
    expect((await z.data())[n - 1]).toBe(21 * 21 + 21);
    own.dispose();
  });

  it('an expression that is several operands of one op is drawn once, for itself', async () => {
    const x = on(gpu, ramp(6), [6]);
    const y = x.add(1);
    const draws = await drawsOf(gpu, async () => {
      expect(await values(y.mul(y))).toEqual([1, 4, 9, 16, 25, 36]);
      expect(await values(y)).toEqual([1, 2, 3, 4, 5, 6]);
    });
    expect(draws).toBe(2);
  });
});

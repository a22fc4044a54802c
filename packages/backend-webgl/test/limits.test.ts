/** What does not fit a GPU's limits is laid out otherwise, or refused with the limit's name; what is alive stays usable. */
import { matmul, scope, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import type { WebglOptions } from '../src/index.js';
import { hasWebgl, makeWebgl, on, ramp } from './harness.js';

/** A real context that says of itself that it has less. */
function lesser(limits: Readonly<Record<string, number>>): WebglOptions['canvas'] {
  const canvas = new (globalThis as never as { OffscreenCanvas: new (w: number, h: number) => never }).OffscreenCanvas(1, 1);
  const gl = (canvas as { getContext(type: string): Record<string, unknown> }).getContext('webgl2');
  const ask = gl.getParameter as (name: number) => unknown;
  gl.getParameter = (name: number) => {
    const limited = Object.keys(limits).find((key) => gl[key] === name);
    return limited ? limits[limited] : ask.call(gl, name);
  };
  return canvas;
}

describe.skipIf(!hasWebgl)('limits of a GPU', () => {
  it('tensors longer and higher than a texture may be', async () => {
    const gpu = await makeWebgl({ canvas: lesser({ MAX_TEXTURE_SIZE: 64 }) });
    const n = 5000;
    for (const shape of [
      [1, n],
      [n, 1],
      [2, 1, n / 2],
    ]) {
      const x = on(gpu, ramp(n), shape);
      expect(await x.add(1).data()).toEqual(ramp(n).map((v) => v + 1));
      expect(
        await x
          .reshape([n])
          .slice([n - 2, n])
          .data(),
      ).toEqual(Float32Array.of(n - 2, n - 1));
      x.slice([0, 1]).fill_(0);
      expect(await x.sum().item()).toBe(shape[0] === 1 ? 0 : (n * (n - 1)) / 2 - (shape[0] === n ? 0 : 1250 * 2499));
    }
    const row = on(gpu, ramp(n), [1, n]);
    expect(await matmul(row, row.transpose(0, 1)).item()).toBeCloseTo(((n - 1) * n * (2 * n - 1)) / 6, -8);
  });

  it('a tensor that no texture can hold is refused, with the limit', async () => {
    const gpu = await makeWebgl({ canvas: lesser({ MAX_TEXTURE_SIZE: 64 }) });
    expect(gpu.capabilities.limits.maxBufferBytes).toBe(64 * 64 * 16);
    expect(() => on(gpu, new Float32Array(64 * 64 * 4 + 1), [64 * 64 * 4 + 1])).toThrow(/expected at most 65536 bytes in one buffer/);
    expect(gpu.memory()).toEqual({ tensors: 0, bytes: 0 });
    expect(
      (
        await on(gpu, new Float32Array(64 * 64 * 4).fill(2), [64 * 64 * 4])
          .mul(2)
          .data()
      ).every((v) => v === 4),
    ).toBe(true);
  });

  it('a view of more axes than a program walks is refused, with a remedy', async () => {
    const gpu = await makeWebgl();
    const x = on(gpu, ramp(2 ** 10), new Array(10).fill(2)).permute([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(() => x.add(1)).toThrow(/expected a view of at most 8 axes .*; permute in two steps/);
    expect(gpu.memory().tensors).toBe(1);
  });

  it('fewer texture units than a chain has inputs', async () => {
    const gpu = await makeWebgl({ canvas: lesser({ MAX_TEXTURE_IMAGE_UNITS: 3 }) });
    let sum = on(gpu, ramp(7), [7]);
    for (let i = 2; i <= 9; i++) sum = sum.add(on(gpu, ramp(7, i), [7]));
    expect(await sum.data()).toEqual(ramp(7, 45));
  });

  it('a full budget is a clear error; what is alive can be read and used', async () => {
    const gpu = await makeWebgl({ maxTotalBytes: 100_000 });
    const x = on(gpu, ramp(10_000), [10_000]);
    const y = x.add(1);
    expect(() => scope(() => void [x.mul(2), x.mul(3)])).toThrow(
      /expected at most 100000 bytes in all tensors of "webgl-\d+", got 80000 in 2 tensors/,
    );
    expect((await y.data())[9999]).toBe(10_000);
    y.dispose();
    expect((await x.mul(2).data())[1]).toBe(2);
  });

  it('keeps textures for reuse up to its budget', async () => {
    const gpu = await makeWebgl({ poolBytes: 50_000 });
    for (let i = 0; i < 10; i++) {
      const x = on(gpu, new Float32Array(1000 * (i + 1)), [1000 * (i + 1)]);
      await x.add(1).data();
      x.dispose();
      expect(gpu.statistics().keptBytes).toBeLessThanOrEqual(50_000);
    }
  });

  it('synchronous reads say why they are absent, and are there for those who ask', async () => {
    const gpu = await makeWebgl();
    const x = on(gpu, ramp(5), [5]);
    expect(() => x.dataSync()).toThrow(/expected a backend with synchronous reads, got "webgl-\d+"; use await t\.data\(\)/);
    expect(String(x)).toMatch(/tensor\(shape=\[5\], dtype=float32, backend=webgl-\d+\)/);
    expect(await x.toText()).toMatch(/tensor\(\[0\., 1\., 2\., 3\., 4\.\]/);
    const sync = await makeWebgl({ syncRead: true });
    expect(on(sync, ramp(5), [5]).add(1).dataSync()).toEqual(Float32Array.of(1, 2, 3, 4, 5));
    expect(on(sync, [1, 0, 1, 1, 0], [5], 'bool').dataSync()).toEqual(Uint8Array.of(1, 0, 1, 1, 0));
  });

  it('a window of many axes is written as it stands, or refused with a remedy', async () => {
    const gpu = await makeWebgl();
    const x = zeros([3, ...new Array(9).fill(2)], { backend: gpu.name });
    x.select(0, 1).fill_(5);
    expect(Array.from(await x.data())).toEqual(Array.from({ length: 3 * 512 }, (_, i) => (i >> 9 === 1 ? 5 : 0)));
    const y = zeros(new Array(9).fill(3), { backend: gpu.name });
    const corner = y.slice(...new Array(9).fill([0, 2]));
    expect(() => corner.fill_(5)).toThrow(/expected a window of at most 8 axes .*; write it in parts/);
    expect(await y.sum().item()).toBe(0);
  });

  it('an expression that finds no room can be computed when there is', async () => {
    const n = 513; // A texture has twice as much.
    const gpu = await makeWebgl({ maxTotalBytes: 7 * 4096, fuseAfter: 0 });
    const x = on(gpu, ramp(n), [n]);
    // As long as an expression may be: the next op has it computed first.
    const sum = x.add(1);
    for (let i = 1; i < 32; i++) sum.add_(1);
    const others = Array.from({ length: 6 }, () => on(gpu, ramp(n), [n]));
    expect(() => sum.add(1)).toThrow(/bytes in all textures/);
    for (const t of others) t.dispose();
    expect((await sum.data())[7]).toBe(7 + 32);
    const another = on(gpu, new Float32Array(n), [n]);
    expect((await x.mul(1).data())[7]).toBe(7);
    expect((await another.data())[7]).toBe(0);
  });
});

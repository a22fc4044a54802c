/** Reads give the values of their moment, and what comes after them never gets those. */
import { scope } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl, on, ramp } from './harness.js';

describe.skipIf(!hasWebgl)('a read on its way', () => {
  it('a window that is written meanwhile has its new values afterwards', async () => {
    const gpu = await makeWebgl();
    const x = on(gpu, new Float32Array(600 * 600), [600, 600]).add(1);
    x.slice([0, 1]).fill_(2);
    const reading = x.data();
    x.slice([300, 302]).fill_(5); // A few rows of a large texture.
    expect((await reading)[300 * 600]).toBe(1);
    expect((await x.data())[300 * 600]).toBe(5);
  });

  it('a tensor that is written twice meanwhile, so that textures come round, has its new values afterwards', async () => {
    const gpu = await makeWebgl();
    const n = 1000;
    const p = on(gpu, ramp(n), [n]);
    const gradient = on(gpu, new Float32Array(n).fill(1), [n]);
    const attrs = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, dynamic: { lr: 1, firstStep: true } };
    const step = () => gpu.sgdStep?.(p.ref, gradient.ref, null, attrs);
    step();
    const reading = gpu.read(p.ref);
    step();
    step();
    expect((await reading)[7]).toBe(6);
    expect((await gpu.read(p.ref))[7]).toBe(4);
  });

  it('a tensor that is freed meanwhile gives its texture back when the read is done', async () => {
    const gpu = await makeWebgl();
    const y = on(gpu, ramp(1000), [1000]);
    scope(() => void y.slice([0, 1]).fill_(1));
    const reading = y.data();
    y.dispose();
    expect((await reading)[3]).toBe(3);
    expect(gpu.statistics().usedBytes).toBe(0);
  });

  it('values come in an array of their own, of no more than them', async () => {
    const gpu = await makeWebgl({ syncRead: true });
    const x = on(gpu, ramp(1001), [1001]).add(1);
    const part = x.slice([501, 503]);
    for (const values of [await part.data(), part.dataSync(), await x.data()]) {
      expect(values.buffer.byteLength).toBe(values.byteLength);
    }
    expect(Array.from(await part.data())).toEqual([502, 503]);
  });
});

/** A context that the browser takes away and gives back (docs/adr/0015): exact values, or an error that names what was lost. */
import { registerBackend, type Tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { type WebglBackend, webgl } from '../src/index.js';
import { hasWebgl, on, ramp } from './harness.js';

interface Fixture {
  readonly gpu: WebglBackend;
  lose(): Promise<void>;
  restore(): Promise<void>;
}

let count = 0;

async function fixture(): Promise<Fixture> {
  const canvas = new (globalThis as never as { OffscreenCanvas: new (w: number, h: number) => EventTarget }).OffscreenCanvas(1, 1);
  const made = await webgl({ name: `lost-${++count}`, canvas: canvas as never });
  if ('unavailable' in made) throw new Error(made.unavailable);
  registerBackend(made);
  const gl = (
    canvas as never as { getContext(type: string): { getExtension(name: string): { loseContext(): void; restoreContext(): void } } }
  ).getContext('webgl2');
  const extension = gl.getExtension('WEBGL_lose_context');
  const event = (name: string, act: () => void) =>
    new Promise<void>((resolve) => {
      canvas.addEventListener(name, () => setTimeout(resolve, 0), { once: true });
      act();
    });
  return {
    gpu: made,
    lose: () => event('webglcontextlost', () => extension.loseContext()),
    restore: () => event('webglcontextrestored', () => extension.restoreContext()),
  };
}

describe.skipIf(!hasWebgl)('a lost context', () => {
  const values = async (t: Tensor) => Array.from(await t.data());

  it('refuses calls while it lasts, and takes them again afterwards', async () => {
    const { gpu, lose, restore } = await fixture();
    const x = on(gpu, ramp(6), [6]);
    await values(x.add(1));
    await lose();
    expect(() => on(gpu, ramp(3), [3])).toThrow(
      /\[write\] expected a live WebGL context on "lost-\d+", got one that the browser has taken away/,
    );
    expect(() => x.add(1)).toThrow(/live WebGL context/);
    await expect(x.data()).resolves.toEqual(ramp(6)); // The host has it.
    await expect(zeros([3], { backend: gpu.name }).data()).rejects.toThrow(/^\[chain float32\] expected a live WebGL context/);
    await expect(gpu.sync()).rejects.toThrow(/live WebGL context/);
    let back = false;
    const restored = gpu.restored().then(() => {
      back = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(back).toBe(false);
    await restore();
    await restored;
    const y = on(gpu, [1, 2, 3], [3]);
    expect(await values(y.mul(2))).toEqual([2, 4, 6]);
  });

  it('brings back what the host has: tensors as they were made, and as they were last read', async () => {
    const { gpu, lose, restore } = await fixture();
    const written = on(gpu, ramp(9), [3, 3]);
    const read = on(gpu, ramp(5), [5]).add(7);
    expect(await values(read)).toEqual([7, 8, 9, 10, 11]);
    const mask = on(gpu, [1, 0, 1], [3], 'bool');
    await lose();
    await restore();
    expect(await values(written.transpose(0, 1).add(0))).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8]);
    expect(await values(read.mul(2))).toEqual([14, 16, 18, 20, 22]);
    expect(await values(mask)).toEqual([1, 0, 1]);
  });

  it('computes anew what is pending on values that the host has', async () => {
    const { gpu, lose, restore } = await fixture();
    const pending = on(gpu, ramp(4), [4]).add(1).square();
    await lose();
    await restore();
    expect(await values(pending)).toEqual([1, 4, 9, 16]);
  });

  it('names what was lost, and never goes back to older values', async () => {
    const { gpu, lose, restore } = await fixture();
    const parameter = on(gpu, ramp(6), [2, 3]);
    expect(await values(parameter)).toEqual([0, 1, 2, 3, 4, 5]);
    parameter.sub_(0.5);
    parameter.slice([0, 1]).fill_(4);
    await gpu.sync();
    await lose();
    await restore();
    await expect(parameter.data()).rejects.toThrow(/expected a \[2, 3\] float32 tensor on "lost-\d+", got nothing: it was lost/);
    // Its values can be set again in place: it is the same parameter.
    parameter.copy_(on(gpu, ramp(6, 2), [2, 3]));
    expect(await values(parameter)).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('ends a read that is on its way with an error', async () => {
    const { gpu, lose, restore } = await fixture();
    const y = on(gpu, ramp(6), [6]).add(1);
    const pending = y.data();
    pending.catch(() => {});
    await lose();
    await restore();
    await expect(pending).rejects.toThrow(/lost|taken away/);
  });
});

/** `dispose` ends what is on its way with an error that says so, and gives the GPU's memory back. */
import { describe, expect, it } from 'vitest';
import { webgl } from '../src/index.js';
import { hasWebgl, makeWebgl, on, ramp } from './harness.js';

type Canvas = { getContext(type: string): Record<string, (...args: unknown[]) => unknown> | null };
const newCanvas = () => new (globalThis as never as { OffscreenCanvas: new (w: number, h: number) => Canvas }).OffscreenCanvas(1, 1);
const after = /expected a backend in use, got "webgl-\d+" after its dispose\(\); make another one/;

describe.skipIf(!hasWebgl)('dispose', () => {
  for (const own of [true, false]) {
    it(`${own ? 'its own context' : 'a canvas of the page’s'}: reads on their way, and calls afterwards`, async () => {
      const gpu = await makeWebgl(own ? {} : { canvas: newCanvas() as never });
      const x = on(gpu, ramp(5000), [5000]);
      const y = x.add(1);
      const reading = y.data();
      gpu.dispose();
      gpu.dispose();
      await expect(reading).rejects.toThrow(after);
      await expect(gpu.sync()).rejects.toThrow(after);
      await expect(gpu.restored()).rejects.toThrow(after);
      expect(() => on(gpu, ramp(3), [3])).toThrow(after);
      expect(() => x.mul(2)).toThrow(after);
      y.dispose();
      x.dispose();
      expect(gpu.memory().tensors).toBe(0);
    });
  }

  it('leaves no kept textures on a canvas of the page’s', async () => {
    const canvas = newCanvas();
    const gpu = await makeWebgl({ canvas: canvas as never });
    const gl = canvas.getContext('webgl2') as NonNullable<ReturnType<Canvas['getContext']>>;
    const alive = new Set<unknown>();
    const { createTexture, deleteTexture } = gl;
    gl.createTexture = () => {
      const texture = createTexture.call(gl);
      alive.add(texture);
      return texture;
    };
    gl.deleteTexture = (texture) => {
      alive.delete(texture);
      deleteTexture.call(gl, texture);
    };
    const x = on(gpu, ramp(5000), [5000]);
    const y = x.add(1);
    await y.data();
    expect(alive.size).toBe(2);
    x.dispose();
    y.dispose();
    gpu.dispose();
    expect(alive.size).toBe(0);
  });

  it('says that a canvas has another context', async () => {
    const canvas = newCanvas();
    canvas.getContext('2d');
    expect(await webgl({ canvas: canvas as never })).toEqual({
      name: 'webgl',
      unavailable: expect.stringMatching(/context of another kind/),
    });
  });
});

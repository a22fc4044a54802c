import { describe, expect, it } from 'vitest';
import { countCalls } from '../../src/browser/counting/count-calls.js';
import { between, noCounts } from '../../src/browser/counting/counts.js';

const gl = {
  RGBA: 0x1908,
  RED: 0x1903,
  FLOAT: 0x1406,
  UNSIGNED_BYTE: 0x1401,
  RGBA32F: 0x8814,
  R32F: 0x822e,
  TEXTURE_2D: 0x0de1,
  TEXTURE_2D_ARRAY: 0x8c1a,
  FRAMEBUFFER: 0x8d40,
  READ_FRAMEBUFFER: 0x8ca8,
  PIXEL_PACK_BUFFER: 0x88eb,
  ARRAY_BUFFER: 0x8892,
  SCISSOR_TEST: 0x0c11,
  COLOR_ATTACHMENT0: 0x8ce0,
  TRIANGLES: 4,
};

const names =
  'drawArrays drawElements drawArraysInstanced drawElementsInstanced drawRangeElements clear clearBufferfv linkProgram texImage2D texImage3D ' +
  'texSubImage2D texSubImage3D texStorage2D texStorage3D bufferData bufferSubData readPixels getBufferSubData viewport scissor enable disable ' +
  'bindFramebuffer deleteFramebuffer drawBuffers bindBuffer activeTexture bindTexture deleteTexture uniform1f getError';

type Fake = Record<string, (...args: any[]) => unknown>;

/** A prototype with WebGL's methods, which note what reaches them, and contexts of it. */
function fake() {
  const reached: unknown[][] = [];
  class Context {
    readonly drawingBufferWidth = 300;
    readonly drawingBufferHeight = 150;
    get canvas(): never {
      throw new Error('a getter of the prototype is not to be asked');
    }
  }
  for (const name of names.split(' ')) {
    Object.defineProperty(Context.prototype, name, {
      configurable: true,
      writable: true,
      enumerable: true,
      value(this: unknown, ...args: unknown[]) {
        reached.push([this, name, ...args]);
        return `${name} did`;
      },
    });
  }
  const { counts } = countCalls(Context.prototype);
  return { counts, reached, context: () => new Context() as unknown as Fake };
}

describe('countCalls', () => {
  it('passes calls on, with their context, arguments and result', () => {
    const { counts, reached, context } = fake();
    const c = context();
    expect(c.uniform1f('at', 2)).toBe('uniform1f did');
    expect(reached).toEqual([[c, 'uniform1f', 'at', 2]]);
    expect(counts).toEqual({ ...noCounts(), calls: 1 });
  });

  it('counts draws of every kind and the texels of the viewport', () => {
    const { counts, context } = fake();
    const c = context();
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts).toMatchObject({ draws: 1, texels: 300 * 150 });
    c.viewport(0, 0, 8, 4);
    c.drawElements(gl.TRIANGLES, 6, gl.UNSIGNED_BYTE, 0);
    c.drawArraysInstanced(gl.TRIANGLES, 0, 3, 2);
    c.drawElementsInstanced(gl.TRIANGLES, 6, gl.UNSIGNED_BYTE, 0, 2);
    c.drawRangeElements(gl.TRIANGLES, 0, 3, 6, gl.UNSIGNED_BYTE, 0);
    expect(counts).toMatchObject({ draws: 5, texels: 300 * 150 + 4 * 32 });
  });

  it('cuts the viewport to the scissor while that is on', () => {
    const { counts, context } = fake();
    const c = context();
    c.viewport(0, 0, 8, 8);
    c.scissor(6, 2, 10, 3);
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts.texels).toBe(64);
    c.enable(gl.SCISSOR_TEST);
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts.texels).toBe(64 + 2 * 3);
    c.scissor(20, 20, 1, 1);
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts.texels).toBe(64 + 2 * 3);
    c.disable(gl.SCISSOR_TEST);
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts.texels).toBe(64 + 2 * 3 + 64);
  });

  it('knows the draw buffers of each framebuffer', () => {
    const { counts, context } = fake();
    const c = context();
    const [one, three] = [{}, {}];
    c.viewport(0, 0, 2, 2);
    c.bindFramebuffer(gl.FRAMEBUFFER, three);
    c.drawBuffers([gl.COLOR_ATTACHMENT0, 0, gl.COLOR_ATTACHMENT0 + 2, gl.COLOR_ATTACHMENT0 + 3]);
    c.bindFramebuffer(gl.FRAMEBUFFER, one);
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts.texels).toBe(4);
    c.bindFramebuffer(gl.FRAMEBUFFER, three);
    c.bindFramebuffer(gl.READ_FRAMEBUFFER, one);
    c.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts.texels).toBe(4 + 12);
    c.clearBufferfv(0x1800, 0, [0, 0, 0, 0]);
    expect(counts).toMatchObject({ draws: 2, clears: 1, texels: 4 + 12 });
  });

  it('keeps contexts apart', () => {
    const { counts, context } = fake();
    const [a, b] = [context(), context()];
    a.viewport(0, 0, 1, 1);
    b.viewport(0, 0, 10, 1);
    a.drawArrays(gl.TRIANGLES, 0, 3);
    expect(counts).toMatchObject({ draws: 1, texels: 1, calls: 3 });
  });

  it('counts uploads with data, and their bytes', () => {
    const { counts, context } = fake();
    const c = context();
    const { TEXTURE_2D, RGBA32F, RGBA, RED, FLOAT, R32F } = gl;
    c.texImage2D(TEXTURE_2D, 0, RGBA32F, 4, 2, 0, RGBA, FLOAT, null);
    expect(counts).toMatchObject({ uploads: 0, uploadBytes: 0 });
    c.texImage2D(TEXTURE_2D, 0, RGBA32F, 4, 2, 0, RGBA, FLOAT, new Float32Array(32));
    c.texSubImage2D(TEXTURE_2D, 0, 0, 0, 4, 1, RED, FLOAT, new Float32Array(4));
    c.texImage3D(gl.TEXTURE_2D_ARRAY, 0, R32F, 4, 2, 3, 0, RED, FLOAT, new Float32Array(24));
    c.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, 0, 1, 1, 2, RED, FLOAT, new Float32Array(2));
    expect(counts).toMatchObject({ uploads: 4, uploadBytes: 128 + 16 + 96 + 8 });
    const image = { width: 10, height: 10 };
    c.texImage2D(TEXTURE_2D, 0, RGBA, RGBA, gl.UNSIGNED_BYTE, image);
    c.texSubImage2D(TEXTURE_2D, 0, 0, 0, RGBA, gl.UNSIGNED_BYTE, image);
    expect(counts).toMatchObject({ uploads: 6, uploadBytes: 248 + 800 });
  });

  it('counts writes of buffers apart, and not their mere making', () => {
    const { counts, context } = fake();
    const c = context();
    c.bufferData(gl.PIXEL_PACK_BUFFER, 4096, 0x88e1);
    expect(counts).toMatchObject({ bufferWrites: 0, bufferWriteBytes: 0 });
    c.bufferData(gl.ARRAY_BUFFER, new Float32Array(6), 0x88e4);
    c.bufferSubData(gl.ARRAY_BUFFER, 0, new Float32Array(6), 2, 3);
    c.bufferSubData(gl.ARRAY_BUFFER, 0, new Float32Array(6), 2);
    expect(counts).toMatchObject({ uploads: 0, bufferWrites: 3, bufferWriteBytes: 24 + 12 + 16 });
  });

  it('counts a reading through a buffer once, when it comes to the host', () => {
    const { counts, context } = fake();
    const c = context();
    c.readPixels(0, 0, 2, 2, gl.RGBA, gl.FLOAT, new Float32Array(16));
    expect(counts).toMatchObject({ readbacks: 1, readbackBytes: 64 });
    c.bindBuffer(gl.PIXEL_PACK_BUFFER, {});
    c.readPixels(0, 0, 2, 2, gl.RGBA, gl.FLOAT, 0);
    expect(counts).toMatchObject({ readbacks: 1, readbackBytes: 64 });
    c.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, new Float32Array(16));
    expect(counts).toMatchObject({ readbacks: 2, readbackBytes: 128 });
    c.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    c.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, new Float32Array(4));
    expect(counts).toMatchObject({ readbacks: 3, readbackBytes: 144 });
  });

  it('knows the bytes of the textures that live', () => {
    const { counts, context } = fake();
    const c = context();
    const [a, b] = [{}, {}];
    c.activeTexture(0x84c0);
    c.bindTexture(gl.TEXTURE_2D, a);
    c.activeTexture(0x84c1);
    c.bindTexture(gl.TEXTURE_2D_ARRAY, b);
    c.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RGBA32F, 2, 2, 3);
    c.activeTexture(0x84c0);
    c.texStorage2D(gl.TEXTURE_2D, 1, gl.R32F, 8, 8);
    expect(counts.textureBytes).toBe(192 + 256);
    // Made again, in another size, with the internal format that says nothing of bits.
    c.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 4, 4, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    expect(counts.textureBytes).toBe(192 + 64);
    c.deleteTexture(b);
    c.deleteTexture(b);
    c.deleteTexture(null);
    expect(counts.textureBytes).toBe(64);
  });

  it('counts programs when they are linked', () => {
    const { counts, context } = fake();
    context().linkProgram({});
    expect(counts.programs).toBe(1);
  });
});

describe('between', () => {
  it('subtracts sums, and keeps the later state', () => {
    const before = { ...noCounts(), draws: 5, textureBytes: 100 };
    const after = { ...noCounts(), draws: 8, textureBytes: 60 };
    expect(between(before, after)).toEqual({ ...noCounts(), draws: 3, textureBytes: 60 });
  });
});

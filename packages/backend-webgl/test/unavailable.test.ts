/** Where it cannot run it says why; options that cannot be meant are refused before anything is made. */
import { describe, expect, it } from 'vitest';
import { webgl } from '../src/index.js';
import { hasWebgl } from './harness.js';

const canvas = (getContext: () => unknown) => ({ getContext, addEventListener() {}, removeEventListener() {} });

/** A context that answers only what is asked before the first draw. */
const context = (over: Record<string, unknown>) => ({
  isContextLost: () => false,
  getExtension: () => ({}),
  getShaderPrecisionFormat: () => ({ precision: 23 }),
  ...over,
});

describe('webgl() without what it needs', () => {
  it.skipIf(hasWebgl)('no canvas: Node', async () => {
    expect(await webgl()).toEqual({ name: 'webgl', unavailable: expect.stringMatching(/no canvas here: WebGL2 needs a browser/) });
  });

  it('no WebGL2', async () => {
    expect(await webgl({ canvas: canvas(() => null), name: 'gpu' })).toEqual({
      name: 'gpu',
      unavailable: expect.stringMatching(/gives no WebGL2 context/),
    });
  });

  it('no float render targets', async () => {
    const made = await webgl({
      canvas: canvas(() => context({ getExtension: (name: string) => (name === 'EXT_color_buffer_float' ? null : {}) })),
    });
    expect(made).toEqual({
      name: 'webgl',
      unavailable: expect.stringMatching(/cannot render to float32 textures \(EXT_color_buffer_float/),
    });
  });

  it('no float32 arithmetic', async () => {
    const made = await webgl({ canvas: canvas(() => context({ getShaderPrecisionFormat: () => ({ precision: 10 }) })) });
    expect(made).toEqual({ name: 'webgl', unavailable: expect.stringMatching(/10 bits of mantissa/) });
  });

  it('a context that is lost already', async () => {
    const made = await webgl({ canvas: canvas(() => context({ isContextLost: () => true })) });
    expect(made).toEqual({ name: 'webgl', unavailable: expect.stringMatching(/has been lost/) });
  });

  it.each([
    [null, /expected an object of options, got null/],
    [{ nmae: 'x' }, /expected options of .*, got "nmae"/],
    [{ name: '' }, /expected name to be a name that is not empty/],
    [{ canvas: { getContext: () => null } }, /expected canvas to be an OffscreenCanvas/],
    [{ canvas: {} }, /expected canvas to be an OffscreenCanvas/],
    [{ powerPreference: 'fast' }, /expected powerPreference to be 'default'/],
    [{ maxTotalBytes: 0.5 }, /expected maxTotalBytes to be a whole number/],
    [{ poolBytes: -1 }, /expected poolBytes to be a whole number/],
    [{ syncRead: 1 }, /expected syncRead to be true or false/],
    [{ fuseAfter: -1 }, /expected fuseAfter to be a whole number/],
  ])('refuses %j', async (options, message) => {
    await expect(webgl(options as never)).rejects.toThrow(message as RegExp);
  });
});

import type { WebglCanvas, WebglOptions } from '../options.js';

export interface Context {
  readonly canvas: WebglCanvas;
  readonly gl: WebGL2RenderingContext;
}

function newCanvas(): WebglCanvas | null {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(1, 1);
  if (typeof document !== 'undefined') return document.createElement('canvas');
  return null;
}

/** Extensions without which nothing runs; asked for again when a context has been restored. */
export function enableExtensions(gl: WebGL2RenderingContext): string | null {
  if (gl.getExtension('EXT_color_buffer_float') === null) {
    return 'the GPU cannot render to float32 textures (EXT_color_buffer_float is missing)';
  }
  return null;
}

/** A WebGL2 context that can compute, or why there is none. */
export function openContext(options: WebglOptions): Context | { readonly unavailable: string } {
  const canvas = options.canvas ?? newCanvas();
  if (canvas === null) return { unavailable: 'there is no canvas here: WebGL2 needs a browser (a page or a worker)' };
  const gl = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    depth: false,
    stencil: false,
    premultipliedAlpha: false,
    preserveDrawingBuffer: false,
    powerPreference: options.powerPreference ?? 'high-performance',
  }) as WebGL2RenderingContext | null;
  if (gl === null) {
    const taken = options.canvas ? 'this canvas has a context of another kind, ' : '';
    return {
      unavailable: `the browser gives no WebGL2 context: ${taken}it is too old, has it switched off, or the GPU is on its block list`,
    };
  }
  if (gl.isContextLost()) return { unavailable: 'the WebGL2 context of this canvas has been lost' };
  const lacking = enableExtensions(gl) ?? lackOfPrecision(gl);
  if (lacking !== null) {
    if (options.canvas === undefined) gl.getExtension('WEBGL_lose_context')?.loseContext();
    return { unavailable: lacking };
  }

  enableState(gl);
  return { canvas, gl };
}

function lackOfPrecision(gl: WebGL2RenderingContext): string | null {
  const float = gl.getShaderPrecisionFormat(gl.FRAGMENT_SHADER, gl.HIGH_FLOAT);
  if (float !== null && float.precision >= 23) return null;
  return `the GPU computes with ${float?.precision ?? 'no'} bits of mantissa, not float32's 23`;
}

/** State that nothing here ever changes, also after a context was restored. */
export function enableState(gl: WebGL2RenderingContext): void {
  for (const off of [gl.BLEND, gl.DEPTH_TEST, gl.STENCIL_TEST, gl.SCISSOR_TEST, gl.CULL_FACE, gl.DITHER]) gl.disable(off);
}

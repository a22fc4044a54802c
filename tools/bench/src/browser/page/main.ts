// The page's program. What a job needs is loaded by the job: a contender that is measured alone is alone.
import type { Device } from '../protocol.js';
import { watchContexts } from './contexts.js';

watchContexts();

function device(): Device {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) throw new Error('expected a page with WebGL2, got none; see --angle');
  const unmasked = gl.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL;
  const out: Device = {
    renderer: String(gl.getParameter(unmasked ?? gl.RENDERER)),
    version: String(gl.getParameter(gl.VERSION)),
    maxTextureSize: Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)),
    isolated: crossOriginIsolated,
  };
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return out;
}

globalThis.konvBench = {
  device,
  load: async (job) => (await import('./compare.js')).load(job),
  compare: async (job) => (await import('./compare.js')).comparison(job),
  train: async (job) => (await import('./train.js')).training(job),
};

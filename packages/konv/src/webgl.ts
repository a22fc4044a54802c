import type { WebglBackend, WebglOptions } from '@konv/backend-webgl';
import type { Unavailable } from '@konv/core-tensor';

/**
 * Makes the WebGL backend, to be registered: `registerBackend(await webgl())`. Where there is no GPU to be had it resolves
 * to `{ unavailable: reason }`, which is noted. Its code is loaded by this call: a program that never makes it does not
 * carry it.
 */
export async function webgl(options?: WebglOptions): Promise<WebglBackend | Unavailable> {
  const module = await import('@konv/backend-webgl');
  return module.webgl(options);
}

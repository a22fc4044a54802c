/** The WebGL2 contexts of the page, from `watchContexts` on. */
const made: WebGL2RenderingContext[] = [];

type Canvas = { getContext(this: unknown, ...args: unknown[]): unknown };

/** Notes every context that is made from now on. */
export function watchContexts(): void {
  for (const prototype of [HTMLCanvasElement.prototype, OffscreenCanvas.prototype] as unknown as Canvas[]) {
    const original = prototype.getContext;
    prototype.getContext = function (...args) {
      const context = original.apply(this, args);
      if (context instanceof WebGL2RenderingContext && !made.includes(context)) made.push(context);
      return context;
    };
  }
}

/** The contexts that `work` makes. Nothing else may make any meanwhile. */
export async function contextsOf(work: () => Promise<unknown>): Promise<WebGL2RenderingContext[]> {
  const before = made.length;
  await work();
  return made.slice(before);
}

/**
 * Blocks until all that was asked of a context is done: a texel is cleared behind it and read. The same for whoever owns
 * the context, and exact, where a fence would be seen at the next tick of a timer. What was bound is bound again.
 */
export class Drain {
  private readonly framebuffer: WebGLFramebuffer;
  private readonly texel = new Uint8Array(4);

  constructor(private readonly gl: WebGL2RenderingContext) {
    const bound = gl.getParameter(gl.TEXTURE_BINDING_2D) as WebGLTexture | null;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 1, 1);
    gl.bindTexture(gl.TEXTURE_2D, bound);
    this.framebuffer = gl.createFramebuffer();
    this.within(() => gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0));
  }

  private within(work: () => void): void {
    const { gl } = this;
    const [draws, reads, pack] = [gl.DRAW_FRAMEBUFFER_BINDING, gl.READ_FRAMEBUFFER_BINDING, gl.PIXEL_PACK_BUFFER_BINDING].map((name) =>
      gl.getParameter(name),
    );
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    if (pack) gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    work();
    if (pack) gl.bindBuffer(gl.PIXEL_PACK_BUFFER, pack);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, draws);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, reads);
  }

  /** Throws where the context has been lost: whatever was timed was not computed. */
  now(): void {
    const { gl } = this;
    this.within(() => {
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, this.texel);
    });
    if (gl.isContextLost()) throw new Error('its WebGL context has been lost');
  }
}

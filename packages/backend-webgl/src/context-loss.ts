import { BackendError } from '@konv/core-tensor';
import type { GlBuffer } from './buffer.js';
import type { Engine } from './engine.js';
import { enableExtensions, enableState } from './gl/context.js';
import type { Texture } from './gl/texture.js';
import type { WebglCanvas } from './options.js';
import { send } from './transfer.js';

/** The browser has taken the context away, and `what` with it. */
export function lostError(engine: Engine, op: string, what: string): BackendError {
  return new BackendError(
    op,
    `expected ${what} on "${engine.name}", got nothing: it was lost when the browser took the WebGL context away, ` +
      'and the host has no copy of its latest values; load the parameters again (a checkpoint) or build the tensor anew',
  );
}

export function disposedError(op: string, name: string): BackendError {
  return new BackendError(op, `expected a backend in use, got "${name}" after its dispose(); make another one`);
}

/** What a warm-up left has no texture behind it. */
export function neverComputed(engine: Engine, buffer: GlBuffer | null): BackendError {
  const what = buffer === null ? 'values' : `the values of a [${buffer.shape.join(', ')}] ${buffer.dtype} tensor`;
  return new BackendError(
    'warmup',
    `expected ${what} on "${engine.name}", got a tensor that was made and kept during warmup(), where nothing is computed; ` +
      'have the model make it before (in its constructor, or in one forward pass)',
  );
}

/** Brings a texture of an earlier life of the context back from its host copy. Errors: `BackendError` where there is none. */
export function revive(engine: Engine, texture: Texture, buffer: GlBuffer | null): void {
  engine.check('restore');
  if (texture.host === null) {
    const what =
      buffer === null ? `${texture.texels * 4} values that an expression needs` : `a [${buffer.shape.join(', ')}] ${buffer.dtype} tensor`;
    throw lostError(engine, 'restore', what);
  }
  engine.pool.renew(texture);
  send(engine, texture.host, texture);
}

/** Listens to the canvas: while the context is gone every call throws; afterwards all is made anew as it is needed. */
export class ContextLoss {
  readonly #engine: Engine;
  readonly #canvas: WebglCanvas;
  #waiting: { resolve(): void; reject(error: Error): void }[] = [];

  constructor(engine: Engine, canvas: WebglCanvas) {
    this.#engine = engine;
    this.#canvas = canvas;
    canvas.addEventListener('webglcontextlost', this.#onLost);
    canvas.addEventListener('webglcontextrestored', this.#onRestored);
  }

  readonly #onLost = (event: { preventDefault(): void }): void => {
    // Without this the browser would not give the context back.
    event.preventDefault();
    this.#forget();
    this.#engine.lost = true;
  };

  #forget(): void {
    this.#engine.pool.forget();
    this.#engine.programs.reset();
  }

  readonly #onRestored = (): void => {
    const { gl } = this.#engine;
    // Again: what was made while the context was away is nothing.
    this.#forget();
    enableExtensions(gl);
    enableState(gl);
    this.#engine.lost = false;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  };

  /** Resolves when the context is there. Errors: `BackendError` after `dispose`. */
  async restored(): Promise<void> {
    if (this.#engine.disposed) throw disposedError('restored', this.#engine.name);
    if (!this.#engine.lost && !this.#engine.gl.isContextLost()) return;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  dispose(): void {
    this.#canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.#canvas.removeEventListener('webglcontextrestored', this.#onRestored);
    for (const { reject } of this.#waiting.splice(0)) reject(disposedError('restored', this.#engine.name));
  }
}

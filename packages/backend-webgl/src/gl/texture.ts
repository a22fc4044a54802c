import type { HostArray } from '@konv/core-tensor';
import { type Format, formats, type TexelType } from './formats.js';
import type { TexturePool } from './pool.js';

/**
 * A texture of `1 << shift` by `rows` texels in `layers` layers, counted by its holders: buffers, leaves of pending
 * expressions, reads on the way. The last one to let go hands it to the pool.
 *
 * Texel t stands at column `t & ((1 << shift) - 1)`, row `t >> shift`.
 *
 *     element   0  1  2  3 | 4  5  6  7 | 8 ...        four consecutive elements, row-major, are a texel
 *     texel     0          | 1          | 2            1 << shift texels are a row
 *
 * What stands in the lanes of the last texel beyond the tensor's size is unspecified.
 *
 * More than one layer is scratch for kernels that compute four or more texels an invocation: a layer each.
 */
export class Texture {
  readonly type: TexelType;
  readonly shift: number;
  readonly rows: number;
  readonly layers: number;
  /** Which life of the context it belongs to. */
  generation: number;
  /** Null: made while programs are only being collected (see `Engine.dry`). */
  handle: WebGLTexture | null;
  framebuffer: WebGLFramebuffer | null = null;
  /** What stands in it, row-major, where the host knows: survives a lost context. */
  host: HostArray | null = null;
  /** Texels in use, of the first layer. */
  texels = 0;
  #holders = 1;
  readonly #pool: TexturePool;

  constructor(
    pool: TexturePool,
    type: TexelType,
    size: { readonly shift: number; readonly rows: number; readonly layers: number },
    handle: WebGLTexture | null,
    generation: number,
  ) {
    this.#pool = pool;
    this.type = type;
    this.shift = size.shift;
    this.rows = size.rows;
    this.layers = size.layers;
    this.handle = handle;
    this.generation = generation;
  }

  get format(): Format {
    return formats[this.type];
  }

  get bytes(): number {
    return (this.rows << this.shift) * this.layers * this.format.bytesPerTexel;
  }

  get holders(): number {
    return this.#holders;
  }

  retain(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders === 0) this.#pool.give(this);
  }

  /** A texture of the pool begins a new life. */
  revive(texels: number): this {
    this.#holders = 1;
    this.texels = texels;
    return this;
  }
}

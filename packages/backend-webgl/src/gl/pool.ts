import { BackendError } from '@konv/core-tensor';
import { formats, type TexelType } from './formats.js';
import { Texture } from './texture.js';

/** Below this many texels a texture is one row; above it is about square, which stays within the greatest side. */
const ONE_ROW = 256;

/** Columns (a power of two) and rows for that many texels. Rows are rounded up a little, so that near sizes share textures. */
export function sizeFor(texels: number, maxSide: number): { shift: number; rows: number } {
  const columns = texels <= ONE_ROW ? texels : Math.min(maxSide, Math.sqrt(texels));
  const shift = Math.min(Math.ceil(Math.log2(Math.max(1, columns))), Math.floor(Math.log2(maxSide)));
  const exact = Math.ceil(texels / 2 ** shift);
  const grain = exact <= 16 ? 1 : 2 ** (Math.floor(Math.log2(exact)) - 3);
  return { shift, rows: Math.min(maxSide, Math.ceil(exact / grain) * grain) };
}

export interface PoolLimits {
  /** Texels of one side. */
  readonly maxSide: number;
  /** Bytes of all textures, in use or kept. */
  readonly maxBytes: number;
  /** Bytes of textures kept for reuse. */
  readonly keepBytes: number;
}

/** Textures by size, kept for reuse up to a budget: the oldest go first. */
export class TexturePool {
  readonly limits: PoolLimits;
  /** Bytes on the GPU: of textures in use, and of those kept. */
  usedBytes = 0;
  keptBytes = 0;
  /** While set, textures have no memory behind them. */
  phantom = false;
  generation = 0;
  readonly #gl: WebGL2RenderingContext;
  readonly #name: string;
  readonly #free = new Map<string, Texture[]>();
  /** Kept textures, oldest first. */
  readonly #order = new Set<Texture>();

  constructor(name: string, gl: WebGL2RenderingContext, limits: PoolLimits) {
    this.#name = name;
    this.#gl = gl;
    this.limits = limits;
  }

  /** A texture for that many texels a layer, with whatever stands in it. Errors: `BackendError` where there is no room. */
  take(type: TexelType, texels: number, layers = 1): Texture {
    const { maxSide } = this.limits;
    if (texels > maxSide * 2 ** Math.floor(Math.log2(maxSide))) {
      throw new BackendError(
        'alloc',
        `expected at most ${maxSide} x ${maxSide} texels in one texture of "${this.#name}", got ${texels}; use smaller batches`,
      );
    }
    return this.#sized(type, { ...sizeFor(texels, maxSide), layers }, texels);
  }

  /** A texture as wide as another, with that many rows. */
  rows(like: Texture, rows: number): Texture {
    return this.#sized(like.type, { shift: like.shift, rows, layers: 1 }, rows << like.shift);
  }

  #sized(type: TexelType, size: { shift: number; rows: number; layers: number }, texels: number): Texture {
    if (this.phantom) return new Texture(this, type, size, null, this.generation).revive(texels);
    const kept = this.#free.get(keyOf(type, size))?.pop();
    if (kept) {
      this.#order.delete(kept);
      this.keptBytes -= kept.bytes;
      this.usedBytes += kept.bytes;
      return kept.revive(texels);
    }
    const bytes = (size.rows << size.shift) * size.layers * formats[type].bytesPerTexel;
    this.#makeRoom(bytes);
    const handle = this.#create(type, size, bytes);
    this.usedBytes += bytes;
    return new Texture(this, type, size, handle, this.generation).revive(texels);
  }

  #makeRoom(bytes: number): void {
    const { maxBytes } = this.limits;
    this.#trim(Math.max(0, maxBytes - this.usedBytes - bytes));
    if (this.usedBytes + bytes <= maxBytes) return;
    throw new BackendError(
      'alloc',
      `expected at most ${maxBytes} bytes in all textures of "${this.#name}", got ${this.usedBytes} in use and ${bytes} more; ` +
        'dispose tensors, use scopes or a smaller batch',
    );
  }

  #create(type: TexelType, size: { shift: number; rows: number; layers: number }, bytes: number): WebGLTexture {
    const gl = this.#gl;
    for (let attempt = 0; ; attempt++) {
      const handle = gl.createTexture();
      const target = size.layers === 1 ? gl.TEXTURE_2D : gl.TEXTURE_2D_ARRAY;
      const internal = gl[formats[type].internal];
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(target, handle);
      if (size.layers === 1) gl.texStorage2D(target, 1, internal, 1 << size.shift, size.rows);
      else gl.texStorage3D(target, 1, internal, 1 << size.shift, size.rows, size.layers);
      for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, filter, gl.NEAREST);
      for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(target, wrap, gl.CLAMP_TO_EDGE);
      // Asking costs a round trip to the GPU's process: only large textures can be refused in practice.
      if (bytes < 2 ** 20 || gl.getError() !== gl.OUT_OF_MEMORY) return handle as WebGLTexture;
      gl.deleteTexture(handle);
      if (attempt > 0 || this.keptBytes === 0) {
        throw new BackendError(
          'alloc',
          `expected the GPU to have room for ${bytes} bytes, got OUT_OF_MEMORY with ${this.usedBytes} bytes of "${this.#name}" in use; ` +
            'dispose tensors, use scopes or a smaller batch',
        );
      }
      this.#trim(0);
    }
  }

  give(texture: Texture): void {
    texture.host = null;
    if (texture.handle === null) return;
    if (texture.generation !== this.generation) return;
    this.usedBytes -= texture.bytes;
    const key = keyOf(texture.type, texture);
    const list = this.#free.get(key);
    if (list) list.push(texture);
    else this.#free.set(key, [texture]);
    this.#order.add(texture);
    this.keptBytes += texture.bytes;
    this.#trim(this.limits.keepBytes);
  }

  /** Deletes the oldest of the kept textures until they have at most `bytes`. */
  #trim(bytes: number): void {
    for (const texture of this.#order) {
      if (this.keptBytes <= bytes) return;
      this.#order.delete(texture);
      const list = this.#free.get(keyOf(texture.type, texture)) as Texture[];
      list.splice(list.indexOf(texture), 1);
      this.keptBytes -= texture.bytes;
      this.#gl.deleteFramebuffer(texture.framebuffer);
      this.#gl.deleteTexture(texture.handle);
      texture.handle = null;
    }
  }

  /** Gives a texture of a lost context memory in the present one. What stood in it is the caller's to bring. */
  renew(texture: Texture): void {
    this.#makeRoom(texture.bytes);
    texture.handle = this.#create(texture.type, texture, texture.bytes);
    texture.framebuffer = null;
    texture.generation = this.generation;
    this.usedBytes += texture.bytes;
  }

  /** Gives back what is kept. What is in use goes with its holders. */
  dispose(): void {
    this.#trim(0);
    this.forget();
  }

  /** The context was lost: all that was made before is gone. */
  forget(): void {
    this.generation++;
    this.#free.clear();
    this.#order.clear();
    this.usedBytes = 0;
    this.keptBytes = 0;
  }
}

function keyOf(type: TexelType, size: { readonly shift: number; readonly rows: number; readonly layers: number }): string {
  return `${type} ${size.shift} ${size.rows} ${size.layers}`;
}

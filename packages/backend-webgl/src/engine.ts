import { BackendError, type TensorRef } from '@konv/core-tensor';
import { bufferOf, type GlBuffer, isWhole, sizeOf, texelsFor } from './buffer.js';
import type { Kernel, UniformValue } from './gl/kernel.js';
import type { TexturePool } from './gl/pool.js';
import { type Program, type Programs, setUniform } from './gl/programs.js';
import type { Texture } from './gl/texture.js';
import { evaluate } from './lazy/evaluate.js';
import { letGo } from './lazy/node.js';
import { writeWindow } from './window.js';

/** Elements of a texture from `offset` on, whoever holds it. */
export interface Window {
  readonly texture: Texture;
  readonly offset: number;
}

export type Input = TensorRef | Window | Texture;

export interface Operands {
  readonly inputs: Readonly<Record<string, Input>>;
  readonly uniforms?: Readonly<Record<string, UniformValue>>;
}

/** What was sent to the GPU since the backend was made. */
export interface Counts {
  draws: number;
  /** Texels written by draws: of each, times the render targets. */
  texels: number;
  uploads: number;
  readbacks: number;
}

/** Rows of the output that a draw is confined to. */
export interface Rows {
  readonly first: number;
  readonly end: number;
}

/** What families see of the GPU: draws of kernels from windows of buffers into new textures. */
export class Engine {
  readonly name: string;
  readonly gl: WebGL2RenderingContext;
  readonly pool: TexturePool;
  readonly programs: Programs;
  readonly counts: Counts = { draws: 0, texels: 0, uploads: 0, readbacks: 0 };
  /** Leaves that one expression may have: the texture units of a fragment program. */
  readonly maxInputs: number;
  /** Render targets of one program: 8 nearly everywhere, never fewer than 4. */
  readonly maxTargets: number;
  /** Collect programs without drawing: see `warmup`. */
  dry = false;
  /** Set while the context is gone. */
  lost = false;

  constructor(name: string, gl: WebGL2RenderingContext, pool: TexturePool, programs: Programs, maxInputs: number) {
    this.name = name;
    this.gl = gl;
    this.pool = pool;
    this.programs = programs;
    this.maxInputs = maxInputs;
    this.maxTargets = gl.getParameter(gl.MAX_DRAW_BUFFERS) as number;
  }

  /** Errors: `BackendError` while the context is lost. */
  check(op: string): void {
    if (!this.lost && !this.gl.isContextLost()) return;
    throw new BackendError(
      op,
      `expected a live WebGL context on "${this.name}", got one that the browser has taken away; await backend.restored() and go on, ` +
        'or move to another backend',
    );
  }

  /** The texture behind a buffer: computes what is pending. */
  textureOf(buffer: GlBuffer): Texture {
    if (buffer.pending !== null) {
      const op = buffer.pending;
      const texture = evaluate(this, op);
      buffer.pending = null;
      letGo(op);
      buffer.texture?.release();
      buffer.texture = texture;
    }
    // Core hands out only what has been written; but a window of a fresh buffer may be written first.
    buffer.texture ??= this.pool.take(buffer.dtype as Texture['type'], texelsFor(buffer.size));
    return this.alive(buffer.texture, buffer);
  }

  /**
   * The texture, of the present context: after a loss it is made again from its host copy.
   * Errors: `BackendError` that names what was lost.
   */
  alive(texture: Texture, buffer: GlBuffer | null): Texture {
    if (texture.generation === this.pool.generation) return texture;
    return this.revive(texture, buffer);
  }

  /** Replaced by `context-loss.ts`. */
  revive: (texture: Texture, buffer: GlBuffer | null) => Texture = (texture) => texture;

  /** Draws `kernel` into a texture of its own, which the caller releases. `texels`: invocations, one layer's texels. */
  draw(kernel: Kernel, texels: number, { inputs, uniforms = {} }: Operands): Texture {
    // Inputs first: computing what is pending draws, too.
    const textures = this.#textures(kernel, inputs);
    const target = this.pool.take(kernel.output, texels, kernel.targets ?? 1);
    this.#draw(kernel, target, textures, inputs, uniforms, null);
    return target;
  }

  /** Draws `kernel` into rows of a texture that is there and that is not among the inputs. */
  drawInto(kernel: Kernel, target: Texture, { inputs, uniforms = {} }: Operands, rows: Rows): void {
    this.#draw(kernel, target, this.#textures(kernel, inputs), inputs, uniforms, rows);
  }

  /** Draws `kernel` for every texel of `out` and makes the result its content. */
  compute(kernel: Kernel, operands: Operands, out: TensorRef): void {
    this.put(out, this.draw(kernel, texelsFor(sizeOf(out.shape)), operands));
  }

  /** Makes `texture` (row-major, of `out`'s size) the content of the contiguous `out`, and takes the texture over. */
  put(out: TensorRef, texture: Texture): void {
    const buffer = bufferOf(out);
    if (this.dry && !buffer.dry) return texture.release();
    if (isWhole(out)) {
      this.#rebind(buffer, texture);
      return;
    }
    try {
      writeWindow(this, texture, out);
    } finally {
      texture.release();
    }
  }

  #rebind(buffer: GlBuffer, texture: Texture): void {
    if (buffer.pending) letGo(buffer.pending);
    buffer.pending = null;
    buffer.texture?.release();
    buffer.texture = texture;
  }

  #textures(kernel: Kernel, inputs: Operands['inputs']): Texture[] {
    return Object.keys(kernel.inputs).map((name) => {
      const x = inputs[name];
      return 'buffer' in x ? this.textureOf(bufferOf(x)) : this.alive('texture' in x ? x.texture : x, null);
    });
  }

  #draw(
    kernel: Kernel,
    target: Texture,
    textures: readonly Texture[],
    inputs: Operands['inputs'],
    uniforms: Readonly<Record<string, UniformValue>>,
    rows: Rows | null,
  ): void {
    if (this.dry) {
      this.programs.begin(kernel);
      return;
    }
    this.check(kernel.name);
    const { gl } = this;
    const program = this.programs.use(kernel);
    gl.useProgram(program.handle);
    this.bindFramebuffer(target);
    let unit = 0;
    for (const name of Object.keys(kernel.inputs)) {
      const texture = textures[unit];
      const x = inputs[name];
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(texture.layers === 1 ? gl.TEXTURE_2D : gl.TEXTURE_2D_ARRAY, texture.handle);
      this.#set(program, `${name}_shift`, 'int', texture.shift);
      this.#set(program, `${name}_at`, 'int', 'offset' in x ? x.offset : 0);
      unit++;
    }
    this.#set(program, 'out_shift', 'int', target.shift);
    for (const [name, type] of Object.entries(kernel.uniforms ?? {})) this.#set(program, name, type, uniforms[name]);
    const columns = Math.min(target.texels, 1 << target.shift);
    const first = rows?.first ?? 0;
    const end = rows?.end ?? Math.ceil(target.texels / 2 ** target.shift);
    gl.viewport(0, first, columns, end - first);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.counts.draws++;
    this.counts.texels += columns * (end - first) * target.layers;
  }

  #set(program: Program, name: string, type: Parameters<typeof setUniform>[2], value: UniformValue): void {
    const location = program.locations?.get(name);
    if (location) setUniform(this.gl, location, type, value);
  }

  /** Binds the framebuffer of a texture, for draws and reads. */
  bindFramebuffer(target: Texture): void {
    const { gl } = this;
    if (target.framebuffer !== null) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, target.framebuffer);
      return;
    }
    target.framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.framebuffer);
    if (target.layers === 1) {
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target.handle, 0);
      return;
    }
    for (let i = 0; i < target.layers; i++) gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + i, target.handle, 0, i);
    gl.drawBuffers(Array.from({ length: target.layers }, (_, i) => gl.COLOR_ATTACHMENT0 + i));
  }

  /** Rows of a texture as one of the same width, by the GPU. The caller releases it. */
  copyRows(from: Texture, first: number, end: number): Texture {
    const { gl } = this;
    const to = this.pool.rows(from, end - first);
    this.bindFramebuffer(from);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, to.handle);
    gl.copyTexSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 0, first, 1 << from.shift, end - first);
    return to;
  }
}

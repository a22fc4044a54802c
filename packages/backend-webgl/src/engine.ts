import { BackendError, type TensorRef, sizeOf } from '@konv/core-tensor';
import { bufferOf, type GlBuffer, isWhole, texelsFor } from './buffer.js';
import type { TexelType } from './gl/formats.js';
import type { Kernel, UniformValue } from './gl/kernel.js';
import type { TexturePool } from './gl/pool.js';
import { type Program, type Programs, setUniform } from './gl/programs.js';
import type { Texture } from './gl/texture.js';
import { disposedError, neverComputed, revive } from './context-loss.js';
import { evaluate } from './lazy/evaluate.js';
import { letGo } from './lazy/node.js';
import { windowKernel, writeWindow } from './window.js';

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
  /** How often an expression is computed op by op before it gets a program of its own. */
  fuseAfter = 8;
  /** Collect programs without drawing: see `warmup`. */
  dry = false;
  /** Set while the context is gone. */
  lost = false;
  /** Set for good by the backend's `dispose`. */
  disposed = false;
  /** For draws to several textures, by how many: see `drawMany`. */
  readonly #framebuffers = new Map<number, { readonly handle: WebGLFramebuffer | null; readonly generation: number }>();

  constructor(name: string, gl: WebGL2RenderingContext, pool: TexturePool, programs: Programs, maxInputs: number) {
    this.name = name;
    this.gl = gl;
    this.pool = pool;
    this.programs = programs;
    this.maxInputs = maxInputs;
    this.maxTargets = gl.getParameter(gl.MAX_DRAW_BUFFERS) as number;
  }

  /** Errors: `BackendError` while the context is lost, and after `dispose`. */
  check(op: string): void {
    if (this.disposed) throw disposedError(op, this.name);
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
      // What was asked for before a warm-up is computed for good, also in its midst.
      this.#rebind(buffer, buffer.dry ? evaluate(this, op) : this.runDry(false, () => evaluate(this, op)));
    }
    // Core hands out only what has been written; but a window of a fresh buffer may be written first.
    buffer.texture ??= this.pool.take(buffer.dtype as Texture['type'], texelsFor(buffer.size));
    return this.alive(buffer.texture, buffer);
  }

  /**
   * The texture, in the present life of the context: after a loss it is made again from its host copy.
   * Errors: `BackendError` that names what was lost, or what a warm-up has left.
   */
  alive(texture: Texture, buffer: GlBuffer | null): Texture {
    if (texture.generation !== this.pool.generation) revive(this, texture, buffer);
    if (texture.handle === null && !this.dry) throw neverComputed(this, buffer);
    return texture;
  }

  /** Calls `fn` while programs are only collected (`dry`), or while they are drawn although they are being collected. */
  runDry<T>(dry: boolean, fn: () => T): T {
    const before = this.dry;
    this.dry = dry;
    this.pool.phantom = dry;
    try {
      return fn();
    } finally {
      this.dry = before;
      this.pool.phantom = before;
    }
  }

  /** Draws `kernel` into a texture of its own, which the caller releases. `texels`: invocations, one layer's texels. */
  draw(kernel: Kernel, texels: number, { inputs, uniforms = {} }: Operands): Texture {
    // Inputs first: computing what is pending draws, too.
    const textures = this.#textures(kernel, inputs);
    const target = this.pool.take(kernel.output as TexelType, texels, kernel.targets ?? 1);
    try {
      this.#draw(kernel, [target], textures, inputs, uniforms, null);
    } catch (e) {
      target.release();
      throw e;
    }
    return target;
  }

  /** Draws a `kernel` whose `output` is a list: into textures of their own, one for each type, which the caller releases. */
  drawMany(kernel: Kernel, texels: number, { inputs, uniforms = {} }: Operands): Texture[] {
    const textures = this.#textures(kernel, inputs);
    const targets: Texture[] = [];
    try {
      for (const type of kernel.output as readonly TexelType[]) targets.push(this.pool.take(type, texels));
      this.#draw(kernel, targets, textures, inputs, uniforms, null);
    } catch (e) {
      for (const target of targets) target.release();
      throw e;
    }
    return targets;
  }

  /** Draws `kernel` into rows of a texture that is there and that is not among the inputs. */
  drawInto(kernel: Kernel, target: Texture, { inputs, uniforms = {} }: Operands, rows: Rows): void {
    this.#draw(kernel, [target], this.#textures(kernel, inputs), inputs, uniforms, rows);
  }

  /** Draws `kernel` for every texel of `out` and makes the result its content. */
  compute(kernel: Kernel, operands: Operands, out: TensorRef): void {
    this.put(out, this.draw(kernel, texelsFor(sizeOf(out.shape)), operands));
  }

  /**
   * Draws a `kernel` whose `output` is a list for every texel of `outs`, all of one shape, and makes the results their
   * contents. Windows come first, since writing into one may fail: whole buffers change together or not at all.
   */
  computeMany(kernel: Kernel, operands: Operands, outs: readonly TensorRef[]): void {
    const textures = this.drawMany(kernel, texelsFor(sizeOf(outs[0].shape)), operands);
    const pairs = outs.map((out, i) => ({ out, texture: textures[i], last: isWhole(out) }));
    pairs.sort((a, b) => Number(a.last) - Number(b.last));
    let next = 0;
    try {
      while (next < pairs.length) {
        const { out, texture } = pairs[next++];
        this.put(out, texture);
      }
    } finally {
      for (const { texture } of pairs.slice(next)) texture.release();
    }
  }

  /** Makes `texture` (row-major, of `out`'s size) the content of the contiguous `out`, and takes the texture over. */
  put(out: TensorRef, texture: Texture): void {
    const buffer = bufferOf(out);
    if (this.dry && !buffer.dry) {
      if (!isWhole(out)) this.programs.begin(windowKernel(texture.type));
      texture.release();
      return;
    }
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
    targets: readonly Texture[],
    textures: readonly Texture[],
    inputs: Operands['inputs'],
    uniforms: Readonly<Record<string, UniformValue>>,
    rows: Rows | null,
  ): void {
    if (this.dry) {
      this.programs.begin(kernel);
      return;
    }
    // Of an expression the name is its text.
    this.check(kernel.name.split(' = ')[0]);
    const { gl } = this;
    const program = this.programs.use(kernel);
    const [target] = targets;
    gl.useProgram(program.handle);
    if (targets.length === 1) this.bindFramebuffer(target);
    else this.#bindTogether(targets);
    let unit = 0;
    for (const name of Object.keys(kernel.inputs)) {
      const texture = textures[unit];
      const x = inputs[name];
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(texture.layers === 1 ? gl.TEXTURE_2D : gl.TEXTURE_2D_ARRAY, texture.handle);
      this.#set(program, `${name}_mask`, 'ivec2', [(1 << texture.shift) - 1, (4 << texture.shift) - 1]);
      this.#set(program, `${name}_rows`, 'float', 2 ** -texture.shift);
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
    this.counts.texels += columns * (end - first) * target.layers * targets.length;
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

  /** Several textures as the targets of one draw: a framebuffer for each number of them, whose attachments change. */
  #bindTogether(targets: readonly Texture[]): void {
    const { gl } = this;
    const [{ generation }] = targets;
    const kept = this.#framebuffers.get(targets.length);
    const fresh = kept?.generation !== generation;
    const handle = fresh ? gl.createFramebuffer() : kept.handle;
    gl.bindFramebuffer(gl.FRAMEBUFFER, handle);
    const points = targets.map((_, i) => gl.COLOR_ATTACHMENT0 + i);
    targets.forEach((t, i) => gl.framebufferTexture2D(gl.FRAMEBUFFER, points[i], gl.TEXTURE_2D, t.handle, 0));
    if (!fresh) return;
    gl.drawBuffers(points);
    this.#framebuffers.set(targets.length, { handle, generation });
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

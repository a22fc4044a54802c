import { BackendError } from '@konv/core-tensor';
import { fragmentSource, type Kernel, type UniformType, vertexSource } from './kernel.js';
import { turn } from './turn.js';

export interface Program {
  readonly kernel: Kernel;
  readonly handle: WebGLProgram;
  readonly shader: WebGLShader;
  /** Null until the program has been linked and asked for. */
  locations: ReadonlyMap<string, WebGLUniformLocation> | null;
}

/** Completion without waiting: the extension's constant. */
const COMPLETION_STATUS = 0x91b1;

/** Compiled programs by the kernel's name. Compilation begins at `begin`, and is waited for at `use`. */
export class Programs {
  readonly #gl: WebGL2RenderingContext;
  readonly #name: string;
  readonly #known = new Map<string, Program>();
  #vertex: WebGLShader | null = null;
  #parallel = false;
  /** Programs compiled since the backend was made. */
  compiled = 0;

  constructor(name: string, gl: WebGL2RenderingContext) {
    this.#name = name;
    this.#gl = gl;
    this.reset();
  }

  /** A new context, or the same one restored. */
  reset(): void {
    this.#known.clear();
    this.#vertex = null;
    this.#parallel = this.#gl.getExtension('KHR_parallel_shader_compile') !== null;
  }

  get size(): number {
    return this.#known.size;
  }

  has(kernel: Kernel): boolean {
    return this.#known.has(kernel.name);
  }

  /** Hands the source to the driver, which may compile it in threads of its own. */
  begin(kernel: Kernel): Program {
    const known = this.#known.get(kernel.name);
    if (known) return known;
    const gl = this.#gl;
    this.#vertex ??= this.#shader(gl.VERTEX_SHADER, vertexSource);
    const shader = this.#shader(gl.FRAGMENT_SHADER, fragmentSource(kernel));
    const handle = gl.createProgram() as WebGLProgram;
    gl.attachShader(handle, this.#vertex);
    gl.attachShader(handle, shader);
    gl.linkProgram(handle);
    const program: Program = { kernel, handle, shader, locations: null };
    this.#known.set(kernel.name, program);
    this.compiled++;
    return program;
  }

  #shader(type: number, source: string): WebGLShader {
    const gl = this.#gl;
    const shader = gl.createShader(type) as WebGLShader;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    return shader;
  }

  /** A program that can run. Errors: `BackendError` with the driver's message. */
  use(kernel: Kernel): Program {
    const program = this.begin(kernel);
    if (program.locations === null) this.#finish(program);
    return program;
  }

  #finish(program: Program): void {
    const gl = this.#gl;
    const { handle, kernel, shader } = program;
    if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) {
      this.#known.delete(kernel.name);
      const why = gl.getShaderInfoLog(shader) || gl.getProgramInfoLog(handle) || 'no message';
      gl.deleteProgram(handle);
      gl.deleteShader(shader);
      throw new BackendError(
        'compile',
        `expected the driver of "${this.#name}" to compile ${kernel.name}, got: ${why.trim()}; use another backend and report this`,
      );
    }
    gl.deleteShader(shader);
    const locations = new Map<string, WebGLUniformLocation>();
    const count = gl.getProgramParameter(handle, gl.ACTIVE_UNIFORMS) as number;
    for (let i = 0; i < count; i++) {
      const name = (gl.getActiveUniform(handle, i) as WebGLActiveInfo).name.replace(/\[0\]$/, '');
      const location = gl.getUniformLocation(handle, name);
      if (location) locations.set(name, location);
    }
    gl.useProgram(handle);
    let unit = 0;
    for (const name of Object.keys(kernel.inputs)) {
      const location = locations.get(name);
      if (location) gl.uniform1i(location, unit);
      unit++;
    }
    program.locations = locations;
  }

  /** Resolves when all that was begun has been compiled; the page is not held up meanwhile where the driver can tell. */
  async ready(): Promise<void> {
    const gl = this.#gl;
    for (const program of [...this.#known.values()]) {
      if (program.locations !== null) continue;
      if (this.#parallel) {
        while (!gl.isContextLost() && !gl.getProgramParameter(program.handle, COMPLETION_STATUS)) await turn();
      } else {
        await turn();
      }
      if (this.#known.get(program.kernel.name) === program) this.#finish(program);
    }
  }
}

/** Sets a uniform of the program in use. */
export function setUniform(
  gl: WebGL2RenderingContext,
  location: WebGLUniformLocation,
  type: UniformType,
  value: number | readonly number[],
): void {
  if (typeof value === 'number') {
    if (type.startsWith('float')) gl.uniform1f(location, value);
    else gl.uniform1i(location, value);
    return;
  }
  if (type.startsWith('float')) gl.uniform1fv(location, value as number[]);
  else if (type.startsWith('int')) gl.uniform1iv(location, value as number[]);
  else if (type.startsWith('ivec2')) gl.uniform2iv(location, value as number[]);
  else if (type.startsWith('ivec3')) gl.uniform3iv(location, value as number[]);
  else gl.uniform4iv(location, value as number[]);
}

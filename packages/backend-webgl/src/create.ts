import { type Backend, INTERFACE_VERSION, type Unavailable } from '@konv/core-tensor';
import { conv, convBackward, convGradInput, convGradWeight } from './conv/conv.js';
import { copyStrided, binary, cast, fill, unary, where } from './elementwise.js';
import { Engine } from './engine.js';
import { openContext } from './gl/context.js';
import { TexturePool } from './gl/pool.js';
import { Programs } from './gl/programs.js';
import { linear, matmul } from './matmul/matmul.js';
import { Memory } from './memory.js';
import { checkOptions, type WebglOptions } from './options.js';
import { reduce } from './reduce.js';
import { supports } from './supports.js';
import { fence, read, readSync, write } from './transfer.js';

/** Leaves of one fused expression, whatever the texture units: each also takes uniforms. */
const MAX_INPUTS = 12;

export async function webgl(options: WebglOptions = {}): Promise<Backend | Unavailable> {
  checkOptions(options);
  const name = options.name ?? 'webgl';
  const context = openContext(options);
  if ('unavailable' in context) return { ...context, name };
  const { gl } = context;
  const maxSide = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  const units = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS) as number;
  const maxTotalBytes = options.maxTotalBytes ?? 2 ** 32;
  const pool = new TexturePool(name, gl, { maxSide, maxBytes: maxTotalBytes, keepBytes: options.poolBytes ?? 2 ** 29 });
  const engine = new Engine(name, gl, pool, new Programs(name, gl), Math.min(units, MAX_INPUTS));
  const memory = new Memory(name, maxTotalBytes);
  // Positions in a buffer are 32-bit integers in shaders.
  const maxBufferBytes = Math.min(maxTotalBytes, maxSide * 2 ** Math.floor(Math.log2(maxSide)) * 16, 2 ** 31 - 16);
  return {
    name,
    interfaceVersion: INTERFACE_VERSION,
    capabilities: {
      dtypes: ['bool', 'int32', 'float32'],
      syncRead: options.syncRead ?? false,
      strictNumerics: true,
      maxExactInt: 2 ** 31 - 1,
      limits: { maxBufferBytes, maxTotalBytes },
    },
    supports,
    unary: (kind, x, out) => unary(engine, kind, x, out),
    binary: (kind, a, b, out) => binary(engine, kind, a, b, out),
    where: (condition, a, b, out) => where(engine, condition, a, b, out),
    cast: (x, out) => cast(engine, x, out),
    fill: (value, out) => fill(engine, value, out),
    copyStrided: (x, out) => copyStrided(engine, x, out),
    reduce: (kind, x, axes, out) => reduce(engine, kind, x, axes, out),
    argReduce: () => todo(),
    gather: () => todo(),
    scatterAdd: () => todo(),
    matmul: (a, b, attrs, out) => matmul(engine, a, b, attrs, out),
    linear: (x, weight, bias, activation, out) => linear(engine, x, weight, bias, activation, out),
    conv: (x, weight, bias, geometry, activation, out) => conv(engine, x, weight, bias, geometry, activation, out),
    convGradInput: (dy, weight, geometry, out) => convGradInput(engine, dy, weight, geometry, out),
    convGradWeight: (x, dy, geometry, accumulate, out) => convGradWeight(engine, x, dy, geometry, accumulate, out),
    convBackward: (x, weight, dy, geometry, out) => convBackward(engine, x, weight, dy, geometry, out),

    alloc: ({ dtype, shape, role }) => memory.alloc(dtype, shape, role, engine.dry),
    free: (buffer) => memory.free(buffer),
    write: (data, out) => write(engine, data, out),
    read: (x) => read(engine, x),
    ...(options.syncRead ? { readSync: (x) => readSync(engine, x) } : {}),
    sync: () => fence(engine, 'sync'),
    memory: () => memory.info(),
  };
}
function todo(): never {
  throw new Error('todo');
}

import { type Backend, INTERFACE_VERSION, type Shape, type Unavailable } from '@konv/core-tensor';
import { argReduce } from './arg-reduce.js';
import { batchNormGrad } from './batch-norm/grad.js';
import { batchNormTrain } from './batch-norm/train.js';
import { ContextLoss } from './context-loss.js';
import { conv, convBackward, convGradInput, convGradWeight } from './conv/conv.js';
import { crossEntropy } from './cross-entropy.js';
import { binary, cast, copyStrided, fill, unary, where } from './elementwise.js';
import { Engine } from './engine.js';
import { type Context, openContext } from './gl/context.js';
import { TexturePool } from './gl/pool.js';
import { Programs } from './gl/programs.js';
import { linear, matmul } from './matmul/matmul.js';
import { gather } from './gather.js';
import { Memory } from './memory.js';
import { checkOptions, type WebglOptions } from './options.js';
import { adamStep, sgdStep } from './optim.js';
import { pool } from './pool/pool.js';
import { poolGrad } from './pool/pool-grad.js';
import { reduce } from './reduce.js';
import { logSoftmax, softmax } from './softmax.js';
import { resample } from './resample.js';
import { scan } from './scan.js';
import { scatterAdd } from './scatter.js';
import { sort } from './sort.js';
import { supports } from './supports.js';
import { fence, read, readSync, write } from './transfer.js';
import { type WarmUpModel, type WarmUpOptions, warmUp } from './warm-up.js';

/** What was asked of the GPU since the backend was made, and what it holds. */
export interface WebglStatistics {
  readonly draws: number;
  /** Texels written by draws, over all render targets. */
  readonly texels: number;
  readonly uploads: number;
  readonly readbacks: number;
  /** Programs handed to the driver. */
  readonly programs: number;
  /** Bytes of textures in use, and of those kept for reuse. */
  readonly usedBytes: number;
  readonly keptBytes: number;
}

export interface WebglBackend extends Backend {
  /**
   * Compiles what `model` will need for inputs [batch, ...] of `shape` (any batch size) without running it, in the
   * driver's own threads where the browser lets it: forward, and backward where the result requires a gradient. Nothing of
   * the model changes. Resolves to the number of programs made. Errors: those of the model's own forward.
   */
  warmup(model: WarmUpModel, shape: Shape, options?: WarmUpOptions): Promise<number>;
  /** Resolves when the context is there: at once, or after the browser has given it back. */
  restored(): Promise<void>;
  statistics(): WebglStatistics;
  dispose(): void;
}

/** Leaves of one fused expression, whatever the texture units: each also takes uniforms. */
const MAX_INPUTS = 12;

/**
 * The GPU of every browser, by WebGL2: float32 textures, four values to a texel, in a page and in a worker. Trains and
 * infers. Work is queued: reading is asynchronous, and `dataSync()` is absent unless `syncRead` asks for it.
 *
 * Returns `{ unavailable: reason }` where there is no WebGL2 or where it cannot render to float32 textures.
 * Errors: `BackendError` for options that cannot be meant.
 */
export async function webgl(options: WebglOptions = {}): Promise<WebglBackend | Unavailable> {
  checkOptions(options);
  const name = options.name ?? 'webgl';
  const context = openContext(options);
  return 'unavailable' in context ? { ...context, name } : assemble(name, context, options);
}

function assemble(name: string, { gl, canvas }: Context, options: WebglOptions): WebglBackend {
  const maxSide = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  const units = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS) as number;
  const maxTotalBytes = options.maxTotalBytes ?? 2 ** 32;
  const textures = new TexturePool(name, gl, { maxSide, maxBytes: maxTotalBytes, keepBytes: options.poolBytes ?? 2 ** 29 });
  const engine = new Engine(name, gl, textures, new Programs(name, gl), Math.min(units, MAX_INPUTS));
  engine.fuseAfter = options.fuseAfter ?? engine.fuseAfter;
  const memory = new Memory(name, maxTotalBytes);
  const loss = new ContextLoss(engine, canvas);
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
    argReduce: (kind, x, axis, out) => argReduce(engine, kind, x, axis, out),
    matmul: (a, b, attrs, out) => matmul(engine, a, b, attrs, out),
    linear: (x, weight, bias, activation, out) => linear(engine, x, weight, bias, activation, out),
    conv: (x, weight, bias, g, activation, out) => conv(engine, x, weight, bias, g, activation, out),
    convGradInput: (dy, weight, g, out) => convGradInput(engine, dy, weight, g, out),
    convGradWeight: (x, dy, g, accumulate, out) => convGradWeight(engine, x, dy, g, accumulate, out),
    convBackward: (x, weight, dy, g, out) => convBackward(engine, x, weight, dy, g, out),
    pool: (kind, x, geometry, out, indices) => pool(engine, kind, x, geometry, out, indices),
    poolGrad: (kind, dy, indices, geometry, out) => poolGrad(engine, kind, dy, indices, geometry, out),
    softmax: (x, out) => softmax(engine, x, out),
    logSoftmax: (x, out) => logSoftmax(engine, x, out),
    crossEntropy: (x, targets, attrs, loss, logProbabilities) => crossEntropy(engine, x, targets, attrs, loss, logProbabilities),
    batchNormTrain: (x, weight, bias, attrs, out) => batchNormTrain(engine, x, weight, bias, attrs, out),
    batchNormGrad: (x, dy, weight, mean, invStd, out) => batchNormGrad(engine, x, dy, weight, mean, invStd, out),
    sgdStep: (parameter, gradient, buffer, attrs) => sgdStep(engine, parameter, gradient, buffer, attrs),
    adamStep: (parameter, gradient, m, v, attrs) => adamStep(engine, parameter, gradient, m, v, attrs),
    gather: (x, index, axis, out) => gather(engine, x, index, axis, out),
    scatterAdd: (index, source, axis, out) => scatterAdd(engine, index, source, axis, out),
    scan: (kind, x, axis, out) => scan(engine, kind, x, axis, out),
    sort: (x, descending, values, indices) => sort(engine, x, descending, values, indices),
    resample: (kind, x, geometry, adjoint, out) => resample(engine, kind, x, geometry, adjoint, out),

    alloc: ({ dtype, shape, role }) => memory.alloc(dtype, shape, role, engine.dry),
    free: (buffer) => memory.free(buffer),
    write: (data, out) => write(engine, data, out),
    read: (x) => read(engine, x),
    ...(options.syncRead ? { readSync: (x) => readSync(engine, x) } : {}),
    sync: () => fence(engine, 'sync'),
    memory: () => memory.info(),

    warmup: (model, shape, warmUpOptions = {}) => warmUp(engine, model, shape, warmUpOptions),
    restored: () => loss.restored(),
    statistics: () => ({
      ...engine.counts,
      programs: engine.programs.compiled,
      usedBytes: textures.usedBytes,
      keptBytes: textures.keptBytes,
    }),
    dispose() {
      if (engine.disposed) return;
      engine.disposed = true;
      loss.dispose();
      textures.dispose();
      // What else there is goes with the context, if it is ours.
      if (options.canvas === undefined) gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}

import { BackendError, INTERFACE_VERSION } from '@konv/core-tensor';
import type { Backend, BackendBuffer, OptionalKernels, RequiredKernels, Unavailable } from '@konv/core-tensor';
import { bestLevel, compileKernels, kernelNames, type SimdLevel, type WasmModule } from '@konv/wasm-kernels';
import { argReduce } from './arg-reduce.js';
import { batchNormGrad, batchNormTrain } from './batch-norm.js';
import { binary } from './binary.js';
import { cast } from './cast.js';
import { copyStrided, fill } from './copy.js';
import { Engine } from './engine.js';
import { gather, scatterAdd } from './gather.js';
import { Heap } from './heap/heap.js';
import { Memory, type WasmBuffer } from './memory.js';
import { checkOptions, type WasmOptions } from './options.js';
import { conv, convBackward, convGradInput, convGradWeight } from './conv/index.js';
import { linear, matmul } from './matmul.js';
import { adamStep, sgdStep } from './optim.js';
import { pool, poolGrad } from './pool.js';
import { crossEntropy, logSoftmax, softmax } from './softmax.js';
import { reduce } from './reduce.js';
import { resample } from './resample.js';
import { scan, sort } from './scan-sort.js';
import { supports } from './supports.js';
import { unary } from './unary.js';
import { where } from './where.js';
import { planThreads, startThreads } from './threads/start.js';

/** The families of this backend, each over the engine. */
type Families = RequiredKernels & Partial<OptionalKernels>;

/** Trains and runs on WebAssembly: SIMD kernels over one heap. Float32, int32 and bool. */
export async function wasm(options: WasmOptions = {}): Promise<Backend | Unavailable> {
  checkOptions(options);
  const name = options.name ?? 'wasm';
  const best = bestLevel();
  if (best === null) return { name, unavailable: 'this engine has no WebAssembly SIMD' };
  const level = options.level ?? best;
  const { threads, shared } = await planThreads(options.threads);
  const module = await kernels(level, shared, options.kernelUrls?.[level]);
  const heap = Heap.create({ shared, maxTotalBytes: options.maxTotalBytes });
  const runner = await startThreads({ heap, module, kernels: kernelNames, threads });
  const engine = new Engine(heap, runner, options.strictNumerics ?? false);
  return backendOf(name, engine, new Memory(name, heap));
}

/** The compiled kernels. Errors: `BackendError` with the reason as its cause where they do not arrive or do not compile. */
async function kernels(level: SimdLevel, shared: boolean, url: URL | undefined): Promise<WasmModule> {
  try {
    return await compileKernels(level, shared, url);
  } catch (cause) {
    const remedy = url
      ? 'check kernelUrls, or leave it out: the kernels come with the code'
      : `leave out level: this engine's is ${bestLevel()}`;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError('wasm', `expected kernels of level ${level}${url ? ` at ${url.href}` : ''}, got: ${reason}; ${remedy}`, {
      cause,
    });
  }
}

/** Kernels count elements and bytes of one tensor in i32. */
const MAX_TENSOR_BYTES = 2 ** 31 - 2 ** 16;

function backendOf(name: string, engine: Engine<Heap>, memory: Memory): Backend {
  const families: Partial<Families> = {
    unary: (kind, x, out) => unary(engine, kind, x, out),
    binary: (kind, a, b, out) => binary(engine, kind, a, b, out),
    where: (condition, a, b, out) => where(engine, condition, a, b, out),
    reduce: (kind, x, axes, out) => reduce(engine, kind, x, axes, out),
    argReduce: (kind, x, axis, out) => argReduce(engine, kind, x, axis, out),
    copyStrided: (x, out) => copyStrided(engine, x, out),
    fill: (value, out) => fill(engine, value, out),
    cast: (x, out) => cast(engine, x, out),
    gather: (x, index, axis, out) => gather(engine, x, index, axis, out),
    scatterAdd: (index, source, axis, out) => scatterAdd(engine, index, source, axis, out),
    scan: (kind, x, axis, out) => scan(engine, kind, x, axis, out),
    sort: (x, descending, values, indices) => sort(engine, x, descending, values, indices),
    resample: (kind, x, geometry, adjoint, out) => resample(engine, kind, x, geometry, adjoint, out),
    matmul: (a, b, attrs, out) => matmul(engine, a, b, attrs, out),
    conv: (x, weight, bias, g, activation, out) => conv(engine, x, weight, bias, g, activation, out),
    convGradInput: (dy, weight, g, out) => convGradInput(engine, dy, weight, g, out),
    convGradWeight: (x, dy, g, accumulate, out) => convGradWeight(engine, x, dy, g, accumulate, out),
    convBackward: (x, weight, dy, g, out) => convBackward(engine, x, weight, dy, g, out),
    linear: (x, weight, bias, activation, out) => linear(engine, x, weight, bias, activation, out),
    pool: (kind, x, geometry, out, indices) => pool(engine, kind, x, geometry, out, indices),
    poolGrad: (kind, dy, indices, geometry, out) => poolGrad(engine, kind, dy, indices, geometry, out),
    softmax: (x, out) => softmax(engine, x, out),
    logSoftmax: (x, out) => logSoftmax(engine, x, out),
    crossEntropy: (x, targets, attrs, loss, logs) => crossEntropy(engine, x, targets, attrs, loss, logs),
    batchNormTrain: (x, weight, bias, attrs, out) => batchNormTrain(engine, x, weight, bias, attrs, out),
    batchNormGrad: (x, dy, weight, mean, invStd, out) => batchNormGrad(engine, x, dy, weight, mean, invStd, out),
    sgdStep: (parameter, gradient, buffer, attrs) => sgdStep(engine, parameter, gradient, buffer, attrs),
    adamStep: (parameter, gradient, m, v, attrs) => adamStep(engine, parameter, gradient, m, v, attrs),
  };
  return {
    ...(families as Families),
    name,
    interfaceVersion: INTERFACE_VERSION,
    capabilities: {
      dtypes: ['bool', 'int32', 'float32'],
      syncRead: true,
      strictNumerics: engine.strictNumerics,
      maxExactInt: 2 ** 31 - 1,
      limits: { maxBufferBytes: Math.min(MAX_TENSOR_BYTES, engine.heap.maxBlockBytes), maxTotalBytes: engine.heap.maxTotalBytes },
    },
    supports,
    alloc: ({ dtype, shape }) => memory.alloc(dtype, shape),
    free: (buffer: BackendBuffer) => memory.free(buffer as WasmBuffer),
    write: (data, out) => memory.write(data, out),
    read: async (x) => memory.read(x),
    readSync: (x) => memory.read(x),
    sync: async () => {},
    memory: () => memory.info(),
    dispose() {
      engine.dispose();
      memory.dispose();
    },
  };
}

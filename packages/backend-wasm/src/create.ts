import { INTERFACE_VERSION } from '@konv/core-tensor';
import type { Backend, BackendBuffer, OptionalKernels, RequiredKernels, Unavailable } from '@konv/core-tensor';
import { bestLevel, compileKernels, instantiateKernels, requireWebAssembly, type SimdLevel } from '@konv/wasm-kernels';
import { batchNormGrad, batchNormTrain } from './batch-norm.js';
import { Engine } from './engine.js';
import { Heap, Runner } from './interim.js';
import { Memory, type WasmBuffer } from './memory.js';
import { conv, convGradInput, convGradWeightGemm } from './conv/index.js';
import { linear, matmul } from './matmul.js';
import { adamStep, sgdStep } from './optim.js';
import { pool, poolGrad } from './pool.js';
import { crossEntropy, logSoftmax, softmax } from './softmax.js';
import { supports } from './supports.js';

export interface WasmOptions {
  /** What the backend is registered as; default 'wasm'. */
  readonly name?: string;
  /** Threads in all, the caller's among them. Default: the machine's cores. */
  readonly threads?: number;
  /** No kernel that trades accuracy for speed (Winograd): every output is a plain sum of products. Default false. */
  readonly strictNumerics?: boolean;
  /** The kernels to load. Default: the highest level that the engine validates. */
  readonly level?: SimdLevel;
}

/** The families of this backend, each over the engine. */
type Families = RequiredKernels & Partial<OptionalKernels>;

/** Trains and runs on WebAssembly: SIMD kernels over one heap. Float32, int32 and bool. */
export async function wasm(options: WasmOptions = {}): Promise<Backend | Unavailable> {
  const name = options.name ?? 'wasm';
  const best = bestLevel();
  if (best === null) return { name, unavailable: 'this engine has no WebAssembly SIMD' };
  const level = options.level ?? best;
  const { Memory: WebAssemblyMemory } = requireWebAssembly();
  const memory = new WebAssemblyMemory({ initial: 16, maximum: 65536, shared: false });
  const module = await compileKernels(level, false);
  const heap = new Heap(memory);
  const engine = new Engine(heap, new Runner(heap, instantiateKernels(module, memory)), options.strictNumerics ?? false);
  return backendOf(name, engine, new Memory(name, heap));
}

function backendOf(name: string, engine: Engine, memory: Memory): Backend {
  const families: Partial<Families> = {
    matmul: (a, b, attrs, out) => matmul(engine, a, b, attrs, out),
    conv: (x, weight, bias, g, activation, out) => conv(engine, x, weight, bias, g, activation, out),
    convGradInput: (dy, weight, g, out) => convGradInput(engine, dy, weight, g, out),
    convGradWeight: (x, dy, g, accumulate, out) => convGradWeightGemm(engine, x, dy, g, accumulate, out),
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
      limits: { maxBufferBytes: 2 ** 32 - 2 ** 20, maxTotalBytes: 2 ** 32 - 2 ** 20 },
    },
    supports,
    alloc: ({ dtype, shape }) => memory.alloc(dtype, shape),
    free: (buffer: BackendBuffer) => memory.free(buffer as WasmBuffer),
    write: (data, out) => memory.write(data, out),
    read: async (x) => memory.read(x),
    readSync: (x) => memory.read(x),
    sync: async () => {},
    memory: () => memory.info(),
    dispose: () => engine.dispose(),
  };
}

import { dtypes, INTERFACE_VERSION } from '@konv/core-tensor';
import type { Backend, BackendBuffer, OptionalKernels } from '@konv/core-tensor';
import { argReduce } from './arg-reduce.js';
import { binary } from './binary.js';
import { convBackward, convGradInput, convGradWeight } from './conv-grad.js';
import { conv } from './conv.js';
import { cast, copyStrided, fill } from './copy.js';
import { gather, scatterAdd } from './gather.js';
import { linear, matmul } from './matmul.js';
import { Memory } from './memory.js';
import type { CpuBuffer } from './memory.js';
import { batchNormGrad, batchNormTrain } from './norm.js';
import { adamStep, sgdStep } from './optim.js';
import { pool, poolGrad } from './pool.js';
import { reduce } from './reduce.js';
import { resample } from './resample.js';
import { scan, sort } from './scan-sort.js';
import { Scratch } from './scratch.js';
import { crossEntropy, logSoftmax, softmax } from './softmax.js';
import { supports } from './supports.js';
import { readHost, writeHost } from './transfer.js';
import { unary } from './unary.js';
import { where } from './where.js';

export interface CpuJsOptions {
  /** What the backend is registered as; default 'cpu-js'. */
  readonly name?: string;
  /** Refuse a larger buffer; default 2^32 bytes, the longest typed array of Node 20. */
  readonly maxBufferBytes?: number;
  /** Refuse to hold more in all; default: no limit but the machine's. */
  readonly maxTotalBytes?: number;
}

/** All optional kernels but `random`, whose decomposition is exact already. */
type CpuJs = Backend & Required<Pick<Backend, 'readSync' | 'dispose'>> & Omit<OptionalKernels, 'random'>;

/**
 * The reference backend: plain JavaScript, one thread, every family in float32 and float64.
 *
 * Arithmetic is in doubles throughout; float32 results are rounded as they are stored. So float32 sums, products of
 * matrices, convolutions, softmax and batch statistics round once, and float64 is as exact as PyTorch's float64.
 * Calls are done when they return; `read` resolves at once.
 */
export function cpuJs(options: CpuJsOptions = {}): Backend {
  const name = options.name ?? 'cpu-js';
  const limits = {
    maxBufferBytes: options.maxBufferBytes ?? 2 ** 32,
    maxTotalBytes: options.maxTotalBytes ?? Number.MAX_SAFE_INTEGER,
  };
  const memory = new Memory(name, limits);
  const scratch = new Scratch();
  const backend: CpuJs = {
    name,
    interfaceVersion: INTERFACE_VERSION,
    // int32 is a true int32 here; the float dtypes are exact as far as their own mantissa goes.
    capabilities: { dtypes, syncRead: true, strictNumerics: true, maxExactInt: 2 ** 31 - 1, limits },
    supports,

    unary,
    binary,
    where,
    reduce: (kind, x, axes, out) => reduce(scratch, kind, x, axes, out),
    argReduce,
    copyStrided,
    fill,
    cast,
    gather,
    scatterAdd,
    scan,
    sort,
    resample,
    matmul: (a, b, attrs, out) => matmul(scratch, a, b, attrs, out),
    linear: (x, weight, bias, activation, out) => linear(scratch, x, weight, bias, activation, out),
    conv: (x, weight, bias, g, activation, out) => conv(scratch, x, weight, bias, g, activation, out),
    convGradInput: (dy, weight, g, out) => convGradInput(scratch, dy, weight, g, out),
    convGradWeight: (x, dy, g, accumulate, out) => convGradWeight(scratch, x, dy, g, accumulate, out),
    convBackward: (x, weight, dy, g, out) => convBackward(scratch, x, weight, dy, g, out),
    pool,
    poolGrad,
    softmax,
    logSoftmax,
    crossEntropy,
    batchNormTrain,
    batchNormGrad,
    sgdStep,
    adamStep,

    alloc: ({ dtype, shape }) => memory.alloc(dtype, shape),
    free: (buffer: BackendBuffer) => memory.free(buffer as CpuBuffer),
    write: writeHost,
    read: async (x) => readHost(x),
    readSync: readHost,
    sync: async () => {},
    memory: () => memory.info(),
    dispose() {
      memory.dispose();
      scratch.dispose();
    },
  };
  return backend;
}

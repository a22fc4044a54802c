import { type Backend, type DType, type HostArray, INTERFACE_VERSION, type TensorRef, sizeOf } from '@konv/core-tensor';
import type { UnaryKind } from '@konv/core-tensor';
import { conv, convGradInput, convGradWeight, supportsConv } from './conv.js';
import { binary, unary, unaryKernels } from './elementwise.js';
import { sharedDTypes } from '../dtypes.js';
import type { Engine } from './engine.js';
import { argReduce, binaryLoops, cast, copyStrided, fill, gather, reduce, scatterAdd, where } from './loops.js';
import { matmul } from './matmul.js';
import { maxPool, maxPoolGrad } from './max-pool.js';
import { Memory, type MemoryLimits } from './memory.js';

/** Kernels that are called whatever a backend is. */
export const requiredKernels: readonly string[] = [
  ...['Add', 'BatchMatMul', 'Exp', 'Floor', 'Log', 'Multiply', 'RealDiv', 'Sqrt', 'Sub', 'Tanh', 'Transpose'],
];

/** A konv backend on a tfjs one whose memory the host reads and writes. Calls are done when they return. */
export function backendOn(engine: Engine, name: string, limits: MemoryLimits): Backend {
  const memory = new Memory(name, engine, limits);
  const convs = engine.has('FusedConv2D') && engine.has('FusedDepthwiseConv2D');
  const read = (x: TensorRef): HostArray => memory.values(x).slice(x.offset, x.offset + sizeOf(x.shape));
  return {
    name,
    interfaceVersion: INTERFACE_VERSION,
    capabilities: { dtypes: sharedDTypes, syncRead: true, strictNumerics: true, maxExactInt: 2 ** 31 - 1, limits },

    supports(family, kind, dtype: DType) {
      if (family === 'unary') return dtype === 'float32' && engine.has(unaryKernels[kind as UnaryKind] ?? '');
      if (family === 'binary') return Object.hasOwn(binaryLoops, kind ?? '');
      if (family === 'conv' || family === 'convGradInput' || family === 'convGradWeight') return convs && dtype === 'float32';
      if (family === 'pool' || family === 'poolGrad') return kind === 'max' && dtype === 'float32';
      return dtype === 'float32' || (family !== 'matmul' && sharedDTypes.some((d) => d === dtype));
    },
    supportsConv,

    unary: (kind, x, out) => unary(memory, kind, x, out),
    binary: (kind, a, b, out) => binary(memory, kind, a, b, out),
    where: (condition, a, b, out) => where(memory, condition, a, b, out),
    reduce: (kind, x, axes, out) => reduce(memory, kind, x, axes, out),
    argReduce: (kind, x, axis, out) => argReduce(memory, kind, x, axis, out),
    copyStrided: (x, out) => copyStrided(memory, x, out),
    fill: (value, out) => fill(memory, value, out),
    cast: (x, out) => cast(memory, x, out),
    gather: (x, index, axis, out) => gather(memory, x, index, axis, out),
    scatterAdd: (index, source, axis, out) => scatterAdd(memory, index, source, axis, out),
    matmul: (a, b, attrs, out) => matmul(memory, a, b, attrs, out),
    conv: (x, weight, bias, g, activation, out) => conv(memory, x, weight, bias, g, activation, out),
    convGradInput: (dy, weight, g, out) => convGradInput(memory, dy, weight, g, out),
    convGradWeight: (x, dy, g, accumulate, out) => convGradWeight(memory, x, dy, g, accumulate, out),
    pool: (_kind, x, g, out, indices) => maxPool(memory, x, g, out, indices),
    poolGrad: (_kind, dy, indices, g, out) => maxPoolGrad(memory, dy, indices as TensorRef, g, out),

    alloc: ({ dtype, shape }) => memory.alloc(dtype, shape),
    free: (buffer) => memory.free(buffer),
    write: (data, out) =>
      memory.values(out).set(data.length === sizeOf(out.shape) ? data : data.subarray(0, sizeOf(out.shape)), out.offset),
    read: async (x) => read(x),
    readSync: read,
    sync: async () => {},
    memory: () => memory.info(),
    dispose: () => memory.dispose(),
  };
}

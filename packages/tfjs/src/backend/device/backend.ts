import { type Backend, type DType, INTERFACE_VERSION, sizeOf, type TensorRef, type UnaryKind } from '@konv/core-tensor';
import { supportsConv } from '../conv.js';
import { type SharedDType, sharedDTypes } from '../../dtypes.js';
import type { MemoryLimits } from '../memory.js';
import { binary, cast, servesBinary, unaries, unary, where } from './elementwise.js';
import type { DeviceEngine } from './engine.js';
import { gather, scatterAdd } from './gather.js';
import { DeviceMemory } from './memory.js';
import { maxPool, maxPoolGrad } from './pool.js';
import { conv, convGradInput, convGradWeight, matmul } from './products.js';
import { argReduce, reduce } from './reduce.js';

/** Kernels that are called whatever a backend is: one that lacks one of them cannot be served. */
export const requiredKernels: readonly string[] = [
  ...['Abs', 'Add', 'BatchMatMul', 'Cast', 'Concat', 'Equal', 'Exp', 'Floor', 'GatherV2', 'Greater', 'GreaterEqual', 'IsNan', 'Less'],
  ...['LessEqual', 'Log', 'LogicalAnd', 'LogicalNot', 'LogicalOr', 'Maximum', 'Min', 'Minimum', 'Multiply', 'Neg', 'NotEqual', 'PadV2'],
  ...['RealDiv', 'Reshape', 'ScatterNd', 'Select', 'Slice', 'Sqrt', 'Square', 'Sub', 'Sum', 'Tile', 'Transpose'],
];

/** A konv backend on a tfjs one whose memory only its kernels write. What they do may be queued; reading is asynchronous. */
export function deviceBackendOn(engine: DeviceEngine, name: string, limits: MemoryLimits): Backend {
  const memory = new DeviceMemory(name, engine, limits);
  const convs = ['FusedConv2D', 'FusedDepthwiseConv2D', 'Reverse'].every((kernel) => engine.has(kernel));
  return {
    name,
    interfaceVersion: INTERFACE_VERSION,
    capabilities: { dtypes: sharedDTypes, syncRead: false, strictNumerics: true, maxExactInt: engine.maxExactInt, limits },

    supports(family, kind, dtype: DType) {
      if (family === 'unary') return dtype === 'float32' && unaries[kind as UnaryKind] !== undefined;
      if (family === 'binary') return servesBinary(kind ?? '');
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
    copyStrided: (x, out) => memory.work((work) => work.store(work.load(x), out)),
    fill: (value, out) => memory.work((work) => work.store(work.full(value, [sizeOf(out.shape)], out.dtype as SharedDType), out)),
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
    write: (data, out) => memory.write(data, out),
    read: (x) => memory.read(x),
    sync: () => memory.sync(),
    memory: () => memory.info(),
    dispose: () => memory.dispose(),
  };
}

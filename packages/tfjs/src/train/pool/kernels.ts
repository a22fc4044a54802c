import type { Shape } from '@konv/core-tensor';
import { BackendError } from '@konv/core-tensor';
import { addressOf } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from '../call.js';
import { shared } from '../identity.js';
import { input, type KernelInputs, type TrainingKernel } from '../kernel.js';
import { type PoolCase, poolCase } from './geometry.js';
import { integerMaxima } from './integers.js';

/**
 * Pools with tfjs-cpu's meaning of NaN (it never is a maximum, and makes an average NaN) and of equals (in two dimensions the
 * first is the maximum, in three the last). tfjs-wasm's own: maxima begin at 1.2e-38 but in `MaxPool`, which makes -infinity
 * of a window that begins with NaN, as `AvgPool` does of any NaN; padded windows of one element are not all written.
 */

/** Runs `use` with the address of the windows' table on the heap. */
function withTable(call: Call, { table }: PoolCase, use: (address: number) => void): void {
  const { engine } = call;
  engine.temporary(table.byteLength, (address) => {
    engine.heap.i32.set(table, address / 4);
    use(address);
  });
}

const sizes = ({ inSize, outSize, channels }: PoolCase) => [...inSize, ...outSize, channels] as const;
const rowsOf = ({ batch, outSize }: PoolCase): number => batch * outSize[0] * outSize[1];

function maxima(call: Call, x: TensorInfo, c: PoolCase): TensorInfo {
  if (x.dtype === 'int32') return integerMaxima(call, x, c);
  const from = call.float32(x);
  const { info, ref } = call.output(c.outShape);
  withTable(call, c, (table) => {
    call.engine.channelsLast.max_pool_last(addressOf(from), addressOf(ref), table, ...sizes(c), 0, rowsOf(c));
  });
  return info;
}

function maxPool(name: string, rank: 2 | 3): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const x = input(given, 'x');
    const c = poolCase(name, rank, x.shape, given.attrs);
    return c.isIdentity && rank === 2 ? shared(call, x) : maxima(call, x, c);
  };
  return { name, run };
}

/** `[maxima, indices]`; indices are those of the flattened image, or with `includeBatchInIndex` of all images. */
function runWithArgmax(call: Call, { inputs, attrs }: KernelInputs): TensorInfo[] {
  const x = inputs['x'] as TensorInfo;
  const c = poolCase('MaxPoolWithArgmax', 2, x.shape, attrs);
  const from = call.float32(x);
  const { info, ref } = call.output(c.outShape, 'int32');
  withTable(call, c, (table) => {
    const acrossBatch = Number(attrs['includeBatchInIndex'] === true);
    call.engine.channelsLast.max_pool_last_at(addressOf(from), addressOf(ref), acrossBatch, table, ...sizes(c), 0, rowsOf(c));
  });
  return [maxima(call, x, c), info];
}

function maxPoolGrad(name: string, rank: 2 | 3): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const [dy, x] = [input(given, 'dy'), input(given, 'input')];
    const c = poolCase(name, rank, x.shape, given.attrs, dy.shape);
    checkGradient(name, dy.shape, x.shape);
    const [from, ddy] = [call.float32(x), call.float32(dy)];
    const { info, ref } = call.output(x.shape);
    withTable(call, c, (table) => {
      const given = [addressOf(from), addressOf(ddy), addressOf(ref), Number(rank === 3), table, ...sizes(c)] as const;
      call.engine.channelsLast.max_pool_last_grad(...given, 0, c.batch);
    });
    return info;
  };
  return { name, run };
}

/** Errors: `BackendError` where dy's axes, batch or channels are not the input's. */
function checkGradient(name: string, dy: Shape, x: Shape): void {
  const last = x.length - 1;
  if (dy.length === x.length && dy[0] === x[0] && dy[last] === x[last]) return;
  throw new BackendError(
    name,
    `expected dy of ${x.length} axes with batch ${x[0]} and ${x[last]} channels, got [${dy}]; pass the gradient of this pool's output`,
  );
}

function avgPool(name: string, rank: 2 | 3): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const x = input(given, 'x');
    const c = poolCase(name, rank, x.shape, given.attrs);
    if (c.isIdentity && rank === 2 && x.dtype === 'float32') return shared(call, x);
    const from = call.float32(x);
    const { info, ref } = call.output(c.outShape);
    withTable(call, c, (table) => {
      call.engine.channelsLast.avg_pool_last(addressOf(from), addressOf(ref), Number(rank === 3), table, ...sizes(c), 0, rowsOf(c));
    });
    return info;
  };
  return { name, run };
}

/**
 * dx of dy with tfjs's meaning: it divides by the whole window also where that hangs over the edge, and `AvgPool` does not,
 * so that at an edge this is not the gradient of that. A published spec wants it so.
 */
function avgPoolGrad(name: string, rank: 2 | 3): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const [dy, x] = [input(given, 'dy'), input(given, 'input')];
    const c = poolCase(name, rank, x.shape, given.attrs, dy.shape);
    checkGradient(name, dy.shape, x.shape);
    const from = call.float32(dy);
    const { info, ref } = call.output(x.shape);
    withTable(call, c, (table) => {
      call.engine.channelsLast.avg_pool_last_grad(addressOf(from), addressOf(ref), c.window, table, ...sizes(c), 0, c.batch);
    });
    return info;
  };
  return { name, run };
}

export const poolKernels: readonly TrainingKernel[] = [
  maxPool('MaxPool', 2),
  maxPool('MaxPool3D', 3),
  { name: 'MaxPoolWithArgmax', run: runWithArgmax },
  maxPoolGrad('MaxPoolGrad', 2),
  maxPoolGrad('MaxPool3DGrad', 3),
  avgPool('AvgPool', 2),
  avgPool('AvgPool3D', 3),
  avgPoolGrad('AvgPoolGrad', 2),
  avgPoolGrad('AvgPool3DGrad', 3),
];

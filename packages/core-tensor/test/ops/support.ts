import { cpuJs } from '@konv/backend-cpu-js';
import { expect } from 'vitest';
import {
  type Backend,
  type BackendBuffer,
  type DType,
  hostArray,
  isTensor,
  type MaxPoolResult,
  memory,
  type OptionalKernels,
  registerBackend,
  scope,
  type Shape,
  sizeOf,
  type Tensor,
  tensor,
} from '../../src/index.js';

const optional: readonly (keyof OptionalKernels)[] = [
  'scan',
  'sort',
  'resample',
  'conv',
  'convGradInput',
  'convGradWeight',
  'convBackward',
  'pool',
  'poolGrad',
  'linear',
  'softmax',
  'logSoftmax',
  'crossEntropy',
  'batchNormTrain',
  'batchNormGrad',
  'sgdStep',
  'adamStep',
  'random',
];
const required = ['exp', 'log', 'sqrt', 'tanh', 'floor', 'add', 'sub', 'mul', 'div', 'pow', 'maximum', 'eq', 'lt', 'sum', 'max', 'argmax'];
const POISON: Readonly<Record<DType, number>> = { bool: 1, int32: -1234567, float32: Number.NaN, float64: Number.NaN };

/** A backend with the required families and kinds only: everything else is decomposed. Fresh memory is poisoned. */
function bare(): Backend {
  const backend = cpuJs({ name: 'bare' }) as Backend & Record<string, unknown>;
  for (const name of optional) delete backend[name];
  backend.supports = (_family, kind) => kind === null || required.includes(kind);
  const { alloc } = backend;
  backend.alloc = (request): BackendBuffer => {
    const buffer = alloc(request);
    const { shape, dtype } = request;
    const n = sizeOf(shape);
    if (n > 0) backend.write(hostArray(dtype, n).fill(POISON[dtype]), { buffer, dtype, shape: [n], strides: [1], offset: 0 });
    return buffer;
  };
  return backend;
}

registerBackend(cpuJs({ name: 'native' }));
registerBackend(bare());

/** Numbers in [-2, 2), the same in every run (xorshift32), with `2^-8` steps so that ties occur. */
export class Numbers {
  #state: number;
  constructor(seed: number) {
    this.#state = seed * 2654435761 + 1;
  }
  next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }
  /** low <= n <= high */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  list(n: number): number[] {
    return Array.from({ length: n }, () => Math.floor(this.next() * 1024) / 256 - 2);
  }
}

/** Makes operands on the backend under test. */
export type Make = (values: ArrayLike<number> | number, shape?: Shape, dtype?: DType) => Tensor;

type Results = Tensor | readonly (Tensor | null)[] | { [name: string]: Tensor | null } | MaxPoolResult;

function listOf(results: Results): (Tensor | null)[] {
  return isTensor(results) ? [results] : Object.values(results);
}

/** Runs `fn` on one backend and checks that nothing is left behind. */
export function runOn(
  backend: string,
  fn: (make: Make) => Results,
  float: DType = 'float64',
): { shape: Shape; dtype: DType; values: number[] }[] {
  const before = memory().backends[backend]?.tensors ?? 0;
  const make: Make = (values, shape, dtype = float) =>
    typeof values === 'number' ? tensor(values, { dtype, backend }) : tensor(Array.from(values), { shape, dtype, backend });
  const out = scope(() =>
    listOf(fn(make))
      .filter((t): t is Tensor => t !== null)
      .map((t) => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) })),
  );
  expect(memory().backends[backend].tensors - before, `live tensors on ${backend}`).toBe(0);
  return out;
}

/** The results of `fn` by kernels and by decompositions, which must agree; returns those of the kernels. */
export function bothWays(fn: (make: Make) => Results, float: DType = 'float64'): { shape: Shape; dtype: DType; values: number[] }[] {
  const native = runOn('native', fn, float);
  const composed = runOn('bare', fn, float);
  expect(composed.map((t) => [t.dtype, ...t.shape])).toEqual(native.map((t) => [t.dtype, ...t.shape]));
  native.forEach((t, i) => closeTo(composed[i].values, t.values, float === 'float64' ? 1e-12 : 2e-6));
  return native;
}

/** Equal up to `tolerance` of the greatest finite value, NaN and infinities exactly. */
export function closeTo(actual: readonly number[], expected: readonly number[], tolerance = 1e-12): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1;
  for (const v of expected) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Number.isFinite(e) ? Math.abs(a - e) <= tolerance * scale : Object.is(a, e)) continue;
    expect.fail(`element ${i}: expected ${e}, got ${a}`);
  }
}

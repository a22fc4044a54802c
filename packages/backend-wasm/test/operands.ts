import { contiguousStrides, hostArray, sizeOf } from '@konv/core-tensor';
import type { Backend, DType, Shape, TensorRef } from '@konv/core-tensor';
import { bestLevel, compileKernels, kernelNames } from '@konv/wasm-kernels';
import { expect } from 'vitest';
import { Engine } from '../src/engine.js';
import { Heap } from '../src/heap/heap.js';
import { wasm } from '../src/index.js';
import { Memory, type WasmBuffer } from '../src/memory.js';
import { startThreads } from '../src/threads/start.js';

/** The backend on one thread, which the kernels' tests call directly. */
export async function oneThread(): Promise<Backend> {
  const backend = await wasm({ threads: 1 });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  return backend;
}

/** What operands need of a backend. */
type Store = Pick<Backend, 'alloc' | 'free' | 'write' | 'readSync' | 'memory'>;

/** The engine itself, for kernels that a family chooses by its own rules, and the memory over its heap. */
export async function bareEngine(): Promise<{ engine: Engine; store: Store; heap: Heap }> {
  const level = bestLevel();
  if (level === null) throw new Error('this engine has no WebAssembly SIMD');
  const heap = Heap.create({ shared: false });
  const module = await compileKernels(level, false);
  const engine = new Engine(heap, await startThreads({ heap, module, kernels: kernelNames, threads: 1 }), false);
  const memory = new Memory('bare', heap);
  const store: Store = {
    alloc: ({ dtype, shape }) => memory.alloc(dtype, shape),
    free: (buffer) => memory.free(buffer as WasmBuffer),
    write: (data, out) => memory.write(data, out),
    readSync: (x) => memory.read(x),
    memory: () => memory.info(),
  };
  return { engine, store, heap };
}

/** Marsaglia's xorshift32 from a seed that a property gives: numbers in [-2, 2). */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 30 - 2;
  };
}

/** What stands where no kernel has written: in the results it shows at once. */
const POISON = { bool: 113, int32: -1234567, float32: NaN, float64: NaN } satisfies Record<DType, number>;
const BEFORE = 3;
const BEHIND = 5;

/** Operands in the midst of poisoned buffers. */
export class Operands {
  private readonly made: TensorRef[] = [];

  constructor(private readonly store: Store) {}

  /** Unwritten, contiguous, with poison before and behind. */
  empty(dtype: DType, shape: Shape): TensorRef {
    const size = BEFORE + sizeOf(shape) + BEHIND;
    const buffer = this.store.alloc({ dtype, shape: [size], role: 'activation' });
    const ref = { buffer, dtype, shape, strides: contiguousStrides(shape), offset: BEFORE };
    this.store.write(hostArray(dtype, size).fill(POISON[dtype]), whole(ref));
    this.made.push(ref);
    return ref;
  }

  of(dtype: DType, shape: Shape, value: (i: number) => number): TensorRef {
    const ref = this.empty(dtype, shape);
    const data = hostArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = value(i);
    this.store.write(data, ref);
    return ref;
  }

  values(ref: TensorRef): number[] {
    return [...(this.store.readSync?.(ref) ?? [])];
  }

  /** What lies around each result is still poison; then all are freed. */
  done(...results: (TensorRef | null)[]): void {
    for (const ref of results) {
      if (ref === null) continue;
      const all = this.values(whole(ref));
      const around = [...all.slice(0, BEFORE), ...all.slice(-BEHIND)];
      expect(around, 'elements around the result').toEqual(around.map(() => POISON[ref.dtype]));
    }
    for (const ref of this.made.splice(0)) this.store.free(ref.buffer);
    expect(this.store.memory().tensors).toBe(0);
  }
}

function whole(ref: TensorRef): TensorRef {
  return { ...ref, shape: [ref.buffer.size], strides: [1], offset: 0 };
}

/** Elementwise, relative to `scale` + |expected|; NaN and infinities must agree exactly. */
export function expectClose(got: readonly number[], expected: readonly number[], relative: number, what = '', scale = 1): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const e = expected[i];
    if (Object.is(got[i], e) || Math.abs(got[i] - e) <= relative * (scale + Math.abs(e))) continue;
    expect.fail(`${what}: element ${i} is ${got[i]}, expected ${e}`);
  }
}

import { contiguousStrides, hostArray, sizeOf } from '@konv/core-tensor';
import type { Backend, DType, HostArray, Shape, TensorRef } from '@konv/core-tensor';
import { expect } from 'vitest';
import { cpuJs } from '../src/index.js';

/** Marsaglia's xorshift32: the same numbers in every run. */
export class Rng {
  constructor(private state: number) {}
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }
  /** lo <= n <= hi */
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo + 1));
  }
  real(): number {
    return this.next() * 4 - 2;
  }
  pick<T>(xs: readonly T[]): T {
    return xs[this.int(0, xs.length - 1)];
  }
  shape(rank: number, max = 5): number[] {
    return Array.from({ length: rank }, () => this.int(1, max));
  }
}

/** What fills memory that no kernel has written: in the results it shows at once. */
export const POISON = { bool: 113, int32: -1234567, float32: NaN, float64: NaN } satisfies Record<DType, number>;

export interface Placement {
  /** Elements before the window; it is followed by three. */
  readonly offset?: number;
  readonly strides?: readonly number[];
}

/** A backend whose fresh buffers are poisoned, with makers of operands. */
export class Bench {
  readonly backend: Backend = cpuJs();
  private readonly made: TensorRef[] = [];

  /** An unwritten tensor in a poisoned buffer; contiguous unless strides are given. */
  empty(dtype: DType, shape: Shape, placement: Placement = {}): TensorRef {
    const strides = placement.strides ?? contiguousStrides(shape);
    const offset = placement.offset ?? 3;
    let last = offset;
    for (let i = 0; i < shape.length; i++) last += (shape[i] - 1) * strides[i];
    const buffer = this.backend.alloc({ dtype, shape: [last + 4], role: 'activation' });
    const whole: TensorRef = { buffer, dtype, shape: [last + 4], strides: [1], offset: 0 };
    this.backend.write(hostArray(dtype, last + 4).fill(POISON[dtype]), whole);
    const ref = { buffer, dtype, shape, strides, offset };
    this.made.push(ref);
    return ref;
  }

  /** A tensor with `value(i)` at its i-th element in row-major order. */
  of(dtype: DType, shape: Shape, value: (i: number) => number, placement: Placement = {}): TensorRef {
    const ref = this.empty(dtype, shape, placement);
    const whole: TensorRef = { ...ref, shape: [ref.buffer.size], strides: [1], offset: 0 };
    const host = this.backend.readSync?.(whole) as HostArray;
    let i = 0;
    for (const index of indicesOf(shape)) host[flat(ref, index)] = value(i++);
    this.backend.write(host, whole);
    return ref;
  }

  /** Any strides that keep elements apart: a permuted layout with gaps. */
  strided(rng: Rng, dtype: DType, shape: Shape, value: (i: number) => number): TensorRef {
    const order = shape.map((_, i) => i).sort(() => rng.next() - 0.5);
    const strides = new Array<number>(shape.length);
    let n = rng.int(1, 2);
    for (const axis of order) {
      strides[axis] = n;
      n *= shape[axis] + rng.int(0, 1);
    }
    return this.of(dtype, shape, value, { strides, offset: rng.int(0, 4) });
  }

  /** Row-major values of any window. */
  values(ref: TensorRef): number[] {
    const whole: TensorRef = { ...ref, shape: [ref.buffer.size], strides: [1], offset: 0 };
    const host = this.backend.readSync?.(whole) as HostArray;
    return [...indicesOf(ref.shape)].map((index) => host[flat(ref, index)]);
  }

  /** Everything outside the window is still poison. */
  expectUntouched(ref: TensorRef): void {
    const whole: TensorRef = { ...ref, shape: [ref.buffer.size], strides: [1], offset: 0 };
    const host = this.backend.readSync?.(whole) as HostArray;
    const inside = new Set([...indicesOf(ref.shape)].map((index) => flat(ref, index)));
    for (let i = 0; i < host.length; i++) {
      if (!inside.has(i)) expect(host[i], `element ${i} outside the window`).toEqual(POISON[ref.dtype]);
    }
  }

  /** Frees all that was made and expects nothing to be left. */
  close(): void {
    for (const ref of this.made.splice(0)) this.backend.free(ref.buffer);
    expect(this.backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  }
}

function flat(ref: TensorRef, index: readonly number[]): number {
  let at = ref.offset;
  for (let i = 0; i < index.length; i++) at += index[i] * ref.strides[i];
  return at;
}

/** All index tuples of a shape in row-major order. */
export function* indicesOf(shape: Shape): Generator<number[]> {
  const size = sizeOf(shape);
  for (let i = 0; i < size; i++) {
    const index = new Array<number>(shape.length);
    let rest = i;
    for (let a = shape.length - 1; a >= 0; a--) {
      index[a] = rest % shape[a];
      rest = (rest - index[a]) / shape[a];
    }
    yield index;
  }
}

export const tolerance: Record<'float32' | 'float64', number> = { float32: 2e-6, float64: 1e-13 };

/** Elementwise, relative to 1 + |expected|; NaN and infinities must agree exactly. */
export function expectClose(got: readonly number[], expected: readonly number[], relative: number, what = ''): void {
  expect(got.length, what).toBe(expected.length);
  for (let i = 0; i < got.length; i++) {
    const e = expected[i];
    const same = Object.is(got[i], e) || Math.abs(got[i] - e) <= relative * (1 + Math.abs(e));
    if (!same) expect.fail(`${what}: element ${i} is ${got[i]}, expected ${e}`);
  }
}

/** What a store to `dtype` makes of a value. */
export function stored(dtype: DType, x: number): number {
  if (dtype === 'bool') return x !== 0 ? 1 : 0;
  const cell = hostArray(dtype, 1);
  cell[0] = x;
  return cell[0];
}

export const floats = ['float32', 'float64'] as const;

/** Kernels called side by side on WebGL and on plain JavaScript loops, as core's dispatch calls them. */
import { cpuJs } from '@konv/backend-cpu-js';
import { type Stage, tolerances } from '@konv/backend-testkit';
import { type Backend, contiguousStrides, type DType, type HostArray, hostArray, type Shape, type TensorRef } from '@konv/core-tensor';
import type { WebglBackend } from '../src/index.js';

/** One tensor on both. */
export interface Pair {
  readonly gpu: TensorRef;
  readonly cpu: TensorRef;
}

/** Reproducible numbers. */
export class Numbers {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) | 0;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x45d9f3b);
    return ((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32;
  }

  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(of: readonly T[]): T {
    return of[this.whole(0, of.length - 1)];
  }

  /** About normal. */
  floats(n: number, mean = 0, deviation = 1): Float32Array {
    return Float32Array.from({ length: n }, () => mean + deviation * 2 * (this.next() + this.next() + this.next() - 1.5));
  }

  /** Few different values: many ties. */
  ints(n: number, low: number, high: number): Int32Array {
    return Int32Array.from({ length: n }, () => this.whole(low, high));
  }
}

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

export class Twins {
  readonly gpu: WebglBackend;
  readonly cpu: Backend;

  constructor(gpu: WebglBackend) {
    this.gpu = gpu;
    this.cpu = cpuJs();
  }

  /** `values` behind `offset` other elements, with some more after them. */
  input(values: ArrayLike<number>, shape: Shape, dtype: DType = 'float32', offset = 0): Pair {
    const all = hostArray(dtype, offset + values.length + (offset > 0 ? 3 : 0)).fill(1);
    all.set(values, offset);
    return this.#place(all, shape, dtype, offset);
  }

  /** Something to write into. With an offset, what stands around it must stay. */
  output(shape: Shape, dtype: DType = 'float32', offset = 0): Pair {
    return this.#place(hostArray(dtype, offset + sizeOf(shape) + (offset > 0 ? 3 : 0)).fill(1), shape, dtype, offset);
  }

  #place(all: HostArray, shape: Shape, dtype: DType, offset: number): Pair {
    const on = (backend: Backend): TensorRef => {
      const buffer = backend.alloc({ dtype, shape: [all.length], role: 'activation' });
      backend.write(all, { buffer, dtype, shape: [all.length], strides: [1], offset: 0 });
      return { buffer, dtype, shape, strides: contiguousStrides(shape), offset };
    };
    return { gpu: on(this.gpu), cpu: on(this.cpu) };
  }

  /** Calls the same kernel on both. */
  run(call: (backend: Backend, of: (pair: Pair) => TensorRef) => void): void {
    call(this.gpu, (pair) => pair.gpu);
    call(this.cpu, (pair) => pair.cpu);
  }

  /** Whole buffers compared; what differs, or null. */
  async difference(pair: Pair, stage: Stage): Promise<string | null> {
    const whole = ({ buffer, dtype }: TensorRef): TensorRef => ({ buffer, dtype, shape: [buffer.size], strides: [1], offset: 0 });
    const actual = await this.gpu.read(whole(pair.gpu));
    const expected = await this.cpu.read(whole(pair.cpu));
    const exact = pair.gpu.dtype !== 'float32';
    const { relative, absolute, ofLargest } = tolerances.float32[stage];
    let largest = 0;
    for (const e of expected) if (Number.isFinite(e)) largest = Math.max(largest, Math.abs(e));
    for (let i = 0; i < expected.length; i++) {
      const [a, e] = [actual[i], expected[i]];
      if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
      const allowed = exact ? 0 : absolute + relative * Math.abs(e) + ofLargest * largest;
      if (!(Math.abs(a - e) <= allowed)) return `expected ${e} (within ${allowed}) at ${i}, got ${a}`;
    }
    return null;
  }

  /** Frees both sides. */
  free(...pairs: readonly Pair[]): void {
    for (const { gpu, cpu } of pairs) {
      this.gpu.free(gpu.buffer);
      this.cpu.free(cpu.buffer);
    }
  }
}

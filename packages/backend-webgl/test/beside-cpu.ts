import { cpuJs } from '@konv/backend-cpu-js';
import { type Stage, tolerances } from '@konv/backend-testkit';
import { type Backend, contiguousStrides, hostArray, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import { expect } from 'vitest';
import { webgl } from '../src/index.js';

/** What was sent to the GPU through a context, counted at its own functions. */
export interface GlCounts {
  programs: number;
  draws: number;
}

export interface Opened {
  readonly backend: Backend;
  readonly counts: GlCounts;
}

/** What is used here of a WebGL2 context. */
interface Gl {
  linkProgram(program: unknown): void;
  drawArrays(mode: number, first: number, count: number): void;
}
interface Canvas {
  getContext(type: string): Gl;
  addEventListener(): void;
  removeEventListener(): void;
}

/** The backend on a context that counts; null where there is no WebGL2. */
export async function openCounted(): Promise<Opened | null> {
  const { OffscreenCanvas } = globalThis as { OffscreenCanvas?: new (width: number, height: number) => Canvas };
  if (OffscreenCanvas === undefined) return null;
  const canvas = new OffscreenCanvas(1, 1);
  const backend = await webgl({ canvas, syncRead: true });
  if ('unavailable' in backend) return null;
  const gl = canvas.getContext('webgl2');
  const counts: GlCounts = { programs: 0, draws: 0 };
  const { linkProgram, drawArrays } = gl;
  gl.linkProgram = (program) => {
    counts.programs++;
    linkProgram.call(gl, program);
  };
  gl.drawArrays = (mode, first, count) => {
    counts.draws++;
    drawArrays.call(gl, mode, first, count);
  };
  return { backend, counts };
}

/** mulberry32: numbers in [0, 1) from a seed. */
export function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function whole(next: () => number, low: number, high: number): number {
  return low + Math.floor(next() * (high - low + 1));
}

/** One call, run with the same operands on WebGL and on cpu-js, in the midst of buffers full of NaN. */
export class Twice {
  readonly #sides: readonly { readonly backend: Backend; readonly made: TensorRef[] }[];

  constructor(backend: Backend) {
    this.#sides = [
      { backend: cpuJs(), made: [] },
      { backend, made: [] },
    ];
  }

  /** A contiguous tensor on both sides, \`before\` elements into its buffer; NaN where there are no values. */
  of(shape: Shape, values: ((i: number) => number) | null, before = 0): TensorRef[] {
    const size = before + sizeOf(shape) + (before > 0 ? 2 : 0);
    const all = hostArray('float32', size).fill(Number.NaN);
    if (values) for (let i = 0; i < sizeOf(shape); i++) all[before + i] = values(i);
    return this.#sides.map(({ backend, made }) => {
      const buffer = backend.alloc({ dtype: 'float32', shape: [size], role: 'activation' });
      backend.write(all, { buffer, dtype: 'float32', shape: [size], strides: [1], offset: 0 });
      const ref = { buffer, dtype: 'float32', shape, strides: contiguousStrides(shape), offset: before } as const;
      made.push(ref);
      return ref;
    });
  }

  run(call: (backend: Backend, side: 0 | 1) => void): void {
    call(this.#sides[0].backend, 0);
    call(this.#sides[1].backend, 1);
  }

  /** The whole buffers of a result are alike: what was around it is as it was. Returns the greatest error, as the table counts it. */
  compare(refs: readonly TensorRef[], stage: Stage, name: string): void {
    const [expected, got] = refs.map((ref, i) => {
      const all = { ...ref, shape: [ref.buffer.size], strides: [1], offset: 0 };
      return this.#sides[i].backend.readSync?.(all) as Float32Array;
    });
    const { relative, absolute, ofLargest } = tolerances.float32[stage];
    const largest = expected.reduce((m, v) => (Math.abs(v) > m ? Math.abs(v) : m), 0);
    const wrong: string[] = [];
    for (let i = 0; i < expected.length; i++) {
      const room = absolute + relative * Math.abs(expected[i]) + ofLargest * largest;
      const fine = Number.isFinite(expected[i]) ? Math.abs(got[i] - expected[i]) <= room : Object.is(got[i], expected[i]);
      if (!fine) wrong.push(`[${i - refs[0].offset}] expected ${expected[i]}, got ${got[i]}`);
    }
    expect(wrong.length === 0 ? [] : [name, `${wrong.length} of ${expected.length}`, ...wrong.slice(0, 4)]).toEqual([]);
  }

  free(): void {
    for (const { backend, made } of this.#sides) for (const ref of made.splice(0)) backend.free(ref.buffer);
  }
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Backend, type ConvGeometry, internConv, type TensorRef } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';

async function create(threads: number, maxTotalBytes?: number): Promise<Backend> {
  const backend = await wasm({ threads, maxTotalBytes });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  return backend;
}

function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
}

function empty(backend: Backend, ...shape: number[]): TensorRef {
  const buffer = backend.alloc({ dtype: 'float32', shape, role: 'activation' });
  return { buffer, dtype: 'float32', shape, strides: strides(shape), offset: 0 };
}

/** Numbers whose sums depend on the order of their summands. */
function random(backend: Backend, seed: number, ...shape: number[]): TensorRef {
  const x = empty(backend, ...shape);
  let state = seed;
  const values = new Float32Array(x.buffer.size).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  backend.write(values, x);
  return x;
}

function floats(backend: Backend, x: TensorRef): Float32Array {
  if (!backend.readSync) throw new Error('expected readSync');
  return backend.readSync(x) as Float32Array;
}

describe('1, 2 and 3 threads give the same bits', () => {
  const backends: Backend[] = [];

  beforeAll(async () => {
    for (const threads of [1, 2, 3]) backends.push(await create(threads));
  });
  afterAll(() => {
    for (const backend of backends) backend.dispose?.();
  });

  function same(compute: (backend: Backend) => TensorRef): void {
    // Compared as bytes at once: element by element takes seconds.
    const [one, ...others] = backends.map((backend) => Buffer.from(floats(backend, compute(backend)).buffer));
    expect(one.some((byte) => byte !== 0)).toBe(true);
    for (const other of others) expect(other.equals(one)).toBe(true);
  }

  it.each([
    [false, false],
    [true, false],
    [false, true],
  ])('matmul, transposed: %s %s', (transposeA, transposeB) => {
    same((backend) => {
      const [m, n, k] = [70, 530, 900];
      const a = transposeA ? random(backend, 1, 1, k, m) : random(backend, 1, 1, m, k);
      const b = transposeB ? random(backend, 2, 1, n, k) : random(backend, 2, 1, k, n);
      const out = empty(backend, 1, m, n);
      backend.matmul(a, b, { transposeA, transposeB, accumulate: false }, out);
      return out;
    });
  });

  it('conv and both of its gradients', () => {
    const geometry: ConvGeometry = internConv({
      rank: 2,
      batch: 6,
      groups: 1,
      inChannels: 24,
      outChannels: 40,
      inSize: [1, 29, 31],
      outSize: [1, 29, 31],
      kernel: [1, 3, 3],
      stride: [1, 1, 1],
      padLow: [0, 1, 1],
      padHigh: [0, 1, 1],
      dilation: [1, 1, 1],
    });
    const x = (backend: Backend) => random(backend, 1, 6, 24, 29, 31);
    const weight = (backend: Backend) => random(backend, 2, 40, 24, 3, 3);
    const dy = (backend: Backend) => random(backend, 3, 6, 40, 29, 31);
    same((backend) => {
      const out = empty(backend, 6, 40, 29, 31);
      backend.conv?.(x(backend), weight(backend), random(backend, 4, 40), geometry, 'relu', out);
      return out;
    });
    same((backend) => {
      const out = empty(backend, 6, 24, 29, 31);
      backend.convGradInput?.(dy(backend), weight(backend), geometry, out);
      return out;
    });
    same((backend) => {
      const out = empty(backend, 40, 24, 3, 3);
      backend.convGradWeight?.(x(backend), dy(backend), geometry, false, out);
      return out;
    });
  });
});

describe('an idle process', () => {
  it('ends by itself, its threads asleep or awake', async () => {
    // What is installed: the compiled package, as a program of plain JavaScript sees it.
    const program = `
      import { wasm } from '@konv/backend-wasm';
      const backend = await wasm({ threads: 3 });
      const ref = (shape) => ({
        buffer: backend.alloc({ dtype: 'float32', shape, role: 'activation' }),
        dtype: 'float32', shape, strides: [0, shape[2], 1], offset: 0,
      });
      const [a, b, out] = [ref([1, 300, 300]), ref([1, 300, 300]), ref([1, 300, 300])];
      backend.write(new Float32Array(90000).fill(1), a);
      backend.write(new Float32Array(90000).fill(2), b);
      const multiply = () => backend.matmul(a, b, { transposeA: false, transposeB: false, accumulate: false }, out);
      multiply();
      await new Promise((resolve) => setTimeout(resolve, Number(process.argv[1])));
      multiply();
      console.log(backend.readSync(out)[89999]);`;
    const cwd = fileURLToPath(new URL('..', import.meta.url));
    for (const pause of ['0', '100']) {
      const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program, pause], {
        cwd,
        timeout: 20_000,
      });
      expect(ended).toEqual({ stdout: '600\n', stderr: '' });
    }
  });
});

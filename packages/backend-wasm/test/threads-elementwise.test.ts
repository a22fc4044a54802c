import { type Backend, contiguousStrides, type DType, hostArray, type Shape, type TensorRef } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { Rng } from './harness.js';

describe('1, 2 and 3 threads give the same bits of elementwise kernels, copies and reductions', () => {
  const backends: Backend[] = [];
  beforeAll(async () => {
    for (const threads of [1, 2, 3]) {
      const made = await wasm({ threads });
      if ('unavailable' in made) throw new Error(made.unavailable);
      backends.push(made);
    }
  });
  afterAll(() => {
    for (const backend of backends) backend.dispose?.();
  });

  function empty(backend: Backend, dtype: DType, shape: Shape): TensorRef {
    const buffer = backend.alloc({ dtype, shape, role: 'activation' });
    return { buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
  }

  function random(backend: Backend, shape: Shape): TensorRef {
    const x = empty(backend, 'float32', shape);
    const rng = new Rng(5);
    backend.write(hostArray('float32', x.buffer.size).map(() => rng.next() * 8 - 4) as Float32Array, x);
    return x;
  }

  // More than one work item of every kernel, and a size that no vector divides.
  const shape = [3, 101, 1031];
  const permuted = (x: TensorRef): TensorRef => ({ ...x, shape: [101, 1031, 3], strides: [1031, 1, 101 * 1031] });
  const cases: Record<string, (b: Backend, x: TensorRef) => TensorRef> = {
    exp: (b, x) => written(empty(b, 'float32', shape), (out) => b.unary('exp', x, out)),
    'add a number': (b, x) => written(empty(b, 'float32', shape), (out) => b.binary('add', x, -0.1, out)),
    'compare with a row': (b, x) => written(empty(b, 'bool', shape), (out) => b.binary('lt', x, { ...x, strides: [0, 0, 1] }, out)),
    'mul by a short column': (b, x) =>
      written(empty(b, 'float32', [101, 1031, 3]), (out) => b.binary('mul', permuted(x), { ...permuted(x), strides: [0, 0, 7] }, out)),
    copy: (b, x) => written(empty(b, 'float32', shape), (out) => b.copyStrided(x, out)),
    permute: (b, x) => written(empty(b, 'float32', [101, 1031, 3]), (out) => b.copyStrided(permuted(x), out)),
    transpose: (b, x) =>
      written(empty(b, 'float32', [3, 1031, 101]), (out) =>
        b.copyStrided({ ...x, shape: [3, 1031, 101], strides: [101 * 1031, 1, 1031] }, out),
      ),
    fill: (b) => written(empty(b, 'float32', shape), (out) => b.fill(0.3, out)),
    'sum of all': (b, x) => written(empty(b, 'float32', [1, 1, 1]), (out) => b.reduce('sum', x, [0, 1, 2], out)),
    'sum of rows': (b, x) => written(empty(b, 'float32', [3, 101, 1]), (out) => b.reduce('sum', x, [2], out)),
    'sum of columns': (b, x) => written(empty(b, 'float32', [1, 1, 1031]), (out) => b.reduce('sum', x, [0, 1], out)),
    'sum between': (b, x) => written(empty(b, 'float32', [3, 1, 1031]), (out) => b.reduce('sum', x, [1], out)),
    max: (b, x) => written(empty(b, 'float32', [1, 101, 1]), (out) => b.reduce('max', x, [0, 2], out)),
  };

  function written(out: TensorRef, kernel: (out: TensorRef) => void): TensorRef {
    kernel(out);
    return out;
  }

  it.each(Object.keys(cases))('%s', (name) => {
    const results = backends.map((backend) => {
      const x = random(backend, shape);
      const out = cases[name](backend, x);
      const values = backend.readSync?.(out);
      backend.free(x.buffer);
      backend.free(out.buffer);
      return Buffer.from(values?.buffer as ArrayBuffer);
    });
    expect(results[0].some((byte) => byte !== 0)).toBe(true);
    for (const other of results.slice(1)) expect(other.equals(results[0])).toBe(true);
  });
});

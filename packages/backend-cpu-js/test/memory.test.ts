import { BackendError, dtypes, isKonvError } from '@konv/core-tensor';
import type { BackendBuffer, DType, TensorRef } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { cpuJs } from '../src/index.js';

function refOf(buffer: BackendBuffer, offset = 0, size = buffer.size): TensorRef {
  return { buffer, dtype: buffer.dtype, shape: [size], strides: [1], offset };
}

const bytes: Record<DType, number> = { bool: 1, int32: 4, float32: 4, float64: 8 };

describe('memory', () => {
  it('counts live buffers and bytes exactly, pooled ones not at all', () => {
    const backend = cpuJs();
    const live: BackendBuffer[] = [];
    let expected = 0;
    for (let round = 0; round < 3; round++) {
      for (const dtype of dtypes) {
        live.push(backend.alloc({ dtype, shape: [7, 11], role: 'activation' }));
        expected += 77 * bytes[dtype];
      }
      expect(backend.memory()).toEqual({ tensors: live.length, bytes: expected });
    }
    for (const buffer of live) {
      backend.free(buffer);
      expected -= buffer.size * bytes[buffer.dtype];
    }
    expect(expected).toBe(0);
    expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  });

  it('is not changed by kernels and their scratch', () => {
    const backend = cpuJs();
    const [a, b, out] = [0, 1, 2].map(() => backend.alloc({ dtype: 'float32', shape: [1, 30, 30], role: 'activation' }));
    const ref = (buffer: BackendBuffer): TensorRef => ({ ...refOf(buffer), shape: [1, 30, 30], strides: [900, 30, 1] });
    backend.matmul(ref(a), ref(b), { transposeA: false, transposeB: false, accumulate: false }, ref(out));
    backend.reduce('sum', ref(a), [1], { ...refOf(b, 0, 30), shape: [1, 1, 30], strides: [30, 30, 1] });
    expect(backend.memory()).toEqual({ tensors: 3, bytes: 3 * 3600 });
  });

  it('never hands one array to two live buffers', () => {
    const backend = cpuJs();
    const first = backend.alloc({ dtype: 'float32', shape: [64], role: 'activation' });
    backend.fill(1, refOf(first));
    backend.free(first);
    const [b, c] = [0, 1].map(() => backend.alloc({ dtype: 'float32', shape: [64], role: 'activation' }));
    backend.fill(2, refOf(b));
    backend.fill(3, refOf(c));
    expect(backend.readSync?.(refOf(b))).toEqual(new Float32Array(64).fill(2));
    expect(backend.readSync?.(refOf(c))).toEqual(new Float32Array(64).fill(3));
  });

  it('refuses to free twice', () => {
    const backend = cpuJs();
    const buffer = backend.alloc({ dtype: 'float32', shape: [4], role: 'scratch' });
    backend.free(buffer);
    expect(() => backend.free(buffer)).toThrow(BackendError);
    expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  });

  it('refuses what does not fit, with counts and a remedy, and stays usable', () => {
    const backend = cpuJs({ name: 'small', maxBufferBytes: 400, maxTotalBytes: 1000 });
    const held = backend.alloc({ dtype: 'float32', shape: [100], role: 'activation' });
    backend.fill(5, refOf(held));
    const refused = (size: number): string => {
      try {
        backend.alloc({ dtype: 'float32', shape: [size], role: 'activation' });
      } catch (e) {
        expect(isKonvError(e) && e.name).toBe('BackendError');
        return (e as Error).message;
      }
      return 'no error';
    };
    expect(refused(101)).toMatch(
      /\[alloc\] expected a buffer of at most 400 bytes, got a request for 404 bytes .*float32 \[101\].*"small".*1 tensors in 400 bytes; dispose/,
    );
    backend.alloc({ dtype: 'float32', shape: [100], role: 'activation' });
    expect(refused(51)).toMatch(/at most 1000 bytes in all, got a request for 204 bytes .*2 tensors in 800 bytes/);
    expect(backend.memory()).toEqual({ tensors: 2, bytes: 800 });
    expect(backend.readSync?.(refOf(held))).toEqual(new Float32Array(100).fill(5));
  });

  it("turns the engine's refusal of a giant array into a BackendError", () => {
    const backend = cpuJs({ maxBufferBytes: Infinity });
    const shape = [2 ** 31, 8];
    expect(() => backend.alloc({ dtype: 'float64', shape, role: 'activation' })).toThrow(/\[alloc\] expected room on the heap.*0 tensors/);
    expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  });

  it('is empty after dispose', () => {
    const backend = cpuJs();
    backend.alloc({ dtype: 'float32', shape: [100], role: 'activation' });
    backend.dispose?.();
    expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  });
});

describe('transfer', () => {
  it('writes into a window by value and reads a snapshot', async () => {
    const backend = cpuJs();
    const buffer = backend.alloc({ dtype: 'int32', shape: [6], role: 'activation' });
    backend.fill(9, refOf(buffer));
    const host = Int32Array.of(1, 2, 3);
    backend.write(host, refOf(buffer, 2, 3));
    host.fill(0);
    const pending = backend.read(refOf(buffer));
    backend.fill(4, refOf(buffer));
    expect(await pending).toEqual(Int32Array.of(9, 9, 1, 2, 3, 9));
    backend.free(buffer);
  });

  it('reads arrays of the dtype', () => {
    const backend = cpuJs();
    const kinds = dtypes.map((dtype) => {
      const buffer = backend.alloc({ dtype, shape: [1], role: 'activation' });
      backend.fill(1, refOf(buffer));
      return backend.readSync?.(refOf(buffer));
    });
    expect(kinds).toEqual([Uint8Array.of(1), Int32Array.of(1), Float32Array.of(1), Float64Array.of(1)]);
  });
});

describe('description', () => {
  it('names itself and its capabilities', () => {
    expect(cpuJs().name).toBe('cpu-js');
    expect(cpuJs({ name: 'other' }).name).toBe('other');
    expect(cpuJs().capabilities).toMatchObject({
      dtypes,
      syncRead: true,
      strictNumerics: true,
      maxExactInt: 2 ** 31 - 1,
    });
  });

  it('supports floats everywhere, other dtypes where the interface says', () => {
    const { supports } = cpuJs();
    expect(supports('conv', null, 'float64')).toBe(true);
    expect(supports('conv', null, 'int32')).toBe(false);
    expect(supports('unary', 'relu', 'int32')).toBe(true);
    expect(supports('unary', 'exp', 'int32')).toBe(false);
    expect(supports('binary', 'div', 'int32')).toBe(false);
    expect(supports('binary', 'mul', 'bool')).toBe(true);
    expect(supports('binary', 'add', 'bool')).toBe(false);
    expect(supports('reduce', 'max', 'bool')).toBe(true);
  });
});

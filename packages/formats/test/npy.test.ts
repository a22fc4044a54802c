import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuJs } from '@konv/backend-cpu-js';
import { memory, registerBackend, scope, tensor, zeros } from '@konv/core-tensor';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadNpy, parseNpy, saveNpy, serializeNpy, writeNpy } from '../src/index.js';
import { entryOf, expectEntry, failure, fromBase64, numpy } from './fixture-tools.js';

let folder = '';
let before = 0;
beforeAll(async () => {
  registerBackend(cpuJs());
  folder = await mkdtemp(join(tmpdir(), 'konv-npy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  before = memory().tensors;
});
afterEach(() => {
  expect(memory().tensors).toBe(before);
});

describe("NumPy's files", () => {
  test.each(numpy.arrays.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const array = parseNpy(fromBase64(c.bytes));
    expectEntry(array, c);
    expect(array.stored).toBe(c.descr);
  });

  test('every dtype, byte order and version is among them', () => {
    const codes = ['b1', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8'];
    const orders = codes.flatMap((c) => (c.endsWith('1') ? [`|${c}`] : [`<${c}`, `>${c}`]));
    expect(new Set(numpy.arrays.map((c) => c.descr))).toEqual(new Set(orders));
    expect(new Set(numpy.arrays.map((c) => fromBase64(c.bytes)[6]))).toEqual(new Set([1, 2, 3]));
    const text = numpy.arrays.map((c) => new TextDecoder('latin1').decode(fromBase64(c.bytes)));
    expect(text.filter((t) => t.includes("'fortran_order': True")).length).toBeGreaterThan(20);
  });

  test.each(numpy.refused.map((c) => [c.name, c.bytes] as const))('refused: %s', (_, bytes) => {
    expect(() => parseNpy(fromBase64(bytes), { name: 'x.npy' })).toThrow(
      /^\[npy\] x\.npy: expected .*, got .*; (convert it|convert the|save each) /,
    );
  });

  test('objects are refused for what they are', () => {
    expect(() => parseNpy(fromBase64(numpy.refused[0].bytes))).toThrow(/'\|O', Python objects, which are pickled and may run code/);
  });
});

describe('writing', () => {
  test.each(numpy.written.map((c) => [c.name, c] as const))("NumPy's own bytes: %s", (_, c) => {
    expect(serializeNpy(entryOf(c))).toEqual(fromBase64(c.bytes));
  });

  test('a view is written row-major, as it looks; from the moment of the call', async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const t = x.transpose(0, 1);
    const pending = saveNpy(t);
    x.fill_(9);
    const { shape, data } = parseNpy(await pending);
    expect([shape, Array.from(data)]).toEqual([
      [3, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
    x.dispose();
    t.dispose();
  });

  test.each([
    [
      'data of another length',
      { dtype: 'float32', shape: [2], data: new Float32Array(3) },
      /the array to have as many values as shape \[2\], got 3/,
    ],
    [
      'data of another type',
      { dtype: 'float32', shape: [2], data: new Float64Array(2) },
      /float32 data of the array in Float32Array, got Float64Array/,
    ],
    ['a tensor', null, /dtype, shape and data, got null; pass host entries; for tensors use saveNpy/],
    ['too many axes', { dtype: 'bool', shape: Array(30_000).fill(1), data: new Uint8Array(1) }, /a shape of fewer sizes, got 30000/],
  ])('refused: %s', async (_, entry, message) => {
    const e = await failure(() => serializeNpy(entry as any));
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
  });

  test('what is no tensor', async () => {
    expect((await failure(() => saveNpy([1] as any))).message).toMatch(/\[saveNpy\] expected a tensor, got an array; wrap it/);
    const x = tensor([1]);
    x.dispose();
    expect((await failure(() => saveNpy(x))).name).toBe('DisposedError');
  });
});

describe('tensors', () => {
  test('into a file and back, outside of scopes', async () => {
    const made = [tensor([[1.5, -2]]), tensor(7, { dtype: 'int32' }), tensor([true]), tensor([0.1], { dtype: 'float64' }), zeros([0, 3])];
    for (const t of made) {
      const path = join(folder, 'x.npy');
      await writeNpy(path, t);
      expect(new Uint8Array(await readFile(path))).toEqual(await saveNpy(t));
      using _ = scope();
      const back = await loadNpy(path);
      expect([back.dtype, back.shape, await back.data()]).toEqual([t.dtype, t.shape, await t.data()]);
      expect(back.scope).toBe(null);
      back.dispose();
      t.dispose();
    }
  });

  test('errors name the file and the way out', async () => {
    expect((await failure(() => loadNpy(join(folder, 'none.npy')))).message).toMatch(/\[loadNpy\] expected a readable file/);
    const narrow = cpuJs();
    Object.defineProperty(narrow, 'capabilities', { value: { ...narrow.capabilities, dtypes: ['float32'] } });
    registerBackend(Object.assign(narrow, { name: 'narrow-npy' }));
    const bytes = serializeNpy({ dtype: 'float64', shape: [], data: Float64Array.of(1) });
    const e = await failure(() => loadNpy(bytes, { backend: 'narrow-npy' }));
    expect(e.message).toContain('expected "narrow-npy" to hold float64 ("array"), got float32; name another backend, or use parseNpy');
  });

  test('aligned data is a view, unaligned and big-endian data a copy', () => {
    const even = serializeNpy({ dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) });
    const odd = new Uint8Array(even.length + 1);
    odd.set(even, 1);
    expect(parseNpy(even).data.buffer).toBe(even.buffer);
    expect(parseNpy(odd.subarray(1)).data.buffer).not.toBe(odd.buffer);
    expect(parseNpy(odd.subarray(1)).data).toEqual(Float32Array.of(1, 2));
    expect(parseNpy(even.buffer as ArrayBuffer).data).toEqual(Float32Array.of(1, 2));
    const shared = new Uint8Array(new SharedArrayBuffer(even.length));
    shared.set(even);
    expect(parseNpy(shared).data.buffer).toBeInstanceOf(ArrayBuffer);
  });
});

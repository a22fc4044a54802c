import { describe, expect, test } from 'vitest';
import { parseSafetensors } from '../src/index.js';
import { bytesOf, file, one } from './safetensors-bytes.js';

function read(dtype: string, values: ArrayBufferView, shape?: number[]) {
  const data = bytesOf(values);
  const n = (values as unknown as { length: number }).length;
  return parseSafetensors(file(one(dtype, shape ?? [n], data.length), data)).tensors.x;
}

describe('dtypes', () => {
  test.each([
    ['F32', new Float32Array([1.5, -0, NaN, Infinity]), 'float32'],
    ['F64', new Float64Array([1e300, 5e-324]), 'float64'],
    ['I32', new Int32Array([2 ** 31 - 1, -(2 ** 31)]), 'int32'],
    ['BOOL', new Uint8Array([1, 0, 1]), 'bool'],
  ] as const)('%s as it is', (stored, values, dtype) => {
    const x = read(stored, values);
    expect(x.dtype).toBe(dtype);
    expect(x.stored).toBe(stored);
    expect(x.data.constructor).toBe(values.constructor);
    expect(Array.from(x.data)).toEqual(Array.from(values));
  });

  test.each([
    ['U8', new Uint8Array([0, 255]), [0, 255]],
    ['I8', new Int8Array([-128, 127]), [-128, 127]],
    ['I16', new Int16Array([-32768, 32767]), [-32768, 32767]],
    ['U16', new Uint16Array([0, 65535]), [0, 65535]],
    ['U32', new Uint32Array([0, 2 ** 31 - 1]), [0, 2 ** 31 - 1]],
    ['I64', new BigInt64Array([-(2n ** 31n), -1n, 0n, 2n ** 31n - 1n]), [-(2 ** 31), -1, 0, 2 ** 31 - 1]],
    ['U64', new BigUint64Array([0n, 2n ** 31n - 1n]), [0, 2 ** 31 - 1]],
  ] as const)('%s as int32', (stored, values, expected) => {
    const x = read(stored, values);
    expect(x.data).toBeInstanceOf(Int32Array);
    expect(Array.from(x.data)).toEqual(expected);
  });

  test.each([
    ['I64', new BigInt64Array([0n, 2n ** 31n]), '2147483648 at element 1'],
    ['I64', new BigInt64Array([-(2n ** 31n) - 1n]), '-2147483649 at element 0'],
    ['U64', new BigUint64Array([2n ** 64n - 1n]), '18446744073709551615 at element 0'],
    ['U64', new BigUint64Array([2n ** 31n]), '2147483648 at element 0'],
    ['U32', new Uint32Array([2 ** 32 - 1]), '4294967295 at element 0'],
    ['BOOL', new Uint8Array([0, 2]), '2 at element 1'],
  ] as const)('%s with %s is refused', (stored, values, got) => {
    expect(() => read(stored, values)).toThrow(got);
  });

  // Bit patterns from IEEE 754-2019, binary16.
  test('F16', () => {
    const bits = [0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555];
    const expected = [0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, -2, 65504, Infinity, -Infinity, NaN, 0.333251953125];
    const x = read('F16', new Uint16Array(bits));
    expect(x.dtype).toBe('float32');
    expect(Array.from(x.data)).toEqual(expected);
  });

  test('BF16', () => {
    const x = read('BF16', new Uint16Array([0x3f80, 0xc000, 0x7f80, 0x0000, 0x8000, 0x7fc0, 0x4049]));
    expect(Array.from(x.data)).toEqual([1, -2, Infinity, 0, -0, NaN, 3.140625]);
  });
});

describe('layout', () => {
  test("the reference's own bytes", () => {
    const header = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
    const { tensors, metadata } = parseSafetensors(file(header, bytesOf(new Float32Array([0, 1, 2, 3, 4, 5]))));
    expect(Object.keys(tensors)).toEqual(['attn.0']);
    expect(tensors['attn.0'].shape).toEqual([1, 2, 3]);
    expect(Array.from(tensors['attn.0'].data)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(metadata).toEqual({});
  });

  test('scalars, empty tensors, metadata, any order of names, unknown fields', () => {
    const header = {
      b: { dtype: 'F32', shape: [], data_offsets: [2, 6], note: 1 },
      __metadata__: { format: 'pt', 'é"\n': 'x' },
      e: { dtype: 'F64', shape: [3, 0], data_offsets: [6, 6] },
      a: { dtype: 'BOOL', shape: [2], data_offsets: [0, 2] },
    };
    const data = new Uint8Array([1, 0, 0, 0, 128, 63]);
    const { tensors, metadata } = parseSafetensors(file(header, data));
    expect(Object.keys(tensors)).toEqual(['a', 'b', 'e']);
    expect(Array.from(tensors.b.data)).toEqual([1]);
    expect(tensors.b.shape).toEqual([]);
    expect(tensors.e.data.length).toBe(0);
    expect({ ...metadata }).toEqual({ format: 'pt', 'é"\n': 'x' });
  });

  test('aligned data is a view, unaligned data a copy', () => {
    const values = bytesOf(new Float32Array([1, 2]));
    const header = JSON.stringify(one('F32', [2], 8));
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    const even = file(padded, values);
    const odd = file(`${padded} `, values);
    expect(parseSafetensors(even).tensors.x.data.buffer).toBe(even.buffer);
    expect(parseSafetensors(odd).tensors.x.data.buffer).not.toBe(odd.buffer);
    expect(Array.from(parseSafetensors(odd).tensors.x.data)).toEqual([1, 2]);
  });

  test('an ArrayBuffer, and a window of a larger one', () => {
    const bytes = file(one('I32', [1], 4), bytesOf(new Int32Array([7])));
    const wide = new Uint8Array(bytes.length + 9);
    wide.set(bytes, 5);
    expect(parseSafetensors(bytes.buffer as ArrayBuffer).tensors.x.data[0]).toBe(7);
    expect(parseSafetensors(wide.subarray(5, 5 + bytes.length)).tensors.x.data[0]).toBe(7);
  });

  test('shared memory', () => {
    const bytes = file(one('F32', [1], 4), bytesOf(new Float32Array([3])));
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    const { data } = parseSafetensors(shared).tensors.x;
    expect(data[0]).toBe(3);
    expect(data.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test('no name reaches a prototype', () => {
    const header = { constructor: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } };
    const { tensors } = parseSafetensors(file(header, 1));
    expect(tensors['constructor'].shape).toEqual([1]);
    expect(tensors.toString).toBeUndefined();
  });
});

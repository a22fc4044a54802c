import { type DType, hostArray } from '@konv/core-tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostEntry, parseSafetensors, serializeSafetensors } from '../src/index.js';
import { compareNames } from '../src/safetensors/serialize.js';

const f32 = (...values: number[]): HostEntry => ({
  dtype: 'float32',
  shape: [values.length],
  data: new Float32Array(values),
});
const header = (bytes: Uint8Array) => {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  return new TextDecoder().decode(bytes.subarray(8, 8 + length));
};

describe("the reference writer's bytes", () => {
  test('one tensor, a header that needs no padding', () => {
    const data = new Float32Array([0, 1, 2, 3, 4, 5]);
    const bytes = serializeSafetensors({ 'attn.0': { dtype: 'float32', shape: [1, 2, 3], data } });
    const text = '{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}';
    expect(bytes[0]).toBe(64);
    expect(header(bytes)).toBe(text);
    expect(bytes.subarray(72)).toEqual(new Uint8Array(data.buffer));
  });

  test('padding to 8 bytes', () => {
    const bytes = serializeSafetensors({ attn0: { dtype: 'float32', shape: [1, 1, 2, 3], data: new Float32Array(6) } });
    expect(bytes[0]).toBe(72);
    expect(header(bytes)).toBe('{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       ');
  });

  test('nothing, and metadata alone', () => {
    expect(Array.from(serializeSafetensors({}))).toEqual([8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32]);
    const bytes = serializeSafetensors({}, { framework: 'pt' });
    expect(bytes[0]).toBe(40);
    expect(header(bytes)).toBe('{"__metadata__":{"framework":"pt"}}     ');
  });

  test('dtypes by descending alignment, then names; metadata by name', () => {
    const entries: [string, HostEntry][] = [
      ['z.bool', { dtype: 'bool', shape: [1], data: new Uint8Array([1]) }],
      ['b', f32(1)],
      ['a.int', { dtype: 'int32', shape: [], data: new Int32Array([1]) }],
      ['a', f32(2)],
      ['B', f32(3)],
      ['y', { dtype: 'float64', shape: [1], data: new Float64Array([1]) }],
    ];
    const bytes = serializeSafetensors(new Map(entries), { b: '2', a: '1' });
    expect(Object.keys(JSON.parse(header(bytes)))).toEqual(['__metadata__', 'y', 'B', 'a', 'b', 'a.int', 'z.bool']);
    expect(header(bytes)).toContain('{"a":"1","b":"2"}');
    expect(serializeSafetensors(new Map(entries.reverse()), { a: '1', b: '2' })).toEqual(bytes);
  });

  test('names in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareNames('\uffff', '\u{10000}')).toBeLessThan(0);
  });
});

test('what is written is read back', () => {
  const entry = fc
    .tuple(fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool'), fc.array(fc.nat(3), { maxLength: 4 }))
    .chain(([dtype, shape]) => {
      const n = shape.reduce((a, b) => a * b, 1);
      const value = { float32: fc.float(), float64: fc.double(), int32: fc.integer(), bool: fc.nat(1) }[dtype];
      return fc.array(value, { minLength: n, maxLength: n }).map((values): HostEntry => {
        const data = hostArray(dtype, n);
        data.set(values);
        return { dtype, shape, data };
      });
    });
  const name = fc.string({ unit: 'grapheme' }).filter((s) => s !== '__proto__' && s !== '__metadata__');
  const texts = fc.dictionary(name, fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(fc.dictionary(name, entry), texts, (entries, metadata) => {
      const file = parseSafetensors(serializeSafetensors(entries, metadata));
      expect({ ...file.metadata }).toEqual({ ...metadata });
      expect(Object.keys(file.tensors).sort()).toEqual(Object.keys(entries).sort());
      for (const [key, { dtype, shape, data }] of Object.entries(entries)) {
        expect(file.tensors[key]).toMatchObject({ dtype, shape });
        expect(file.tensors[key].data).toEqual(data);
      }
    }),
    { numRuns: 300 },
  );
});

describe('what no file can hold', () => {
  const bad: [string, unknown, unknown, RegExp][] = [
    ['an array of entries', [f32(1)], undefined, /object or a Map, got an array/],
    ['null', null, undefined, /object or a Map, got null/],
    ['the reserved name', { __metadata__: f32(1) }, undefined, /other names, got "__metadata__"/],
    ['__proto__', new Map([['__proto__', f32(1)]]), undefined, /safe as a key/],
    ['half a surrogate pair', { '\ud800': f32(1) }, undefined, /well-formed/],
    ['a name that is a number', new Map([[1, f32(1)]]), undefined, /names that are strings, got number/],
    ['an entry that is null', { a: null }, undefined, /"a" to have dtype, shape and data, got null/],
    ['an unknown dtype', { a: { ...f32(1), dtype: 'int64' } }, undefined, /dtype, shape and data/],
    ['data of another dtype', { a: { ...f32(1), dtype: 'int32' } }, undefined, /int32 data of "a" in Int32Array, got Float32Array/],
    ['a shape that does not match', { a: { ...f32(1, 2), shape: [3] } }, undefined, /as many values as shape \[3\], got 2/],
    ['a negative shape', { a: { ...f32(1), shape: [-1, -1] } }, undefined, /as many values/],
    ['metadata with a number', {}, { epoch: 3 }, /metadata of strings, got number for "epoch"/],
    ['metadata with half a surrogate pair', {}, { a: '\udc00' }, /well-formed/],
  ];
  test.each(bad)('%s', (_, entries, metadata, message) => {
    const write = () => serializeSafetensors(entries as never, metadata as never);
    expect(write).toThrow(message);
    expect(write).toThrow(expect.objectContaining({ name: 'FormatError' }));
  });
});

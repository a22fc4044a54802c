import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { parseSafetensors, serializeSafetensors } from '../src/index.js';
import { fixture } from './fixture-tools.js';
import { allocated, must, mustFit, mutated, readsOrRefuses, SEED } from './fuzz-tools.js';
import { file, one } from './safetensors-bytes.js';

const two = (a: [number, number], b: [number, number]) => ({
  a: { dtype: 'F32', shape: [1], data_offsets: a },
  b: { dtype: 'F32', shape: [1], data_offsets: b },
});
const longest = 2n ** 63n;

const cases: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /at least 8 bytes.*got 0/],
  ['a file of 7 bytes', new Uint8Array(7), /at least 8 bytes.*got 7/],
  ['a header of length 0', new Uint8Array(8), /in JSON/],
  ['a header beyond the file', file('{}', 0, 3n), /a header of 3 bytes, got 2 bytes.*truncated/],
  ['a header of 2 GB', file('{}', 0, 2n ** 31n), /at most 100000000 bytes, got 2147483648/],
  ['a header of 100 MB + 1', file('{}', 0, 100_000_001n), /at most 100000000 bytes, got 100000001/],
  ['a header of 2^53 + 1', file('{}', 0, 2n ** 53n + 1n), /got 9007199254740993/],
  ['a header of 2^64 - 1', file('{}', 0, 2n * longest - 1n), /got 18446744073709551615/],
  ['a header not in UTF-8', file(new Uint8Array([0x7b, 0xff, 0x7d])), /in UTF-8/],
  ['a byte-order mark', file('\ufeff{}'), /in JSON/],
  ['text that is not JSON', file('{'), /in JSON/],
  ['two JSON values', file('{}{}'), /in JSON/],
  ['null', file('null'), /JSON object, got null/],
  ['an array', file('[]'), /JSON object, got an array of 0/],
  ['a number', file('1'), /JSON object, got 1/],
  ['a key twice', file('{"a":1,"a":2}'), /every key once, got "a" twice/],
  ['a key twice, once escaped', file('{"a":1,"\\u0061":2}'), /every key once, got "a" twice/],
  ['a field twice', file('{"a":{"dtype":"F32","dtype":"F64"}}'), /every key once, got "dtype" twice/],
  ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /"__metadata__" twice/],
  ['deep nesting', file('['.repeat(100_000)), /at most 3 levels/],
  ['__proto__ as a tensor', file('{"__proto__":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', 1), /safe as a key/],
  ['__proto__ in the metadata', file('{"__metadata__":{"__proto__":"x"}}'), /safe as a key/],
  ['half a surrogate pair in a name', file('{"\\ud800":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', 1), /well-formed/],
  ['metadata that is a list', file({ __metadata__: [] }), /object of strings, got an array/],
  ['metadata with a number', file({ __metadata__: { epoch: 3 } }), /hold strings, got 3 for "epoch"/],
  ['a tensor that is null', file({ x: null }), /"x" to be an object.*got null/],
  ['a tensor without a dtype', file({ x: { shape: [1], data_offsets: [0, 4] } }, 4), /dtype of BOOL.*got undefined/],
  ['an unknown dtype', file(one('F8_E4M3', [4], 4), 4), /dtype of BOOL.*got "F8_E4M3"/],
  ['a dtype named like a property', file(one('constructor', [4], 4), 4), /got "constructor"/],
  ['a dtype in lower case', file(one('f32', [1], 4), 4), /got "f32"/],
  ['no shape', file(one('F32', undefined, 4), 4), /shape of at most 64 sizes, got undefined/],
  ['a shape that is a number', file(one('F32', 1, 4), 4), /shape of at most 64 sizes, got 1/],
  ['65 sizes', file(one('F32', Array(65).fill(1), 4), 4), /at most 64 sizes, got an array of 65/],
  ['a negative size', file(one('F32', [-1, -1], 4), 4), /whole sizes >= 0, got shape \[-1, -1\]/],
  ['a size null (NaN in JSON)', file(one('F32', [null], 4), 4), /whole sizes >= 0, got shape \[null\]/],
  ['a size in text', file(one('F32', ['1'], 4), 4), /got shape \["1"\]/],
  ['a fraction as a size', file(one('F32', [0.5], 2), 2), /whole sizes >= 0, got shape \[0.5\]/],
  ['a size of 1e400', file('{"x":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', 4), /whole sizes >= 0/],
  ['a size NaN', file('{"x":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', 4), /in JSON/],
  ['a size of 2^53 + 1', file('{"x":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4), /whole sizes >= 0/],
  ['2^64 elements, a product that wraps to 0', file(one('F32', [2 ** 32, 2 ** 32], 0)), /2\^31 - 1 elements/],
  ['2^31 elements', file(one('BOOL', [2 ** 31], 4), 4), /2\^31 - 1 elements, got shape \[2147483648\]/],
  ['2^62 elements', file(one('BOOL', [2 ** 31 - 1, 2 ** 31 - 1], 4), 4), /2\^31 - 1 elements/],
  ['a huge size behind a 0', file(one('BOOL', [0, 2 ** 40], 0)), /2\^31 - 1 elements/],
  ['no offsets', file({ x: { dtype: 'F32', shape: [1] } }, 4), /data_offsets \[start, end\], got undefined/],
  ['three offsets', file({ x: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, 8), /got \[0, 4, 8\]/],
  ['negative offsets', file({ x: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }, 4), /got \[-4, 0\]/],
  ['offsets backwards', file({ x: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }, 4), /data_offsets \[4, 0\]/],
  ['offsets of 2^53', file('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,9007199254740993]}}', 4), /data_offsets/],
  ['data beyond the file', file(one('F32', [2], 8), 4), /"x" within the 4 bytes of data, got data_offsets \[0, 8\]/],
  ['too few bytes for the shape', file(one('F32', [2], 4), 4), /"x" F32 \[2\] to take 8 bytes, got 4/],
  ['too many bytes for the shape', file(one('F32', [], 8), 8), /"x" F32 \[\] to take 4 bytes, got 8/],
  ['overlapping ranges', file(two([0, 4], [0, 4]), 4), /to start at byte 4 of the data, got 0, an overlap/],
  ['partly overlapping ranges', file(two([0, 4], [2, 6]), 6), /to start at byte 4 of the data, got 2, an overlap/],
  ['a gap', file(two([0, 4], [5, 9]), 9), /to start at byte 4 of the data, got 5, a gap/],
  ['a gap at the start', file({ x: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, 8), /to start at byte 0/],
  ['trailing bytes', file(one('F32', [1], 4), 5), /end after byte 4 of the data, got 1 more bytes/],
  ['data without tensors', file('{}', 1), /end after byte 0 of the data, got 1 more/],
  ['not bytes', 'model.safetensors' as unknown as Uint8Array, /ArrayBuffer or Uint8Array, got string; use loadSafetensors/],
];

async function failure(bytes: Uint8Array): Promise<Error> {
  try {
    parseSafetensors(bytes, { name: 'net.safetensors' });
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

describe('bad files', () => {
  test.each(cases)('%s', async (_, bytes, message) => {
    let e = new Error('expected an error');
    // No more than a copy of the header.
    const budget = await allocated(async () => {
      e = await failure(bytes);
    });
    expect(budget).toBeLessThanOrEqual((bytes?.length ?? 0) + 64);
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
    expect(e.message).toMatch(/^\[safetensors\] net\.safetensors: expected .*, got .*; ./s);
  });

  test('a message never quotes a whole header', async () => {
    const e = await failure(file({ ['n'.repeat(1_000_000)]: 5 }));
    expect(e.message.length).toBeLessThan(500);
  });
});

describe('mutations', () => {
  const valid = serializeSafetensors(
    {
      'conv.weight': { dtype: 'float32', shape: [2, 1, 2, 2], data: new Float32Array(8).fill(0.5) },
      steps: { dtype: 'int32', shape: [], data: new Int32Array([3]) },
      mask: { dtype: 'bool', shape: [3], data: new Uint8Array([1, 0, 1]) },
    },
    { epoch: '3' },
  );

  const files = [valid, ...['lenet', 'batchnorm', 'batchnorm64', 'others'].map((name) => fixture(`${name}.safetensors`))];

  /** Refused, or read as tensors that are these bytes, in at most four times their memory and a copy of the header. */
  async function check(bytes: Uint8Array): Promise<boolean> {
    let read = false;
    const budget = await allocated(async () => {
      read = await readsOrRefuses(() => {
        const { tensors } = parseSafetensors(bytes);
        for (const t of Object.values(tensors)) mustFit(t, bytes.length);
      });
    });
    must(budget <= 6 * bytes.length + 64, `at most ${6 * bytes.length + 64} bytes`, budget);
    return read;
  }

  test('every truncation is refused', async () => {
    for (let n = 0; n < valid.length; n++) expect((await failure(valid.subarray(0, n))).name).toBe('FormatError');
    const others = fixture('others.safetensors');
    for (let n = 0; n < others.length; n += 3) must(!(await check(others.subarray(0, n))), 'a refusal', n);
  });

  test('changed, cut, spliced and crossed files', async () => {
    let read = 0;
    const property = fc.asyncProperty(mutated(files), async (bytes) => {
      if (await check(bytes)) read++;
    });
    await fc.assert(property, { numRuns: rounds(1500), seed: SEED });
    // Or the property would test refusals alone.
    expect(read).toBeGreaterThan(rounds(50));
  });

  test('any JSON as a header', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.nat(16), async (json, data) => void (await check(file(json, data)))),
      { numRuns: rounds(500), seed: SEED },
    );
  });

  test('any values in the fields', async () => {
    const number = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(0.5, 2 ** 31, 2 ** 53, null, 'F32', [1]));
    const entry = fc.record({
      dtype: fc.constantFrom('F32', 'F16', 'I64', 'BOOL', 'X', 4, null),
      shape: fc.oneof(fc.array(number, { maxLength: 3 }), number),
      data_offsets: fc.oneof(fc.array(number, { maxLength: 3 }), number),
    });
    const name = fc.oneof(fc.string(), fc.constantFrom('constructor', '__proto__', 'toString', '__metadata__'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, entry), { maxLength: 4 }), fc.nat(16), async (entries, data) => {
        const text = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
        await check(file(`{${text}}`, data));
      }),
      { numRuns: rounds(800), seed: SEED },
    );
  });
});

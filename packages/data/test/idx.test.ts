import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isKonvError } from '@konv/core-tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { parseIdx, readIdx } from '../src/index.js';
import { gz, idx } from './idx-bytes.js';

describe('types', () => {
  test.each([
    ['uint8', 0x08, [0, 255], [0, 255]],
    ['int8', 0x09, [0, 255], [0, -1]],
    ['int16', 0x0b, [0x80, 0x00, 0x01, 0x02], [-32768, 258]],
    ['int32', 0x0c, [0xff, 0xff, 0xff, 0xfe, 0, 1, 0, 0], [-2, 65536]],
    ['float32', 0x0d, [0x3f, 0xc0, 0, 0, 0xff, 0x80, 0, 0], [1.5, -Infinity]],
    ['float64', 0x0e, [0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18, 0, 0, 0, 0, 0, 0, 0, 1], [Math.PI, 5e-324]],
  ] as const)('%s', async (dtype, type, bytes, values) => {
    const file = idx(type, [2, 1], [...bytes]);
    for (const read of [parseIdx(file), await readIdx(gz(file)), await readIdx(file.buffer as ArrayBuffer)]) {
      expect(read.dtype).toBe(dtype);
      expect(read.shape).toEqual([2, 1]);
      expect(Array.from(read.data)).toEqual(values);
      expect(read.data.constructor.name.toLowerCase()).toBe(`${dtype}array`);
    }
  });

  test('no elements', async () => {
    expect(parseIdx(idx(0x08, [0, 28, 28], [])).data.length).toBe(0);
    expect((await readIdx(gz(idx(0x0d, [0], [])))).data).toEqual(new Float32Array(0));
  });

  test('a large file comes through the inflater whole', async () => {
    const data = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i) >> 3);
    const read = await readIdx(gz(idx(0x08, [3000, 1000], data)));
    expect(Buffer.compare(read.data as Uint8Array, data)).toBe(0);
  });
});

const three = idx(0x08, [3], [1, 2, 3]);
const crcOff = gz(
  idx(
    0x08,
    [2000],
    new Uint8Array(2000).map((_, i) => i * 37),
  ),
);
crcOff[crcOff.length - 8] ^= 1;
const cut = gz(
  idx(
    0x08,
    [2000],
    new Uint8Array(2000).map((_, i) => i * 37),
  ),
);

const plain: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /an IDX header, got 0 bytes; the file is truncated/],
  ['three bytes', three.subarray(0, 3), /an IDX header, got 3 bytes/],
  ['a cut header', three.subarray(0, 7), /an IDX header, got 7 bytes/],
  ['missing data', three.subarray(0, 10), /11 bytes for uint8 \[3\], got 10; the file is truncated/],
  ['trailing bytes', idx(0x08, [3], [1, 2, 3, 4]), /11 bytes for uint8 \[3\], got 12; there are trailing bytes/],
  ['another magic', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0), /an IDX file .*, got 89 50 4e 47/],
  ['a web page', new TextEncoder().encode('<!doctype html>'), /got 3c 21 64 6f; check that this is the right file/],
  ['an unknown type', idx(0x0a, [1], [0]), /got 00 00 0a 01/],
  ['rank 0', idx(0x08, [], [0]), /a rank above 0\), got 00 00 08 00/],
  ['2^31 elements', idx(0x08, [2 ** 31], []), /2\^31 - 1 elements, got shape \[2147483648\]/],
  ['2^32 - 1 squared', idx(0x08, [2 ** 32 - 1, 2 ** 32 - 1], []), /2\^31 - 1 elements/],
  ['a product beyond 2^53', idx(0x08, [2 ** 20, 2 ** 20, 2 ** 20], []), /2\^31 - 1 elements/],
  ['a product beyond all numbers, times 0', idx(0x08, [...Array(60).fill(2 ** 31 - 1), 0], []), /2\^31 - 1 elements/],
  ['a large size behind a 0', idx(0x08, [0, 2 ** 31], []), /2\^31 - 1 elements/],
];

const packed: [string, Uint8Array, RegExp][] = [
  ['gzip of nothing', gz(new Uint8Array(0)), /a header and its bytes, got 0; the file is truncated/],
  ['gzip of a cut file', gz(three.subarray(0, 10)), /11 bytes, got 10; the file is truncated/],
  ['gzip of a cut header', gz(three.subarray(0, 6)), /a header and its bytes, got 6/],
  ['gzip of another format', gz(new TextEncoder().encode('hello')), /an IDX file .*, got 68 65 6c 6c/],
  ['gzip of a few trailing bytes', gz(idx(0x08, [3], [1, 2, 3, 4])), /11 bytes, got more; there are trailing bytes/],
  ['a cut gzip stream', cut.subarray(0, cut.length >> 1), /a whole gzip file, got .*truncated or corrupt/],
  ['a gzip stream without its checksum', cut.subarray(0, cut.length - 8), /a whole gzip file/],
  ['a wrong checksum', crcOff, /a whole gzip file, got .*truncated or corrupt/],
  ['a gzip header alone', Uint8Array.of(0x1f, 0x8b), /a whole gzip file/],
  ['gzip with an unknown method', Uint8Array.of(0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0), /a whole gzip file/],
  ['2 GB announced in 30 bytes', gz(idx(0x08, [2 ** 31 - 1], [1])), /2147483655 bytes, got \d+ of gzip, which cannot hold/],
  ['a bomb of 64 MB behind a header of 3 bytes', gz(idx(0x08, [3], new Uint8Array(64 << 20))), /11 bytes, got more/],
];

async function failure(read: () => unknown): Promise<Error> {
  try {
    await read();
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

describe('bad files', () => {
  test.each(plain)('%s', async (_, bytes, message) => {
    for (const read of [() => parseIdx(bytes, { name: 'x.idx' }), () => readIdx(new File([bytes as any], 'x.idx'))]) {
      const e = await failure(read);
      expect(e.name).toBe('FormatError');
      expect(e.message).toMatch(message);
      expect(e.message).toMatch(/^\[idx\] x\.idx: expected .*, got .*; ./);
    }
  });

  test.each(packed)('%s', async (_, bytes, message) => {
    const started = performance.now();
    const e = await failure(() => readIdx(new File([bytes as any], 'x.gz')));
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
    expect(e.message).toMatch(/^\[idx\] x\.gz: /);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test('parseIdx names readIdx for gzip, and for what is no bytes', async () => {
    expect(() => parseIdx(gz(three))).toThrow(/expected an IDX file, got gzip; use await readIdx/);
    expect(() => parseIdx('train.idx' as any)).toThrow(/got string; use await readIdx/);
    expect((await failure(() => readIdx(5 as any))).message).toMatch(/\[readIdx\] expected a path, URL.*got number/);
  });

  test('mutated bytes are read or refused', async () => {
    const valid = [idx(0x0c, [2, 3], new Uint8Array(24).fill(9)), gz(idx(0x0c, [2, 3], new Uint8Array(24).fill(9)))];
    const edit = fc.tuple(fc.nat(43), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.array(edit, { minLength: 1, maxLength: 5 }), async (which, edits) => {
        const bytes = valid[which].slice();
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          const { data, shape } = await readIdx(bytes);
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        } catch (e) {
          if (!isKonvError(e)) throw e;
          expect(e.name).toBe('FormatError');
        }
      }),
      { numRuns: rounds(1000) },
    );
  });
});

describe('sources', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'konv-idx-'));
    await writeFile(join(folder, 'three.gz'), gz(three));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('path, file URL as text and as an object, Blob, Response, data URL', async () => {
    const path = join(folder, 'three.gz');
    const base64 = Buffer.from(three).toString('base64');
    const sources = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      new Blob([three as any]),
      new Response(three as any),
      `data:application/octet-stream;base64,${base64}`,
    ];
    for (const source of sources) expect(Array.from((await readIdx(source)).data)).toEqual([1, 2, 3]);
  });

  test('what cannot be read is named', async () => {
    const missing = join(folder, 'missing');
    const e = await failure(() => readIdx(missing));
    expect(e.name).toBe('FormatError');
    expect(e.message).toContain(`expected a readable file at "${missing}", got ENOENT`);
    expect((await failure(() => readIdx(folder))).message).toContain('got EISDIR');
    expect((await failure(() => readIdx(new Response('', { status: 404 })))).message).toContain('got status 404');
    expect((await failure(() => readIdx('http://127.0.0.1:1/x'))).message).toContain('expected an answer from http://127.0.0.1:1/x');
  });
});

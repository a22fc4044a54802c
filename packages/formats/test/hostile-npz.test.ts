import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { parseNpz, serializeNpy } from '../src/index.js';
import { crc32 } from '../src/npz/crc32.js';
import { failure, fromBase64, numpy } from './fixture-tools.js';
import { allocated, must, mustFit, mutated, readsOrRefuses, SEED } from './fuzz-tools.js';
import { type Archive, descriptor, wide, zip, type ZipFile } from './zip-bytes.js';

const array = (...values: number[]): Uint8Array =>
  serializeNpy({ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) });
const plain = array(1, 2);
const zeros = serializeNpy({ dtype: 'float32', shape: [4096], data: new Float32Array(4096) });
const packed = new Uint8Array(deflateRawSync(plain));
const crc = crc32(plain);
const zerosCrc = crc32(zeros);
const a: ZipFile = { name: 'a.npy', plain };
const b: ZipFile = { name: 'b.npy', plain };
const one = (file: Partial<ZipFile>, archive?: Archive): Uint8Array => zip([{ ...a, ...file }], archive);
const deflated = (file: Partial<ZipFile> = {}): Uint8Array => one({ method: 8, ...file });
const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const FULL = 0xffffffff;
/** Where the directory of an archive of `a` alone begins. */
const directory = 30 + 5 + plain.length;

/** A header that says `n` float32, in front of whatever. */
function claiming(n: number): Uint8Array {
  const out = array(0);
  const at = String.fromCharCode(...out).indexOf('(1,)');
  out.set(text(`(${n},), }`), at);
  return out;
}

describe('archives of every shape that are read', () => {
  const values = { size: plain.length, packed: plain.length, crc };
  const read: [string, Uint8Array][] = [
    ['plain', one({})],
    ['deflated', deflated()],
    ['a comment', one({}, { comment: text('PK\u0005\u0006 and more') })],
    ['a comment of 64 KiB', one({}, { comment: new Uint8Array(65_535) })],
    [
      '64-bit sizes in the header only, as Python has them since 3.11.4',
      one({ local: { size: FULL, packedSize: FULL, extra: wide(136n, 136n) } }),
    ],
    ['64-bit sizes beside 32-bit ones, as before', one({ local: { extra: wide(136n, 136n) } })],
    [
      '64-bit sizes in the directory',
      one({ size: FULL, packedSize: FULL, extra: wide(136n, 136n), local: { size: 136, packedSize: 136 } }),
    ],
    ['a 64-bit place', one({ offset: FULL, extra: wide(0n) })],
    ['64-bit end records', one({}, { wide: {} })],
    ['other extra fields', one({ extra: Uint8Array.of(9, 9, 1, 0, 7), local: { extra: Uint8Array.of(9, 9, 0, 0) } })],
    ...[true, false].flatMap((signed) =>
      [true, false].map((sizes64): [string, Uint8Array] => [
        `a descriptor, signed ${signed}, 64-bit ${sizes64}`,
        one({ flags: 8, local: { crc: 0, size: 0, packedSize: 0 }, after: descriptor(values, signed, sizes64) }),
      ]),
    ),
  ];
  test.each(read)('%s', async (_, bytes) => {
    const got = await parseNpz(bytes);
    expect(Object.keys(got)).toEqual(['a']);
    expect(Array.from(got.a.data)).toEqual([1, 2]);
  });

  test('without the .npy in the name, and in the order of the directory', async () => {
    expect(Object.keys(await parseNpz(zip([b, { ...a, name: 'a' }])))).toEqual(['b', 'a']);
  });
});

const swapped = zip([
  { ...a, offset: directory },
  { ...b, offset: 0 },
]);

const cases: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /a ZIP archive's end record, got none in 0 bytes; this is probably no .npz file/],
  ['an .npy file', plain, /end record, got none in 136 bytes; this is probably no/],
  ['64 KiB of nothing', new Uint8Array(70_000), /end record, got none in 70000 bytes/],
  ['an archive cut off', one({}).subarray(0, -1), /end record, got none in \d+ bytes; the file is truncated/],
  ['bytes behind the archive', Uint8Array.from([...one({}), 0]), /end record, got none/],
  ['bytes in front of it', one({}, { before: text('#!/bin/sh\n') }), /"a.npy" to start at byte 0, got 10, a gap/],
  ['a gap between files', zip([{ ...a, after: new Uint8Array(5) }, b]), /"b.npy" to start at byte 171, got 176, a gap/],
  ['a gap in front of the directory', one({}, { gap: new Uint8Array(3) }), /the directory at byte 171, got byte 174, a gap/],
  ['two files in one place', zip([a, { ...b, offset: 0 }]), /"b.npy" to start at byte 171, got 0, an overlap/],
  ['two that overlap', zip([a, { ...b, offset: 40 }]), /"b.npy" to start at byte 171, got 40, an overlap/],
  ['two that change places', swapped, /the header of "b.npy", got one of another name/],
  ['a file that runs into the next', zip([{ ...a, packedSize: 200, size: 200 }, b]), /"b.npy" to start at byte 235, got 171, an overlap/],
  [
    'a file that runs into the directory',
    one({ packedSize: 137, size: 137 }),
    /"a.npy" to end before the directory at byte 171, got byte 172/,
  ],
  ['a place beyond the file', one({ offset: 2 ** 31 }), /"a.npy" to start at byte 0, got 2147483648, a gap/],
  [
    'a place of 2^53 + 1',
    one({ offset: FULL, extra: wide(2n ** 53n + 1n) }),
    /a place of "a.npy" that a file of .* can hold, got 9007199254740993/,
  ],
  [
    'a size of 2^64 - 1',
    one({ size: FULL, extra: wide(2n ** 64n - 1n) }),
    /a size of "a.npy" that a file of .* can hold, got 18446744073709551615/,
  ],
  ['64-bit sizes that are not there', one({ size: FULL, packedSize: FULL }), /a size of "a.npy" of 64 bits in an extra field, got none/],
  [
    'one of two 64-bit sizes',
    one({ size: FULL, packedSize: FULL, extra: wide(136n) }),
    /a packed size of "a.npy" of 64 bits in an extra field, got none/,
  ],
  ['64-bit sizes twice', one({ extra: Uint8Array.from([...wide(1n), ...wide(1n)]), size: FULL }), /sizes of 64 bits once, got twice/],
  ['an extra field beyond its place', one({ extra: Uint8Array.of(1, 0, 200, 0), size: FULL }), /extra fields that fit in their place/],
  ['half an extra field', one({ extra: Uint8Array.of(1, 0, 0), size: FULL }), /extra fields that fit in their place/],
  ['more files than the directory has', one({}, { count: 2 }), /a directory of 2 files, got 51 bytes/],
  ['fewer files', zip([a, b], { count: 1 }), /a directory of 1 files to end at byte \d+, got byte/],
  ['60000 files', one({}, { count: 60_000 }), /a directory of 60000 files, got 51 bytes/],
  ['a directory of another size', one({}, { size: 50 }), /the directory to end at byte 222, got 50 bytes from byte 171/],
  ['a directory beyond the file', one({}, { offset: 2 ** 31 }), /the directory to end at byte 222, got 51 bytes from byte 2147483648/],
  ['a directory of 4 GiB', one({}, { size: FULL - 1 }), /got 4294967294 bytes from byte 171/],
  ['64-bit records that are not there', one({}, { offset: FULL }), /the locator of a 64-bit end record at byte 202, got 0x/],
  ['a 64-bit end record elsewhere', one({}, { wide: { place: 3n } }), /a 64-bit end record at byte 3, got 0x/],
  [
    'a 64-bit end record beyond the file',
    one({}, { wide: { place: 2n ** 53n } }),
    /the place of the 64-bit end record that a file of .* got 9007199254740992/,
  ],
  [
    '2^64 - 1 files',
    one({}, { wide: { count: 2n ** 64n - 1n } }),
    /a number of files that a file of .* can hold, got 18446744073709551615/,
  ],
  ['a 64-bit place of the directory', one({}, { wide: { offset: 2n ** 63n } }), /a place of the directory that a file of .* can hold/],
  ['a 64-bit archive in parts', one({}, { wide: { here: 0n } }), /an archive in one part, got several/],
  ['an archive in parts', one({}, { disk: 1 }), /an archive in one part, got part 1/],
  ['a file in another part', one({ disk: 3 }), /an archive in one part, got "a.npy" in part 3/],
  ['an encrypted file', one({ flags: 1 }), /"a.npy" to be open, got an encrypted file; save the arrays anew/],
  ['LZMA', one({ method: 14 }), /"a.npy" to be stored or deflated, got method 14/],
  ['one name twice', zip([a, a]), /every name once, got "a.npy" twice/],
  ['one name with and without .npy', zip([a, { ...a, name: 'a' }]), /every name once, got "a" with and without .npy/],
  ['__proto__', one({ name: '__proto__.npy' }), /a name that is safe as a key, got "__proto__"/],
  ['a bare __proto__', one({ name: '__proto__' }), /a name that is safe as a key, got "__proto__"/],
  ['a name in a code page', one({ name: Uint8Array.of(0x81, 0x2e) }), /names in ASCII or UTF-8, got other bytes/],
  ['a name that is no UTF-8', one({ name: Uint8Array.of(0xff, 0xfe), flags: 0x800 }), /names in ASCII or UTF-8, got other bytes/],
  [
    'a name of 60000 letters, twice',
    zip([
      { ...a, name: 'x'.repeat(60_000) },
      { ...b, name: 'x'.repeat(60_000) },
    ]),
    /every name once, got "x{59}\.\.\. twice/,
  ],
  ['another name in the header', one({ local: { name: 'b.npy' } }), /the header of "a.npy", got one of another name/],
  ['a name beyond the directory', one({ local: { name: 'a'.repeat(300) } }), /the header of "a.npy", got one of another name/],
  ['another method in the header', one({ local: { method: 8 } }), /method 0 of "a.npy" as in the directory, got 8 in its header/],
  ['other flags in the header', one({ local: { flags: 8 } }), /flags 0 of "a.npy" as in the directory, got 8/],
  ['another checksum in the header', one({ local: { crc: 5 } }), /checksum \d+ of "a.npy" as in the directory, got 5/],
  ['another size in the header', one({ local: { size: 5 } }), /size 136 of "a.npy" as in the directory, got 5/],
  [
    'another 64-bit size in the header',
    one({ local: { size: FULL, extra: wide(135n) } }),
    /size 136 of "a.npy" as in the directory, got 135/,
  ],
  ['another packed size in the header', one({ local: { packedSize: 5 } }), /packed size 136 of "a.npy" as in the directory, got 5/],
  ['no descriptor', one({ flags: 8 }), /a data descriptor after "a.npy", as in the directory, got another/],
  [
    'a wrong descriptor',
    one({ flags: 8, after: descriptor({ crc, packed: 136, size: 135 }, true, false) }),
    /a data descriptor after "a.npy"/,
  ],
  ['a stored size that is not the packed one', one({ size: 135 }), /"a": expected 135 stored bytes, got 136/],
  ['a wrong checksum', one({ crc: 5 }), /"a": expected a checksum of 0x00000005, got 0x/],
  ['a wrong checksum of a deflated file', deflated({ crc: 5 }), /"a": expected a checksum of 0x00000005, got 0x/],
  [
    'a file that is no array',
    one({ name: 'README', plain: text('hello, world') }),
    /"README": expected the mark \\x93NUMPY at the start, got 104 as byte 0/,
  ],
  ['a folder', one({ name: 'dir/', plain: new Uint8Array(0) }), /"dir\/": expected the mark .*, got 0 bytes/],
  ['an archive in an archive', one({ plain: one({}) }), /"a": expected the mark .*, got 80 as byte 0/],
  ['a deflated file that is no array', deflated({ plain: new Uint8Array(50_000) }), /"a": expected the mark .*, got 0 as byte 0/],
  ['an array that is cut off', one({ plain: plain.subarray(0, 130) }), /"a": expected 8 bytes of data for '<f4' \[2\], got 2/],
  [
    'a deflated array of another size',
    deflated({ plain: zeros, size: zeros.length - 4 }),
    /"a": expected an array of 16508 bytes, as in the directory, got one of 16512|expected 16508 bytes, got more/,
  ],
  [
    'a deflated array that is cut off',
    deflated({ plain: zeros.subarray(0, 50) }),
    /"a": expected a header that ends at byte 128, got a file of 50 bytes/,
  ],
  [
    'less than the directory says',
    deflated({ plain, size: 137 }),
    /"a": expected an array of 137 bytes, as in the directory, got one of 136/,
  ],
  ['more than the directory says', deflated({ plain, size: 100 }), /"a": expected 100 bytes, got more/],
  ['no DEFLATE at all', deflated({ packed: text('not compressed at all') }), /"a": expected a whole DEFLATE stream, got/],
  ['a DEFLATE stream cut off', deflated({ packed: packed.subarray(0, -3) }), /"a": expected (a whole DEFLATE stream|136 bytes), got/],
  ['an empty DEFLATE stream', deflated({ packed: new Uint8Array(0), size: 0 }), /"a": expected/],
  [
    '2^31 bytes out of 100',
    deflated({ size: 2 ** 31 - 1 }),
    /at most 1073741824 bytes when inflated, got 2147483647; pass a greater maxBytes/,
  ],
  ['10 MB out of 100', deflated({ size: 10_000_000 }), /"a": expected 10000000 bytes, got \d+ of DEFLATE, which cannot hold them/],
];

describe('bad archives', () => {
  test.each(cases)('%s', async (_, bytes, message) => {
    let e = new Error('expected an error');
    const started = performance.now();
    const budget = await allocated(async () => {
      e = await failure(() => parseNpz(bytes, { name: 'x.npz' }));
    });
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
    expect(e.message).toMatch(/^\[npz\] x\.npz: .*expected .*, got .*; ./s);
    expect(e.message.length).toBeLessThan(500);
    // The streams of the platform have buffers of their own.
    expect(budget).toBeLessThan(300_000);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('not bytes', async () => {
    expect((await failure(() => parseNpz('x.npz' as any))).message).toMatch(/an ArrayBuffer or Uint8Array, got string; use loadNpz/);
  });
});

describe('bombs', () => {
  // 64 MB of zeros in 64 KB, behind a header: 1000 times its size.
  const body = new Uint8Array(64_000_000);
  const bomb = (n: number): Uint8Array => {
    const head = claiming(n);
    body.set(head);
    return deflateRawSync(body, { level: 9 });
  };
  const honest = bomb((64_000_000 - 128) / 4);
  const small = bomb(25);

  async function refused(file: Partial<ZipFile>, message: RegExp, most: number): Promise<void> {
    const bytes = deflated({ plain: body.subarray(0, 1), crc: 1, ...file });
    let e = new Error();
    const budget = await allocated(async () => {
      e = await failure(() => parseNpz(bytes));
    });
    expect(e.message).toMatch(message);
    expect(budget).toBeLessThan(most);
  }

  test('more than it says: left at the first byte too many', async () => {
    await refused({ packed: small, size: 228 }, /"a": expected 228 bytes, got more/, 1_000_000);
  });
  test('the directory says all, the array little', async () => {
    await refused({ packed: small, size: 64_000_000 }, /an array of 64000000 bytes, as in the directory, got one of 228/, 1_000_000);
  });
  test('the array says more than the stream can hold', async () => {
    await refused(
      { packed: honest.subarray(0, 1000), size: 64_000_000 },
      /64000000 bytes, got 1000 of DEFLATE, which cannot hold them/,
      300_000,
    );
  });
  test('both say all, beyond what is allowed', async () => {
    const e = await failure(() =>
      parseNpz(deflated({ packed: honest, plain: body.subarray(0, 1), size: 64_000_000 }), { maxBytes: 10 ** 6 }),
    );
    expect(e.message).toMatch(/at most 1000000 bytes when inflated, got 64000000/);
  });
  test('many files together, beyond what is allowed', async () => {
    const files = Array.from({ length: 20 }, (_, k): ZipFile => ({ name: `${k}`, plain: zeros, method: 8 }));
    expect(Object.keys(await parseNpz(zip(files), { maxBytes: 20 * zeros.length })).length).toBe(20);
    expect((await failure(() => parseNpz(zip(files), { maxBytes: 20 * zeros.length - 1 }))).message).toMatch(
      /at most \d+ bytes when inflated/,
    );
  });
});

describe('mutations', () => {
  const valid = [...numpy.archives.filter((x) => x.name !== 'large').map((x) => fromBase64(x.bytes)), zip([a, b]), one({}, { wide: {} })];

  /** Refused, or read as arrays that fit in the file. */
  async function check(bytes: Uint8Array): Promise<boolean> {
    let read = false;
    const budget = await allocated(async () => {
      read = await readsOrRefuses(async () => {
        for (const x of Object.values(await parseNpz(bytes, { maxBytes: 100_000 }))) mustFit(x, 100_000);
      });
    });
    // u1 as int32 in Fortran order is eight times itself; then what is inflated, and the platform's buffers.
    const most = 8 * (bytes.length + 100_000) + 1_000_000;
    must(budget < most, `less than ${most} bytes`, budget);
    return read;
  }

  test('every truncation is refused', async () => {
    for (const bytes of [zip([a, { ...b, method: 8 }]), one({}, { wide: {}, comment: text('x') })]) {
      for (let n = 0; n < bytes.length; n++) must(!(await check(bytes.subarray(0, n))), 'a refusal', n);
    }
  });

  test('every single bit of an archive', async () => {
    const bytes = zip([{ ...a, plain: array(1) }]);
    for (let i = 0; i < bytes.length * 8; i++) {
      const changed = bytes.slice();
      changed[i >> 3] ^= 1 << (i & 7);
      await check(changed);
    }
  });

  test('changed, cut, spliced and crossed files', async () => {
    let read = 0;
    const property = fc.asyncProperty(mutated(valid), async (bytes) => {
      if (await check(bytes)) read++;
    });
    await fc.assert(property, { numRuns: rounds(1000), seed: SEED });
    expect(read).toBeGreaterThan(10);
  });

  test('changed DEFLATE streams', async () => {
    const streams = [packed, new Uint8Array(deflateRawSync(zeros)), new Uint8Array(deflateRawSync(plain, { level: 0 }))];
    await fc.assert(
      fc.asyncProperty(mutated(streams), fc.constantFrom(plain, zeros), async (stream, of) => {
        // With the right checksum nothing but the array itself may come out.
        const file = deflated({ packed: stream, plain: of, crc: of === plain ? crc : zerosCrc });
        await readsOrRefuses(async () => {
          const { a: got } = await parseNpz(file, { maxBytes: 100_000 });
          must(
            got.data.every((v, i) => v === (of === plain ? i + 1 : 0)),
            'the array itself',
            got.data,
          );
        });
      }),
      { numRuns: rounds(300), seed: SEED },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { parseNpy, serializeNpy } from '../src/index.js';
import { failure, fromBase64, numpy } from './fixture-tools.js';
import { allocated, must, mustFit, mutated, readsOrRefuses, SEED } from './fuzz-tools.js';

/** A file of a header text and `data` bytes, without any check. */
function file(header: string, data = 0, { version = [1, 0], length }: { version?: number[]; length?: number } = {}): Uint8Array {
  const text = new TextEncoder().encode(header);
  const head = version[0] === 1 ? 10 : 12;
  const out = new Uint8Array(head + text.length + data);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, ...version]);
  const view = new DataView(out.buffer);
  if (head === 10) view.setUint16(8, length ?? text.length, true);
  else view.setUint32(8, length ?? text.length, true);
  out.set(text, head);
  return out;
}
const shaped = (shape: string, data = 0): Uint8Array => file(`{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }\n`, data);
const typed = (descr: string, data = 4): Uint8Array => file(`{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }\n`, data);
const good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";

const cases: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /the mark \\x93NUMPY at the start, got 0 bytes/],
  ['half of the mark', Uint8Array.of(0x93, 0x4e), /the mark .*, got 2 bytes/],
  [
    'another mark',
    new TextEncoder().encode('PK\u0003\u0004 something else'),
    /the mark .*, got 80 as byte 0; this is probably no .npy file/,
  ],
  ['nothing but the mark', Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59), /at least 12 bytes, got 6/],
  ['version 0.0', file(good, 4, { version: [0, 0] }), /version 1.0, 2.0 or 3.0, got 0.0/],
  ['version 1.1', file(good, 4, { version: [1, 1] }), /got 1.1/],
  ['version 4.0', file(good, 4, { version: [4, 0] }), /got 4.0/],
  [
    'a header beyond the file',
    file(good, 0, { length: 4000 }),
    /a header that ends at byte 4010, got a file of 67 bytes; the file is truncated/,
  ],
  ['a header of 64 KiB', file(good, 4, { length: 65_535 }), /at most 10000 bytes, got 65535/],
  ['a header of 2 GB', file(good, 4, { version: [2, 0], length: 2 ** 31 }), /at most 10000 bytes, got 2147483648/],
  ['a header of 4 GB', file(good, 4, { version: [3, 0], length: 2 ** 32 - 1 }), /got 4294967295/],
  ['an empty header', file(' '.repeat(20)), /'\{' in the header, got its end/],
  ['JSON', file('{"descr": "<f4", "fortran_order": false, "shape": [1]}'), /fortran_order True or False in the header, got false/],
  ['a list', file('[1, 2, 3, 4, 5, 6]'), /'\{' in the header, got "\[1, 2/],
  ['a call', file("__import__('os').system('true')"), /'\{' in the header, got "__import__/],
  ['a call as a value', typed("__import__('os')"), /a dtype in quotes in the header, got "__import__/],
  ['no key', file("{'descr': '<f4', 'shape': (), }   "), /'fortran_order' in the header, got none/],
  ['no keys', file('{}                  '), /'descr' in the header, got none/],
  ['another key', file(`${good.slice(0, -1)}'x': 1}`), /the keys descr, fortran_order and shape, got 'x'/],
  ['__proto__', file(`{'__proto__': {'x': 1}, ${good.slice(1)}`), /the keys descr, fortran_order and shape, got '__proto__'/],
  ['a key twice', file(`{'shape': (2,), ${good.slice(1)}`, 4), /every key of the header once, got 'shape' twice/],
  ['two dictionaries', file(good + good, 4), /nothing after the braces in the header, got "\{'descr/],
  ['no comma', file("{'descr': '<f4' 'fortran_order': True}"), /'\}' in the header, got "'fortran/],
  ['an open end', file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,"), /a whole size in the header, got its end/],
  ['an open text', file("{'descr': '<f4, 'fortran_order"), /got/],
  ['an escape in a text', typed("'\\x3cf4'"), /a dtype in quotes/],
  ['bytes that are no ASCII', typed("'<f4\u00e9'"), /a dtype of b1, u1/],
  ['deep nesting', file('{'.repeat(9_000)), /a key in quotes in the header, got "\{\{/],
  ['a deep tuple', shaped('('.repeat(9_000)), /a whole size in the header, got "\(\(/],
  ['a shape that is a number', shaped('3', 12), /'\(' in the header, got "3/],
  ['a shape in parentheses', shaped('(3)', 12), /a tuple as the shape, got \(3\)/],
  ['a list as the shape', shaped('[3]', 12), /'\(' in the header, got "\[3\]/],
  ['sizes without a comma', shaped('(3 3)', 36), /'\)' in the header, got "3\)/],
  ['only a comma', shaped('(,)', 4), /a whole size in the header, got ",\)/],
  ['a negative size', shaped('(-1, -1)', 4), /whole sizes >= 0, got shape \[-1, -1\]/],
  ['a fraction as a size', shaped('(0.5,)', 2), /'\)' in the header, got ".5/],
  ['a size of 1e3', shaped('(1e3,)', 4000), /'\)' in the header, got "e3/],
  ['a size of nan', shaped('(nan,)', 4), /a whole size in the header, got "nan/],
  ['True as a size', shaped('(True,)', 4), /a whole size in the header, got "True/],
  ['an expression as a size', shaped('(2**31,)', 4), /'\)' in the header, got "\*\*31/],
  ['a size with a leading 0', shaped('(07,)', 28), /'\)' in the header, got "7/],
  ['2^31 elements', shaped('(2147483648,)', 4), /at most 2\^31 - 1 elements, got shape \[2147483648\]/],
  ['2^32 elements in two sizes', shaped('(65536, 65536)', 4), /at most 2\^31 - 1 elements/],
  ['2^53 + 1 elements', shaped('(9007199254740993,)', 4), /whole sizes >= 0, got shape \[9007199254740992\]/],
  ['2^64 elements, a product that wraps to 0', shaped('(4294967296, 4294967296)'), /at most 2\^31 - 1 elements/],
  ['a size of 400 digits', shaped(`(${'9'.repeat(400)},)`), /whole sizes >= 0, got shape \[Infinity\]/],
  ['a huge size behind a 0', shaped('(0, 1099511627776)'), /at most 2\^31 - 1 elements/],
  ['65 sizes', shaped(`(${'1, '.repeat(65)})`, 4), /a shape of at most 64 sizes, got more/],
  ['3000 sizes', shaped(`(${'1, '.repeat(3000)})`, 4), /at most 64 sizes/],
  ['data beyond the file', shaped('(2147483647,)', 4), /8589934588 bytes of data for '<f4' \[2147483647\], got 4; the file is truncated/],
  ['too little data', shaped('(2,)', 7), /8 bytes of data for '<f4' \[2\], got 7/],
  ['too much data', shaped('()', 5), /4 bytes of data for '<f4' \[\], got 5; there are trailing bytes/],
  ['a dtype without a byte order', typed("'f4'"), /a dtype of b1, u1, .* with its byte order, got 'f4'/],
  ['the order of the machine', typed("'=f4'"), /got '=f4'/],
  ['no order for several bytes', typed("'|f4'"), /got '\|f4'/],
  ['an unknown dtype', typed("'<f3'"), /got '<f3'/],
  ['an empty dtype', typed("''"), /got ''/],
  ['a dtype named like a property', typed("'<constructor'"), /got '<constructor', complex|got '<constructor'/],
  ['a dtype of __proto__', typed("'<__proto__'"), /got '<__proto__'/],
  ['a long dtype', typed(`'<${'x'.repeat(5000)}'`), /got '<x{19}\.\.\.'/],
  ['fields', typed("[('a', '<f4')]"), /one dtype, got a structured one with fields; save each field/],
  ['a bool that is 2', Uint8Array.from([...typed("'|b1'", 0), 2]), /'\|b1' to hold bools as bytes 0 or 1, got 2 at element 0/],
];

describe('bad files', () => {
  test.each(cases)('%s', async (_, bytes, message) => {
    let e = new Error('expected an error');
    const budget = await allocated(async () => {
      e = await failure(() => parseNpy(bytes, { name: 'x.npy' }));
    });
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
    expect(e.message).toMatch(/^\[npy\] x\.npy: expected .*, got .*; ./s);
    expect(e.message.length).toBeLessThan(500);
    expect(budget).toBeLessThanOrEqual(64);
  });

  test('not bytes', () => {
    expect(() => parseNpy('x.npy' as any)).toThrow(/an ArrayBuffer or Uint8Array, got string; use loadNpy for paths and URLs/);
    expect(() => parseNpy(null as any)).toThrow(/got null/);
  });

  test('what NumPy reads, too: any order of keys, both quotes, no last comma, the L of Python 2', () => {
    const odd = file(`{ "shape":(2L,1),'fortran_order' : True,"descr":'>i2'}\n\n`, 4);
    odd.set([0, 7, 255, 255], odd.length - 4);
    expect(parseNpy(odd)).toEqual({ dtype: 'int32', shape: [2, 1], data: Int32Array.of(7, -1), stored: '>i2' });
    expect(parseNpy(shaped('(-0,)')).shape).toEqual([0]);
  });
});

test('the budget sees every array', async () => {
  const bytes = serializeNpy({ dtype: 'bool', shape: [100], data: new Uint8Array(100) });
  bytes.set([0x75], String.fromCharCode(...bytes).indexOf('b1'));
  expect(await allocated(() => parseNpy(bytes))).toBe(400);
  expect(await allocated(() => [new Uint8Array(10), new Float64Array([1, 2]), new Uint8Array(5).slice(2)])).toBe(10 + 16 + 5 + 3);
  expect(await allocated(() => failure(() => new Uint8Array(2 ** 50)))).toBe(2 ** 50);
});

describe('mutations', () => {
  const chosen = numpy.arrays.filter((c) => /^(.f4|.i8|\|b1|.f2|.u1)|rank|scalar|empty/.test(c.name)).map((c) => fromBase64(c.bytes));
  const valid = [...chosen, serializeNpy({ dtype: 'int32', shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) })];

  /** Refused, or read as what its own header says, in at most as much memory as the widest dtype takes. */
  async function check(bytes: Uint8Array): Promise<boolean> {
    let read = false;
    const budget = await allocated(async () => {
      read = await readsOrRefuses(() => {
        mustFit(parseNpy(bytes), bytes.length);
      });
    });
    must(budget <= 8 * bytes.length + 64, `at most ${8 * bytes.length + 64} bytes`, budget);
    return read;
  }

  test('every truncation is refused', async () => {
    for (const bytes of valid.slice(0, 8)) {
      for (let n = 0; n < bytes.length; n++) must(!(await check(bytes.subarray(0, n))), 'a refusal', n);
    }
  });

  test('changed, cut, spliced and crossed files', async () => {
    let read = 0;
    const property = fc.asyncProperty(mutated(valid), async (bytes) => {
      if (await check(bytes)) read++;
    });
    await fc.assert(property, { numRuns: rounds(2000), seed: SEED });
    // Or the property would test refusals alone.
    expect(read).toBeGreaterThan(30);
  });

  test('any fields in a header', async () => {
    const size = fc.oneof(
      fc.integer({ min: -2, max: 9 }).map(String),
      fc.constantFrom('2147483648', '9007199254740993', '1e9', 'nan', '(', 'True'),
    );
    const shape = fc.array(size, { maxLength: 5 }).map((s) => `(${s.join(', ')}${s.length === 1 ? ',' : ''})`);
    const descr = fc.oneof(fc.constantFrom('<f4', '>f8', '|b1', '<i8', '|O', '<c8', '>u2', ''), fc.string({ maxLength: 4 }));
    const order = fc.constantFrom('True', 'False', 'None', '1');
    const header = fc.tuple(descr, order, shape).map(([d, f, s]) => `{'descr': '${d}', 'fortran_order': ${f}, 'shape': ${s}, }`);
    await fc.assert(
      fc.asyncProperty(header, fc.nat(40), async (text, data) => void (await check(file(text, data)))),
      { numRuns: rounds(1000), seed: SEED },
    );
  });
});

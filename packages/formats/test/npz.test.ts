import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuJs } from '@konv/backend-cpu-js';
import { memory, registerBackend, tensor, zeros } from '@konv/core-tensor';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HostEntry, loadNpz, parseNpz, saveNpz, serializeNpz, writeNpz } from '../src/index.js';
import { crc32 } from '../src/npz/crc32.js';
import { entryOf, expectEntry, failure, fromBase64, numpy } from './fixture-tools.js';

let folder = '';
let before = 0;
beforeAll(async () => {
  registerBackend(cpuJs());
  folder = await mkdtemp(join(tmpdir(), 'konv-npz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  before = memory().tensors;
});
afterEach(() => {
  expect(memory().tensors).toBe(before);
});

const archive = (name: string) => numpy.archives.find((a) => a.name === name) as (typeof numpy.archives)[number];
const entriesOf = (name: string) => new Map(archive(name).arrays.map((a) => [a.key, entryOf(a)]));

describe("NumPy's archives", () => {
  test.each(numpy.archives.filter((a) => a.name !== 'large').map((a) => [a.name, a] as const))('%s', async (_, a) => {
    const got = await parseNpz(fromBase64(a.bytes));
    expect(Object.keys(got)).toEqual(a.arrays.map((x) => x.key));
    for (const x of a.arrays) {
      expectEntry(got[x.key], x);
      expect(got[x.key].stored).toBe(x.descr);
    }
    expect(Object.getPrototypeOf(got)).toBe(null);
  });

  test('large: much more than the archive', async () => {
    const bytes = fromBase64(archive('large').bytes);
    const { ramp, zeros: none } = await parseNpz(bytes);
    expect(ramp.shape).toEqual([40, 100]);
    expect(ramp.data.every((x, i) => x === i % 100)).toBe(true);
    expect(none.data).toEqual(new Float64Array(5000));
    expect(ramp.data.byteLength + none.data.byteLength).toBeGreaterThan(20 * bytes.length);
    const total = 128 + 16_000 + 128 + 40_000;
    await parseNpz(bytes, { maxBytes: total });
    const e = await failure(() => parseNpz(bytes, { maxBytes: total - 1, name: 'large.npz' }));
    expect(e.message).toBe(
      `[npz] large.npz: expected at most ${total - 1} bytes when inflated, got ${total}; pass a greater maxBytes if you trust the file`,
    );
  });

  test('with more than one record of each kind in them', () => {
    const methods = numpy.archives.map((a) => fromBase64(a.bytes)[8]);
    expect(methods).toContain(0);
    expect(methods).toContain(8);
    const flags = numpy.archives.map((a) => fromBase64(a.bytes)[6]);
    expect(flags).toContain(8);
  });
});

describe('writing', () => {
  test.each(['zipfile', 'nothing'])("Python's own bytes: %s", async (name) => {
    expect(await serializeNpz(entriesOf(name))).toEqual(fromBase64(archive(name).bytes));
  });

  test('compressed: the same but for the compressor, and back', async () => {
    const entries = entriesOf('savez_compressed');
    const bytes = await serializeNpz(entries, { compressed: true });
    expect(bytes).toEqual(await serializeNpz(Object.fromEntries(entries), { compressed: true }));
    expect(bytes.length).toBeLessThan((await serializeNpz(entries)).length);
    const got = await parseNpz(bytes);
    expect(Object.keys(got)).toEqual([...entries.keys()]);
    for (const [key, entry] of entries) expect(got[key]).toMatchObject(entry);
  });

  test('names that are not ASCII, that look like paths or like properties', async () => {
    const x: HostEntry = { dtype: 'float32', shape: [1], data: Float32Array.of(1) };
    const names = ['é/ü 🙂', '../../etc/passwd', '/absolute', 'C:\\x', 'constructor', 'toString', '', 'a.npy', 'dir/'];
    const got = await parseNpz(await serializeNpz(new Map(names.map((name) => [name, x]))));
    expect(Object.keys(got)).toEqual(names);
    expect(Object.getPrototypeOf(got)).toBe(null);
    expect(({} as any).x).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ['a list', [], /by name, in an object or a Map, got an array/],
    ['__proto__', JSON.parse('{"__proto__": 1}'), /safe as a key, got "__proto__"/],
    ['half a surrogate pair', { '\ud800': 1 }, /well-formed Unicode/],
    ['a name that is no text', new Map([[1, 1]]), /names that are strings, got number/],
    ['a name of 64 KiB', { ['x'.repeat(65_535)]: { dtype: 'bool', shape: [], data: new Uint8Array(1) } }, /a name of less than 64 KiB/],
    [
      'data of another length',
      { x: { dtype: 'bool', shape: [2], data: new Uint8Array(1) } },
      /"x" to have as many values as shape \[2\], got 1/,
    ],
  ])('refused: %s', async (_, entries, message) => {
    const e = await failure(() => serializeNpz(entries as any));
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
  });

  test('options are checked', async () => {
    expect((await failure(() => serializeNpz({}, { compress: true } as any))).message).toMatch(/options among compressed, got compress/);
    expect((await failure(() => serializeNpz({}, { compressed: 1 } as any))).message).toMatch(/compressed to be true or false, got 1/);
    expect((await failure(() => parseNpz(new Uint8Array(0), { maxBytes: NaN }))).message).toMatch(/maxBytes to be a number >= 0, got NaN/);
  });
});

describe('tensors', () => {
  const make = () => ({
    weight: tensor([[1.5, -2]]),
    steps: tensor(7, { dtype: 'int32' }),
    mask: tensor([true, false]),
    none: zeros([0, 3]),
  });

  test.each([false, true])('into a file and back, compressed: %s', async (compressed) => {
    const made = make();
    const path = join(folder, `${compressed}.npz`);
    await writeNpz(path, made, { compressed });
    expect(new Uint8Array(await readFile(path))).toEqual(await saveNpz(made, { compressed }));
    const back = await loadNpz(path);
    expect(Object.keys(back)).toEqual(Object.keys(made));
    for (const [name, t] of Object.entries(made)) {
      expect([back[name].dtype, back[name].shape, await back[name].data()]).toEqual([t.dtype, t.shape, await t.data()]);
      t.dispose();
      back[name].dispose();
    }
  });

  test('errors name the file and the array', async () => {
    const path = join(folder, 'bad.npz');
    const bytes = await serializeNpz({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } });
    bytes[30 + 5 + 128] ^= 1;
    await writeFile(path, bytes);
    const e = await failure(() => loadNpz(path));
    expect(e.message).toMatch(/^\[npz\] .*bad\.npz: "x": expected a checksum of 0x[0-9a-f]{8}, got 0x[0-9a-f]{8}; the file is corrupt/);
    expect((await failure(() => saveNpz({ x: 5 as any }))).message).toMatch(/\[saveNpz\] expected "x" to be a tensor, got number/);
    const t = tensor([1]);
    expect((await failure(() => saveNpz(t as any))).message).toMatch(/by name, in an object or a Map, got a tensor/);
    t.dispose();
  });
});

describe('checksums', () => {
  test('of the standard example, and in pieces', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) >> 3);
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
    expect(crc32(bytes.subarray(300), crc32(bytes.subarray(0, 300)))).toBe(crc32(bytes));
  });
});

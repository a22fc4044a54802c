import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cpuJs } from '@konv/backend-cpu-js';
import { memory, registerBackend, scope, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  loadSafetensors,
  parseSafetensors,
  saveSafetensors,
  serializeSafetensors,
  writeAtomically,
  writeSafetensors,
} from '../src/index.js';

let folder = '';
let before = 0;
beforeAll(async () => {
  registerBackend(cpuJs());
  folder = await mkdtemp(join(tmpdir(), 'konv-formats-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  before = memory().tensors;
});
afterEach(() => {
  expect(memory().tensors).toBe(before);
});

async function failure(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

function free(tensors: Record<string, Tensor>): void {
  for (const t of Object.values(tensors)) t.dispose();
}

const make = () => ({
  weight: tensor([
    [1.5, -2],
    [0, 4],
  ]),
  steps: tensor(7, { dtype: 'int32' }),
  mask: tensor([true, false]),
  fine: tensor([0.1], { dtype: 'float64' }),
  none: zeros([0, 3]),
});

describe('saving and loading', () => {
  test('values, shapes, dtypes and metadata', async () => {
    const made = make();
    const bytes = await saveSafetensors(made, { metadata: { epoch: '3' } });
    expect({ ...parseSafetensors(bytes).metadata }).toEqual({ epoch: '3' });
    expect(await saveSafetensors(new Map(Object.entries(made)), { metadata: { epoch: '3' } })).toEqual(bytes);
    const loaded = await loadSafetensors(bytes);
    expect(Object.keys(loaded).sort()).toEqual(Object.keys(made).sort());
    for (const [name, t] of Object.entries(made)) {
      expect(loaded[name].dtype).toBe(t.dtype);
      expect(loaded[name].shape).toEqual(t.shape);
      expect(await loaded[name].data()).toEqual(await t.data());
    }
    // Not a window of the file: training writes into it.
    loaded.weight.fill_(9);
    expect(await saveSafetensors(made, { metadata: { epoch: '3' } })).toEqual(bytes);
    free(made);
    free(loaded);
  });

  test('a view is written row-major, as it looks', async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const t = x.transpose(0, 1);
    const { tensors } = parseSafetensors(await saveSafetensors({ t }));
    expect(tensors.t.shape).toEqual([3, 2]);
    expect(Array.from(tensors.t.data)).toEqual([1, 4, 2, 5, 3, 6]);
    free({ x, t });
  });

  test('the values of the moment of the call', async () => {
    const made = { a: tensor([1]), b: tensor([2]) };
    const pending = saveSafetensors(made);
    made.a.fill_(100);
    made.b.fill_(100);
    const { tensors } = parseSafetensors(await pending);
    expect([tensors.a.data[0], tensors.b.data[0]]).toEqual([1, 2]);
    free(made);
  });

  test('from a path, file URL, Blob and Response', async () => {
    const path = join(folder, 'x.safetensors');
    await writeFile(path, serializeSafetensors({ x: { dtype: 'int32', shape: [], data: Int32Array.of(5) } }));
    const bytes = await readFile(path);
    for (const source of [path, pathToFileURL(path), new Blob([bytes]), new Response(bytes)]) {
      const { x } = await loadSafetensors(source);
      expect(await x.item()).toBe(5);
      x.dispose();
    }
  });

  test('loaded tensors outlive an open scope', async () => {
    const bytes = serializeSafetensors({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } });
    let x: Tensor;
    {
      using _ = scope();
      ({ x } = await loadSafetensors(bytes));
    }
    expect(x.disposed).toBe(false);
    x.dispose();
  });

  test('onto a backend that is named', async () => {
    registerBackend(Object.assign(cpuJs(), { name: 'elsewhere' }));
    const bytes = serializeSafetensors({ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } });
    const { x } = await loadSafetensors(bytes, { backend: 'elsewhere' });
    expect(x.backend).toBe('elsewhere');
    x.dispose();
    expect((await failure(() => loadSafetensors(bytes, { backend: 'nowhere' }))).name).toBe('BackendError');
  });

  test('a dtype that the backend lacks: nothing is left behind', async () => {
    const narrow = cpuJs();
    const capabilities = { ...narrow.capabilities, dtypes: ['bool', 'int32', 'float32'] };
    Object.defineProperty(narrow, 'capabilities', { value: capabilities });
    registerBackend(Object.assign(narrow, { name: 'narrow' }));
    const bytes = serializeSafetensors({
      a: { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
      b: { dtype: 'float64', shape: [1], data: Float64Array.of(1) },
    });
    const e = await failure(() => loadSafetensors(bytes, { backend: 'narrow' }));
    expect(e.name).toBe('BackendError');
    expect(e.message).toContain('expected "narrow" to hold float64 ("b"), got bool, int32, float32');
  });

  test('errors name the file', async () => {
    const path = join(folder, 'cut.safetensors');
    await writeFile(path, new Uint8Array(5));
    expect((await failure(() => loadSafetensors(path))).message).toContain(`[safetensors] ${path}: expected at least 8 bytes`);
    const missing = await failure(() => loadSafetensors(join(folder, 'missing')));
    expect(missing.name).toBe('FormatError');
    expect(missing.message).toMatch(/\[loadSafetensors\] expected a readable file at ".*missing", got ENOENT/);
    expect((await failure(() => loadSafetensors(null as any))).message).toContain('got null');
    expect((await failure(() => loadSafetensors(new Response('', { status: 500 })))).message).toContain('status 500');
  });

  test('what cannot be saved', async () => {
    const x = tensor([1]);
    expect((await failure(() => saveSafetensors({ x: 5 as any }))).message).toMatch(/"x" to be a tensor, got number/);
    expect((await failure(() => saveSafetensors([x] as any))).message).toMatch(/by name, in an object or a Map, got an array/);
    expect((await failure(() => saveSafetensors({ __metadata__: x }))).name).toBe('FormatError');
    expect((await failure(() => saveSafetensors({ x }, { metadata: { epoch: 3 as any } }))).message).toMatch(/metadata of strings/);
    x.dispose();
    expect((await failure(() => saveSafetensors({ x }))).name).toBe('DisposedError');
  });
});

describe('writing', () => {
  test('a file, and over a file', async () => {
    const path = join(folder, 'net.safetensors');
    const made = make();
    await writeSafetensors(path, { steps: made.steps });
    await writeSafetensors(pathToFileURL(path), made);
    expect(new Uint8Array(await readFile(path))).toEqual(await saveSafetensors(made));
    free(made);
  });

  test('a failure leaves the old file and nothing else', async () => {
    const place = await mkdtemp(join(folder, 'w-'));
    const path = join(place, 'net');
    await writeAtomically(path, Uint8Array.of(1));
    const x = tensor([1]);
    await failure(() => writeSafetensors(path, { x, bad: 5 as any }));
    x.dispose();
    // The bytes are refused after the temporary file is there.
    await failure(() => writeAtomically(path, Symbol('no bytes') as any));
    expect(await readdir(place)).toEqual(['net']);
    expect(Array.from(await readFile(path))).toEqual([1]);
  });

  test('a folder that is not there, or a folder in its place', async () => {
    const e = await failure(() => writeAtomically(join(folder, 'no', 'net'), Uint8Array.of(1)));
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(/expected to write ".*net", got ENOENT; check the folder/);
    const place = await mkdtemp(join(folder, 'd-'));
    const inside = await mkdtemp(join(place, 'x-'));
    expect((await failure(() => writeAtomically(inside, Uint8Array.of(1)))).name).toBe('FormatError');
    expect(await readdir(place)).toHaveLength(1);
  });

  test('through a symbolic link; the mode of the old file stays', async () => {
    const place = await mkdtemp(join(folder, 's-'));
    await writeFile(join(place, 'real'), 'old');
    await chmod(join(place, 'real'), 0o600);
    await symlink('real', join(place, 'link'));
    await writeAtomically(join(place, 'link'), Uint8Array.of(65));
    expect(await readFile(join(place, 'real'), 'utf8')).toBe('A');
    expect((await readdir(place)).sort()).toEqual(['link', 'real']);
    expect((await stat(join(place, 'real'))).mode & 0o777).toBe(0o600);
  });

  test('many at once: one of them is there, whole', async () => {
    const path = join(folder, 'race');
    const versions = Array.from({ length: 8 }, (_, k) => new Uint8Array(100_000).fill(k));
    await Promise.all(versions.map((v) => writeAtomically(path, v)));
    const got = await readFile(path);
    expect(got.length).toBe(100_000);
    expect(new Set(got).size).toBe(1);
  });
});

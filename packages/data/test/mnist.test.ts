import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cpuJs } from '@konv/backend-cpu-js';
import { memory, registerBackend } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataLoader, FashionMNIST, MNIST, normalize, Subset } from '../src/index.js';
import { gz, idx, images, labels } from './idx-bytes.js';

const N = 25;
const TEST = 4;
let folder = '';

async function folderWith(files: Record<string, Uint8Array>): Promise<string> {
  const made = await mkdtemp(join(folder, 'set-'));
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(made, name), bytes);
  return made;
}

const whole = () => ({
  'train-images-idx3-ubyte.gz': gz(images(N)),
  'train-labels-idx1-ubyte': labels(N),
  't10k-images-idx3-ubyte': images(TEST),
  't10k-labels-idx1-ubyte.gz': gz(labels(TEST)),
});
let root = '';

beforeAll(async () => {
  registerBackend(cpuJs());
  folder = await mkdtemp(join(tmpdir(), 'konv-mnist-'));
  root = await folderWith(whole());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function failure(run: () => Promise<unknown>): Promise<Error> {
  try {
    await run();
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

describe('reading', () => {
  test('both sets, plain and gz', async () => {
    const train = await FashionMNIST.load({ root, train: true });
    const t10k = await FashionMNIST.load({ root: pathToFileURL(root), train: false });
    expect(train.length).toBe(N);
    expect(t10k.length).toBe(TEST);
    expect(Array.from(t10k.targets)).toEqual([0, 1, 2, 3]);
    const [image, label] = train.get(13);
    expect(image.shape).toEqual([1, 28, 28]);
    expect(image.dtype).toBe('float32');
    expect(label).toBe(3);
    expect(image.data[5]).toBe(Math.fround((7 * 13 + 5) / 255));
    expect(Math.max(...image.data)).toBe(1);
    expect(Math.min(...image.data)).toBe(0);
    expect(() => train.get(N)).toThrow(/an index in \[0, 25\), got 25/);
  });

  test('a slash at the end, and the folders of torchvision', async () => {
    expect((await MNIST.load({ root: `${root}/`, train: false })).length).toBe(TEST);
    const deep = await mkdtemp(join(folder, 'torchvision-'));
    await mkdir(join(deep, 'FashionMNIST/raw'), { recursive: true });
    for (const [name, bytes] of Object.entries(whole())) await writeFile(join(deep, 'FashionMNIST/raw', name), bytes);
    expect((await FashionMNIST.load({ root: deep, train: true })).length).toBe(N);
  });

  test('limit takes the first ones; more than there are, all', async () => {
    const few = await FashionMNIST.load({ root, train: true, limit: 3 });
    expect(few.length).toBe(3);
    expect(Array.from(few.targets)).toEqual([0, 1, 2]);
    expect(() => few.get(3)).toThrow(/\[0, 3\)/);
    expect((await FashionMNIST.load({ root, train: true, limit: 10_000 })).length).toBe(N);
  });

  test('class names', async () => {
    expect(FashionMNIST.classes).toHaveLength(10);
    expect((await FashionMNIST.load({ root, train: false })).classes[9]).toBe('Ankle boot');
    expect((await MNIST.load({ root, train: false })).classes[7]).toBe('7 - seven');
  });

  test('over HTTP', async () => {
    const files: Record<string, Uint8Array> = whole();
    const server: Server = createServer((request, response) => {
      const bytes = files[String(request.url).replace('/data/', '')];
      if (bytes) response.end(bytes);
      else response.writeHead(404).end();
    });
    await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expect((await FashionMNIST.load({ root: `${base}/data`, train: true })).length).toBe(N);
      expect((await FashionMNIST.load({ root: new URL(`${base}/data/`), train: false })).length).toBe(TEST);
      const e = await failure(() => FashionMNIST.load({ root: `${base}/other`, train: false }));
      expect(e.message).toMatch(/expected t10k-images-idx3-ubyte or t10k-images-idx3-ubyte\.gz in http:.*\/other, got neither/);
    } finally {
      server.close();
    }
  });
});

describe('batches', () => {
  test('the fast path gives what the samples give', async () => {
    const before = memory().tensors;
    const scale = normalize(0.5, 0.25);
    for (const transform of [undefined, scale]) {
      const set = await FashionMNIST.load({ root, train: true, transform });
      const indices = [24, 0, 7, 7];
      const whole = new DataLoader(new Subset(set, indices), { batchSize: 4 });
      const single = { length: set.length, get: (i: number) => set.get(i) };
      const slow = new DataLoader(new Subset(single, indices), { batchSize: 4 })[Symbol.asyncIterator]();
      for await (const [x, y] of whole) {
        const [u, v] = (await slow.next()).value;
        expect(x.shape).toEqual([4, 1, 28, 28]);
        expect(y.shape).toEqual([4]);
        expect(y.dtype).toBe('int32');
        expect(await x.data()).toEqual(await u.data());
        expect(await y.data()).toEqual(await v.data());
      }
      await slow.return?.();
    }
    expect(memory().tensors).toBe(before);
  });
});

describe('bad folders', () => {
  const cases: [string, Partial<Record<string, Uint8Array | null>>, RegExp][] = [
    [
      'no images',
      { 'train-images-idx3-ubyte.gz': null },
      /train-images-idx3-ubyte or train-images-idx3-ubyte\.gz in .*, got neither; put .*t10k-labels-idx1-ubyte there/,
    ],
    ['no labels', { 'train-labels-idx1-ubyte': null }, /expected train-labels-idx1-ubyte or/],
    [
      'fewer labels than images',
      { 'train-labels-idx1-ubyte': labels(N - 1) },
      /train-labels-idx1-ubyte: expected 25 labels, one an image of .*train-images-idx3-ubyte\.gz, got 24/,
    ],
    [
      'images of 20x20',
      { 'train-images-idx3-ubyte.gz': idx(8, [1, 20, 20], new Uint8Array(400)) },
      /uint8 images \[n, 28, 28\], got uint8 \[1, 20, 20\]/,
    ],
    ['labels for images', { 'train-images-idx3-ubyte.gz': labels(N) }, /uint8 images \[n, 28, 28\], got uint8 \[25\]/],
    ['images for labels', { 'train-labels-idx1-ubyte': images(N) }, /uint8 labels \[n\], got uint8 \[25, 28, 28\]/],
    ['float images', { 'train-images-idx3-ubyte.gz': idx(0x0d, [0, 28, 28], []) }, /got float32 \[0, 28, 28\]/],
    ['a label of 10', { 'train-labels-idx1-ubyte': idx(8, [N], Array(N).fill(10)) }, /labels 0 \.\.\. 9, got 10 at 0/],
    [
      'a truncated file',
      { 'train-images-idx3-ubyte.gz': gz(images(N)).subarray(0, 200) },
      /train-images-idx3-ubyte\.gz: expected a whole gzip file/,
    ],
    [
      'a web page',
      { 'train-labels-idx1-ubyte': new TextEncoder().encode('<!doctype html>') },
      /train-labels-idx1-ubyte: expected an IDX file/,
    ],
  ];
  test.each(cases)('%s', async (_, changes, message) => {
    const files = Object.entries({ ...whole(), ...changes }).filter(([, bytes]) => bytes !== null) as [string, Uint8Array][];
    const broken = await folderWith(Object.fromEntries(files));
    const e = await failure(() => FashionMNIST.load({ root: broken, train: true }));
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
  });

  test('a folder that is not there', async () => {
    const e = await failure(() => MNIST.load({ root: join(folder, 'nowhere'), train: true }));
    expect(e.message).toMatch(/^\[MNIST\] expected train-.* in .*nowhere, got neither/);
  });

  const options: [unknown, RegExp][] = [
    [undefined, /root to be a folder or URL, got undefined/],
    [{ train: true }, /root to be a folder or URL, got undefined/],
    [{ root: 5, train: true }, /root to be a folder or URL, got number/],
    [{ root: '.' }, /train to be true or false, got undefined/],
    [{ root: '.', train: true, limit: 0 }, /whole limit of at least 1, got 0/],
    [{ root: '.', train: true, limit: NaN }, /got NaN/],
    [{ root: '.', train: true, limit: 2.5 }, /got 2.5/],
  ];
  test.each(options)('options %j', async (given, message) => {
    const e = await failure(() => FashionMNIST.load(given as any));
    expect(e.message).toMatch(message);
  });
});

import { FormatError, ShapeError, showShape } from '@konv/core-tensor';
import { decodeIdx } from './idx/read.js';
import type { Idx } from './idx/parse.js';
import { type Bytes, isMissing, readSource } from './source.js';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

export interface LoadOptions {
  /** The folder, or the URL of one, that holds the four files under their usual names, with or without `.gz`. */
  root: string | URL;
  /** The training set, or the test set. */
  train: boolean;
  /** Only the first so many samples. */
  limit?: number;
}

/** Images as bytes, [n, 28, 28], and their labels 0 ... 9. */
export interface Images {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** Reads one of the two sets of a dataset in MNIST's format. `name` is torchvision's folder for it. */
export async function loadImages(name: string, options: LoadOptions): Promise<Images> {
  const { root, train, limit } = checkOptions(name, options);
  const stem = train ? 'train' : 't10k';
  const [images, labels] = await Promise.all([
    readFirst(name, root, `${stem}-images-idx3-ubyte`),
    readFirst(name, root, `${stem}-labels-idx1-ubyte`),
  ]);
  checkImages(images);
  checkLabels(labels, images);
  const n = Math.min(limit ?? Number.POSITIVE_INFINITY, labels.idx.data.length);
  // A part is copied, so that the whole file can go.
  const first = (data: Idx['data'], size: number): Uint8Array =>
    size < data.length ? (data as Uint8Array).slice(0, size) : (data as Uint8Array);
  return { pixels: first(images.idx.data, n * PIXELS), labels: first(labels.idx.data, n) };
}

function checkOptions(name: string, options: LoadOptions): LoadOptions {
  const { root, train, limit } = options ?? {};
  if (typeof root !== 'string' && !(root instanceof URL)) {
    throw new FormatError(name, `expected root to be a folder or URL, got ${root === null ? 'null' : typeof root}; pass { root, train }`);
  }
  if (typeof train !== 'boolean')
    throw new FormatError(name, `expected train to be true or false, got ${String(train)}; pass { root, train }`);
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    throw new ShapeError(name, `expected a whole limit of at least 1, got ${String(limit)}; leave it out for all samples`);
  }
  return options;
}

interface Named {
  readonly file: string;
  readonly idx: Idx;
}

/** Reads the first of the places where a file may lie that has it. */
async function readFirst(name: string, root: string | URL, file: string): Promise<Named> {
  const places = placesOf(name, root, file);
  for (const place of places) {
    let found: Bytes;
    try {
      found = await readSource(name, place);
    } catch (e) {
      if (isMissing(e)) continue;
      throw e;
    }
    return { file: found.name ?? file, idx: await decodeIdx(found.bytes, found.name) };
  }
  throw new FormatError(
    name,
    `expected ${file} or ${file}.gz in ${String(root)}, got neither; put train-images-idx3-ubyte, train-labels-idx1-ubyte, ` +
      't10k-images-idx3-ubyte and t10k-labels-idx1-ubyte there, each plain or with .gz',
  );
}

function placesOf(name: string, root: string | URL, file: string): (string | URL)[] {
  const text = String(root);
  const remote = /^(https?|blob|data):/i.test(text);
  // torchvision keeps its files two folders deeper. Elsewhere every guess is a request, so there it is not made.
  const folders = remote ? [''] : ['', `${name}/raw/`];
  const names = folders.flatMap((folder) => [`${folder}${file}.gz`, `${folder}${file}`]);
  if (typeof root === 'string') return names.map((n) => `${root.replace(/\/+$/, '')}/${n}`);
  return names.map((n) => {
    const url = new URL(root);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${n}`;
    return url;
  });
}

function checkImages({ file, idx }: Named): void {
  const { dtype, shape } = idx;
  if (dtype === 'uint8' && shape.length === 3 && shape[1] === SIDE && shape[2] === SIDE) return;
  throw new FormatError(
    'idx',
    `${file}: expected uint8 images [n, ${SIDE}, ${SIDE}], got ${dtype} ${showShape(shape)}; check that this is the right file`,
  );
}

function checkLabels({ file, idx }: Named, images: Named): void {
  const { dtype, shape, data } = idx;
  if (dtype !== 'uint8' || shape.length !== 1) {
    throw new FormatError('idx', `${file}: expected uint8 labels [n], got ${dtype} ${showShape(shape)}; check that this is the right file`);
  }
  const n = images.idx.shape[0];
  if (shape[0] !== n) {
    throw new FormatError(
      'idx',
      `${file}: expected ${n} labels, one an image of ${images.file}, got ${shape[0]}; take both files from one set`,
    );
  }
  const bad = data.findIndex((label) => label >= CLASSES);
  if (bad >= 0)
    throw new FormatError(
      'idx',
      `${file}: expected labels 0 ... ${CLASSES - 1}, got ${data[bad]} at ${bad}; check that this is the right file`,
    );
}

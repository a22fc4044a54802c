import { FashionMNIST } from '@konv/data';
import { SIDE } from '../model/layers.js';
import type { ImageCount } from '../model/settings.js';

/** The address of the page: workers are started with it as their name. */
const base = (): string => self.name || location.href;

const sets = new Map<string, Promise<FashionMNIST>>();

function load(folder: string, train: boolean): Promise<FashionMNIST> {
  const known = sets.get(folder);
  if (known) return known;
  const made = FashionMNIST.load({ root: new URL(`data/${folder}`, base()), train });
  sets.set(folder, made);
  // What did not arrive is asked for again the next time.
  made.catch(() => sets.delete(folder));
  return made;
}

/** The first `count` of the training images. */
export const trainImages = (count: ImageCount): Promise<FashionMNIST> => load(`train-${count}`, true);
export const testImages = (): Promise<FashionMNIST> => load('test', false);

let testIsHere = false;

/** Whether the test images have come; the first call asks for them. A training does not wait for them, nor need them. */
export function testImagesHere(): boolean {
  if (!testIsHere)
    testImages().then(
      () => {
        testIsHere = true;
      },
      () => {},
    );
  return testIsHere;
}

export interface Batch {
  /** Pixels of the pictures, one after the other. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

/** `count` pictures of a set from `from` on, in its order. */
export function batchOf(set: FashionMNIST, count: number, from = 0): Batch {
  const out: Batch = { pixels: new Float32Array(count * SIDE * SIDE), labels: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    const [image, label] = set.get(from + i);
    out.pixels.set(image.data as Float32Array, i * SIDE * SIDE);
    out.labels[i] = label;
  }
  return out;
}

import { FashionMNIST } from '@konv/data';
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

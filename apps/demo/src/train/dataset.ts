import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data } from 'konv';

/** Debian's package dataset-fashion-mnist puts the whole of it here. */
const SYSTEM = '/usr/share/datasets/fashion-mnist';
const EMBEDDED = fileURLToPath(new URL('../../data', import.meta.url));

export interface Images {
  train: data.FashionMNIST;
  test: data.FashionMNIST;
  source: string;
}

/** Fashion-MNIST from `chosen`, else the system's copy, else the 10 000 + 2 000 images shipped with the demo. */
export async function loadImages(chosen: string | null, system: string = SYSTEM): Promise<Images> {
  const whole = existsSync(join(system, 'train-images-idx3-ubyte.gz')) || existsSync(join(system, 'train-images-idx3-ubyte'));
  const root = chosen ?? (whole ? system : EMBEDDED);
  const [train, test] = await Promise.all([data.FashionMNIST.load({ root, train: true }), data.FashionMNIST.load({ root, train: false })]);
  return { train, test, source: root === EMBEDDED ? 'the subset shipped with the demo' : root };
}

import { noGrad, scope, softmax, type Tensor, tensor } from '@konv/core-tensor';
import { Conv2d, type Sequential } from '@konv/layers';
import { SIDE } from '../model/layers.js';
import type { LabelledPicture, Picture, Values } from '../model/protocol.js';
import { testImages, trainImages } from './data.js';

export async function valuesOf(t: Tensor): Promise<Values> {
  return { shape: [...t.shape], data: Float32Array.from(await t.data()) };
}

/** A picture's pixels, and its label where it has one. */
export async function pictureOf(picture: Picture): Promise<LabelledPicture> {
  if ('pixels' in picture) return { pixels: picture.pixels, label: null };
  const set = picture.set === 'test' ? await testImages() : await trainImages(800);
  const [image, label] = await set.get(picture.index);
  return { pixels: Float32Array.from(image.data as Float32Array), label };
}

/** What the network says of a picture: ten probabilities. */
export async function probabilities(net: Sequential, backend: string, picture: Picture): Promise<Float32Array> {
  const { pixels } = await pictureOf(picture);
  using _ = scope();
  const x = tensor(pixels, { shape: [1, 1, SIDE, SIDE], backend });
  net.eval();
  const p = noGrad(() => softmax(net.forward(x) as Tensor, 1));
  return Float32Array.from(await p.data());
}

/** The weights of the first convolution. */
export async function firstKernels(net: Sequential): Promise<Values | null> {
  const first = [...net].find((layer) => layer instanceof Conv2d);
  return first ? valuesOf(first.weight) : null;
}

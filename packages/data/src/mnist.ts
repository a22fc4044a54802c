import { checkIndex, type Dataset } from './dataset.js';
import { type HostTensor, stackHost } from './host-tensor.js';
import { type Images, type LoadOptions, loadImages, PIXELS, SIDE } from './mnist-files.js';
import type { Transform } from './transforms/transform.js';

export interface ImageSetOptions extends LoadOptions {
  /** Applied to every image, `[1, 28, 28]` float32 in 0 ... 1. */
  transform?: Transform;
}

/** float32(byte / 255), what torchvision's ToTensor makes of a byte. */
const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** `[image, label]` pairs out of bytes: 784 bytes an image instead of 3136. */
class ImageSet implements Dataset<[image: HostTensor, label: number]> {
  readonly #images: Images;
  readonly #transform: Transform | undefined;

  constructor(images: Images, transform: Transform | undefined) {
    this.#images = images;
    this.#transform = transform;
  }

  get length(): number {
    return this.#images.labels.length;
  }

  /** The label of every sample, 0 ... 9. */
  get targets(): Uint8Array {
    return this.#images.labels;
  }

  /** The image, float32 `[1, 28, 28]` in 0 ... 1 unless transformed, and its label. */
  get(i: number): [image: HostTensor, label: number] {
    checkIndex('get', i, this.length);
    return [this.#image(i), this.#images.labels[i]];
  }

  /** `[images [n, 1, 28, 28], labels int32 [n]]` */
  batch(indices: Int32Array): [images: HostTensor, labels: HostTensor] {
    const n = indices.length;
    const labels = Int32Array.from(indices, (i) => this.#images.labels[i]);
    const images = this.#transform ? this.#transformed(indices) : this.#plain(indices);
    return [images, { dtype: 'int32', shape: [n], data: labels }];
  }

  #image(i: number): HostTensor {
    const data = new Float32Array(PIXELS);
    this.#scale(i, data, 0);
    const image: HostTensor = { dtype: 'float32', shape: [1, SIDE, SIDE], data };
    return this.#transform ? this.#transform(image) : image;
  }

  #scale(i: number, out: Float32Array, at: number): void {
    const image = this.#images.pixels.subarray(i * PIXELS, (i + 1) * PIXELS);
    for (let k = 0; k < image.length; k++) out[at + k] = scaled[image[k]];
  }

  #plain(indices: Int32Array): HostTensor {
    const data = new Float32Array(indices.length * PIXELS);
    for (let k = 0; k < indices.length; k++) this.#scale(indices[k], data, k * PIXELS);
    return { dtype: 'float32', shape: [indices.length, 1, SIDE, SIDE], data };
  }

  #transformed(indices: Int32Array): HostTensor {
    return stackHost(Array.from(indices, (i) => this.#image(i)));
  }
}

/**
 * Handwritten digits, 28x28: 60 000 for training, 10 000 for testing.
 * Source: LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist; torchvision.datasets.MNIST.
 */
export class MNIST extends ImageSet {
  static readonly classes: readonly string[] = [
    '0 - zero',
    '1 - one',
    '2 - two',
    '3 - three',
    '4 - four',
    '5 - five',
    '6 - six',
    '7 - seven',
    '8 - eight',
    '9 - nine',
  ];
  readonly classes: readonly string[] = MNIST.classes;

  /** Reads the files. Errors: `FormatError` for missing, damaged or foreign files, `ShapeError` for the limit. */
  static async load(options: ImageSetOptions): Promise<MNIST> {
    return new MNIST(await loadImages('MNIST', options), options.transform);
  }
}

/**
 * Pictures of clothes, 28x28, in the format of MNIST: 60 000 for training, 10 000 for testing.
 * Source: Xiao, Rasul and Vollgraf, arXiv:1708.07747; torchvision.datasets.FashionMNIST.
 */
export class FashionMNIST extends ImageSet {
  static readonly classes: readonly string[] = [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ];
  readonly classes: readonly string[] = FashionMNIST.classes;

  /** Reads the files. Errors: `FormatError` for missing, damaged or foreign files, `ShapeError` for the limit. */
  static async load(options: ImageSetOptions): Promise<FashionMNIST> {
    return new FashionMNIST(await loadImages('FashionMNIST', options), options.transform);
  }
}

/** All that a visitor can set about a training. Plain values: they go to the worker, into the address and into the store. */
export interface Settings {
  readonly architecture: Architecture;
  /** Output channels of the two convolutions. */
  readonly channels: readonly [number, number];
  /** Sides of their square kernels: odd. */
  readonly kernels: readonly [number, number];
  readonly optimizer: OptimizerName;
  readonly lr: number;
  readonly batch: number;
  /** How many training images. */
  readonly images: ImageCount;
  readonly seed: number;
  readonly backend: BackendName;
  /** Of the wasm backend, the worker's own thread among them. */
  readonly threads: number;
  /** Steps a second at most; 0: as fast as it goes. */
  readonly pace: number;
}

export const architectures = ['lenet', 'batchnorm', 'average', 'linear'] as const;
export type Architecture = (typeof architectures)[number];
export const architectureTitles: Readonly<Record<Architecture, string>> = {
  lenet: 'LeNet-5',
  batchnorm: 'LeNet with batch norm',
  average: 'Two convolutions and a mean',
  linear: 'No convolution (linear)',
};

export const optimizers = ['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad'] as const;
export type OptimizerName = (typeof optimizers)[number];
/** SGD goes with this momentum. */
export const MOMENTUM = 0.9;
export const usualLr: Readonly<Record<OptimizerName, number>> = { SGD: 0.02, Adam: 0.002, AdamW: 0.002, RMSprop: 0.001, Adagrad: 0.02 };

export const imageCounts = [800, 4000, 10000] as const;
export type ImageCount = (typeof imageCounts)[number];
export const batches = [8, 16, 32, 64, 128] as const;
export const backendNames = ['wasm', 'cpu-js', 'webgl'] as const;
export type BackendName = (typeof backendNames)[number];
export const paces = [5, 20, 60, 0] as const;
export const kernelSides = [1, 3, 5, 7] as const;
export const MOST_CHANNELS = 32;

export const defaults: Settings = {
  architecture: 'lenet',
  channels: [6, 16],
  kernels: [5, 5],
  optimizer: 'SGD',
  lr: 0.02,
  batch: 32,
  images: 800,
  seed: 42,
  backend: 'wasm',
  threads: 1,
  pace: 20,
};

type Reader = (text: string) => unknown;
const oneOf =
  (list: readonly (string | number)[]): Reader =>
  (text) =>
    list.find((x) => String(x) === text);
const whole =
  (low: number, high: number): Reader =>
  (text) => {
    const n = Number(text);
    return Number.isInteger(n) && n >= low && n <= high ? n : undefined;
  };
const pair =
  (each: Reader): Reader =>
  (text) => {
    const parts = text.split('x').map(each);
    return parts.length === 2 && !parts.includes(undefined) ? parts : undefined;
  };

const readers: Readonly<Record<keyof Settings, Reader>> = {
  architecture: oneOf(architectures),
  channels: pair(whole(1, MOST_CHANNELS)),
  kernels: pair(oneOf(kernelSides)),
  optimizer: oneOf(optimizers),
  lr: (text) => (Number(text) > 0 && Number(text) <= 10 ? Number(text) : undefined),
  batch: oneOf(batches),
  images: oneOf(imageCounts),
  seed: whole(0, 2 ** 31),
  backend: oneOf(backendNames),
  threads: whole(1, 64),
  pace: oneOf(paces),
};

/** The settings of an address like `?lr=0.1&channels=8x12`: what is missing or no valid value is the default's. */
export function fromQuery(query: string): Settings {
  const given = new URLSearchParams(query);
  const out: Record<string, unknown> = { ...defaults };
  for (const [name, read] of Object.entries(readers)) {
    const text = given.get(name);
    const value = text === null ? undefined : read(text);
    if (value !== undefined) out[name] = value;
  }
  return out as unknown as Settings;
}

/** What differs from the defaults, as the query of an address: '' where nothing does. */
export function toQuery(settings: Settings): string {
  const out = new URLSearchParams();
  for (const name of Object.keys(readers) as (keyof Settings)[]) {
    const text = textOf(settings[name]);
    if (text !== textOf(defaults[name])) out.set(name, text);
  }
  const query = out.toString();
  return query === '' ? '' : `?${query}`;
}

const textOf = (value: Settings[keyof Settings]): string => (Array.isArray(value) ? value.join('x') : String(value));

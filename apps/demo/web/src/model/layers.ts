import type { Settings } from './settings.js';

/** A layer as it is written down: `new nn.Conv2d(1, 6, 5, { padding: 2 })`. */
export interface LayerSpec {
  readonly kind: 'Conv2d' | 'BatchNorm2d' | 'ReLU' | 'MaxPool2d' | 'AdaptiveAvgPool2d' | 'Flatten' | 'Linear';
  readonly args: readonly number[];
  readonly options?: { readonly padding: number };
}

/** A layer with the shape of what it gives for one picture. */
export interface PlannedLayer extends LayerSpec {
  readonly shape: readonly number[];
}

export const SIDE = 28;
export const CLASSES = 10;

/** The layers of a network for 28x28 pictures and ten classes. The state dict of a `Sequential` of them has keys `0.weight` ... */
export function layersOf({ architecture, channels: [c1, c2], kernels: [k1, k2] }: Settings): LayerSpec[] {
  const relu: LayerSpec = { kind: 'ReLU', args: [] };
  const pool: LayerSpec = { kind: 'MaxPool2d', args: [2] };
  const flatten: LayerSpec = { kind: 'Flatten', args: [] };
  const linear = (a: number, b: number): LayerSpec => ({ kind: 'Linear', args: [a, b] });
  // The first convolution keeps the size, the second does so where its kernel is small: 14 - k + 1 pixels are left.
  const first: LayerSpec = { kind: 'Conv2d', args: [1, c1, k1], options: { padding: (k1 - 1) / 2 } };
  const second: LayerSpec = { kind: 'Conv2d', args: [c1, c2, k2] };
  const side = Math.floor((SIDE / 2 - k2 + 1) / 2);
  const flat = c2 * side * side;
  switch (architecture) {
    case 'linear':
      return [flatten, linear(SIDE * SIDE, CLASSES)];
    case 'average':
      return [first, relu, pool, second, relu, { kind: 'AdaptiveAvgPool2d', args: [1] }, flatten, linear(c2, CLASSES)];
    case 'batchnorm': {
      const norm = (c: number): LayerSpec => ({ kind: 'BatchNorm2d', args: [c] });
      return [first, norm(c1), relu, pool, second, norm(c2), relu, pool, flatten, linear(flat, CLASSES)];
    }
    case 'lenet':
      return [first, relu, pool, second, relu, pool, flatten, linear(flat, 120), relu, linear(120, 84), relu, linear(84, CLASSES)];
  }
}

/** The same with the shapes that one picture takes, [channels, height, width] or [features]. */
export function planOf(settings: Settings): PlannedLayer[] {
  let shape: readonly number[] = [1, SIDE, SIDE];
  return layersOf(settings).map((layer) => {
    shape = shapeAfter(layer, shape);
    return { ...layer, shape };
  });
}

function shapeAfter({ kind, args, options }: LayerSpec, shape: readonly number[]): readonly number[] {
  const [c, h, w] = shape;
  switch (kind) {
    case 'Conv2d': {
      const grow = 2 * (options?.padding ?? 0) - args[2] + 1;
      return [args[1], h + grow, w + grow];
    }
    case 'MaxPool2d':
      return [c, Math.floor(h / 2), Math.floor(w / 2)];
    case 'AdaptiveAvgPool2d':
      return [c, args[0], args[0]];
    case 'Flatten':
      return [shape.reduce((a, b) => a * b, 1)];
    case 'Linear':
      return [args[1]];
    case 'BatchNorm2d':
    case 'ReLU':
      return shape;
  }
}

/** `new nn.Conv2d(1, 6, 5, { padding: 2 })`. */
export function written({ kind, args, options }: LayerSpec): string {
  const parts = args.map(String);
  if (options && options.padding > 0) parts.push(`{ padding: ${options.padding} }`);
  return `new nn.${kind}(${parts.join(', ')})`;
}

export const classNames = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'] as const;

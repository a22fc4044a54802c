import type { LayerSpec, PlannedLayer } from './layers.js';
import { planOf } from './layers.js';
import type { Settings } from './settings.js';

/** Numbers that a layer learns: weights and biases. */
export function parametersOf({ kind, args: [a, b, k] }: LayerSpec): number {
  switch (kind) {
    case 'Conv2d':
      return b * a * k * k + b;
    case 'BatchNorm2d':
      return 2 * a;
    case 'Linear':
      return a * b + b;
    default:
      return 0;
  }
}

/** Multiply-adds of a layer for one picture. Only convolutions and linear layers count: the rest is small beside them. */
export function multiplyAddsOf({ kind, args: [a, b, k], shape }: PlannedLayer): number {
  switch (kind) {
    case 'Conv2d':
      return shape.reduce((x, y) => x * y, 1) * a * k * k;
    case 'Linear':
      return a * b;
    default:
      return 0;
  }
}

/** Floating-point operations of a forward pass over `batch` pictures: two for each multiply-add. */
export function forwardFlops(settings: Settings, batch: number): number {
  return 2 * batch * planOf(settings).reduce((sum, layer) => sum + multiplyAddsOf(layer), 0);
}

/** A training step is counted as three forward passes: the forward itself, the inputs' gradients and the weights' gradients. */
export const stepFlops = (settings: Settings, batch: number): number => 3 * forwardFlops(settings, batch);

import type { Values } from '../../model/protocol.js';

/** What a layer is, on the host: all that is needed to do its arithmetic by hand. */
export type HostLayer =
  | { readonly kind: 'Conv2d'; readonly weight: Values; readonly bias: Float32Array; readonly padding: number }
  | {
      readonly kind: 'BatchNorm2d';
      readonly mean: Float32Array;
      readonly variance: Float32Array;
      readonly weight: Float32Array;
      readonly bias: Float32Array;
      readonly eps: number;
    }
  | { readonly kind: 'ReLU' | 'Flatten' | 'AdaptiveAvgPool2d' }
  | { readonly kind: 'MaxPool2d'; readonly size: number }
  | { readonly kind: 'Linear'; readonly weight: Values; readonly bias: Float32Array };

/** A layer with what went through it; shapes are those of one picture: [channels, height, width] or [features]. */
export interface HostStage {
  readonly layer: HostLayer;
  readonly input: Values;
  readonly output: Values;
  /** d loss / d output. */
  readonly gradient: Values;
}

/** Where an index stands in a row-major tensor. */
export function offsetOf(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((offset, i, axis) => offset * shape[axis] + i, 0);
}

/** The index that stands at an offset. */
export function indexOf(shape: readonly number[], offset: number): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = offset; axis >= 0; axis--) {
    index[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}

export const read = ({ shape, data }: Values, ...index: readonly number[]): number => data[offsetOf(shape, index)];

/** Along one axis, the inputs [from, to) that an adaptive pool takes together. */
export function adaptiveWindow(i: number, input: number, output: number): readonly [from: number, to: number] {
  return [Math.floor((i * input) / output), Math.ceil(((i + 1) * input) / output)];
}

/**
 * The position of a window's maximum: the first of equal ones in row-major order, as PyTorch has it. NaN wins over every
 * number.
 */
export function maximumOf(x: Values, channel: number, top: number, left: number, size: number): readonly [number, number] {
  let best: readonly [number, number] = [top, left];
  let most = Number.NEGATIVE_INFINITY;
  for (let i = top; i < top + size; i++) {
    for (let j = left; j < left + size; j++) {
      const value = read(x, channel, i, j);
      if (!(value > most) && !Number.isNaN(value)) continue;
      most = value;
      best = [i, j];
    }
  }
  return best;
}

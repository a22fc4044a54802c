import { numbers } from './contender.js';

/** LeNet-5's parameters as PyTorch lays them out: weight and bias of two convolutions and three linear layers. */
export const leNetShapes = [[6, 1, 5, 5], [6], [16, 6, 5, 5], [16], [120, 400], [120], [84, 120], [84], [10, 84], [10]] as const;

/** Initial values for all contenders alike, in PyTorch's range: uniform below 1 / sqrt(fan in). */
export function leNetValues(): Float32Array<ArrayBuffer>[] {
  return leNetShapes.map((shape, i) => {
    const [, ...inner] = leNetShapes[i - (i % 2)] as readonly number[];
    const bound = 1 / Math.sqrt(size(inner));
    return numbers(size(shape)).map((v) => 2 * bound * v);
  });
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Every contender's step: SGD with momentum. */
export const leNetRate = { lr: 0.05, momentum: 0.9 } as const;

/** The classes of a batch. */
export const leNetTargets = (batch: number): Int32Array<ArrayBuffer> => Int32Array.from({ length: batch }, (_, i) => i % 10);

/** Losses that are compared before anything is timed: a wrong gradient or update shows in the second. */
export const comparedSteps = 5;

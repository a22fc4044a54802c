import type { Generator, Tensor } from '@konv/core-tensor';
import { calculateFanInAndFanOut, kaimingUniform_, uniform_ } from './init.js';

/**
 * How convolutions and Linear start: weight, then bias, each U(-b, b) with b = 1 / sqrt(fanIn). The weight's bound takes
 * PyTorch's way by kaimingUniform_(a = sqrt(5)): another order of roundings would change last bits.
 */
export function resetAffine(weight: Tensor, bias: Tensor | null, generator: Generator | undefined): void {
  kaimingUniform_(weight, { a: Math.sqrt(5), generator });
  if (bias === null) return;
  const { fanIn } = calculateFanInAndFanOut(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, { a: -bound, b: bound, generator });
}

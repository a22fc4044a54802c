import type { GradConfig } from '@tensorflow/tfjs-core';

/** All gradients that `enableWasmTraining` registers, over those that are registered now. */
export function gradients(): GradConfig[] {
  return [];
}

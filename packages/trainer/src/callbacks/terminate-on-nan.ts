import { KonvError } from '@konv/core-tensor';
import type { Callback, Progress } from '../callback.js';

/**
 * Ends the training with an error as soon as a loss that is NaN or infinite has been read (losses are read back in
 * batches, so that a few more steps may be done). Errors: `KonvError` naming the step. Source: Keras' TerminateOnNaN.
 */
export function terminateOnNaN(): Callback {
  let seen = 0;
  const check = ({ history }: Progress): void => {
    for (; seen < history.losses.length; seen++) {
      if (Number.isFinite(history.losses[seen])) continue;
      throw new KonvError(
        'terminateOnNaN',
        `expected a finite loss, got ${history.losses[seen]} at step ${seen + 1}; lower the learning rate, clip gradients, or look for bad data`,
      );
    }
  };
  return {
    onFitStart: ({ history }) => {
      seen = history.losses.length;
    },
    onStep: check,
    onEpochEnd: check,
  };
}

import { abi } from './abi.js';
import { GradError } from './errors.js';
import { isPromise } from './promise.js';

function withMode<T>(op: string, enabled: boolean, fn: () => T): T {
  const before = abi.gradEnabled;
  abi.gradEnabled = enabled;
  try {
    const result = fn();
    if (isPromise(result)) {
      result.then(undefined, () => {});
      throw new GradError(op, 'expected a synchronous function, got one that returns a promise; await outside of it');
    }
    return result;
  } finally {
    abi.gradEnabled = before;
  }
}

/** Runs `fn` without recording gradients. Source: torch.no_grad. */
export function noGrad<T>(fn: () => T): T {
  return withMode('noGrad', false, fn);
}

/** Runs `fn` with recording on, also inside `noGrad`. Source: torch.enable_grad. */
export function enableGrad<T>(fn: () => T): T {
  return withMode('enableGrad', true, fn);
}

export function isGradEnabled(): boolean {
  return abi.gradEnabled;
}

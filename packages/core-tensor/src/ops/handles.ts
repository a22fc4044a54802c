/**
 * User-facing functions reshape their operands to the form of the catalogue and the result back. These in-between
 * handles are freed at once: otherwise they would hold on to storages until the end of the scope, and a result that is a
 * view of a tensor nobody can see would be refused by the in-place methods.
 */
import { Scope, currentScope } from '../scope.js';
import { isTensor, type Tensor } from '../tensor.js';

/** Frees `made` unless it is one of the `originals`. The tape and later views hold references of their own. */
export function drop(made: Tensor | null, ...originals: readonly (Tensor | null)[]): void {
  if (made !== null && !originals.includes(made)) made.dispose();
}

/** `view` in the place of `inner`, a fresh result that nobody else has seen: from now on the whole tensor, no view. */
export function replacing(inner: Tensor, view: Tensor): Tensor {
  if (view === inner) return inner;
  view.isView = false;
  inner.dispose();
  return view;
}

/**
 * Runs a composite op and frees what it made in between, also when it throws; a tensor that it returns goes to whom it
 * would have belonged. As `scope(fn)`, for one result that is known to be no promise.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is what is meant
export function tidy<T extends Tensor | void>(fn: () => T): T {
  const inner = new Scope('an op');
  try {
    const result = inner.run(fn);
    if (isTensor(result) && result.scope === inner) {
      const parent = currentScope();
      if (parent !== null) parent.adopt(result);
      else result.outlive();
    }
    return result;
  } finally {
    inner.dispose();
  }
}

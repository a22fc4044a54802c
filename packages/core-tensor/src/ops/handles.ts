/**
 * User-facing functions reshape their operands to the form of the catalogue and the result back. These in-between
 * handles are freed at once: otherwise they would hold on to storages until the end of the scope, and a result that is a
 * view of a tensor nobody can see would be refused by the in-place methods.
 */
import type { Tensor } from '../tensor.js';

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

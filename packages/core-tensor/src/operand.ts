import { DisposedError, DTypeError } from './errors.js';
import { showShape } from './shape.js';
import { isTensor, type Tensor } from './tensor.js';

export function describe(x: unknown): string {
  return Array.isArray(x) ? 'an array' : x === null ? 'null' : typeof x;
}

export function disposed(op: string, t: Tensor): DisposedError {
  return new DisposedError(
    op,
    `expected a live tensor, got one of shape ${showShape(t.shape)} that was freed by ${t.freedBy}; ` +
      'return it from the scope, or keep(t) it there',
  );
}

/** Refuses what is no tensor or was freed, under the name that the user called. */
export function checkTensor(op: string, x: Tensor): Tensor {
  if (!isTensor(x)) throw new DTypeError(op, `expected a tensor, got ${describe(x)}; wrap it with tensor(...)`);
  if (x.storage === null) throw disposed(op, x);
  return x;
}

import {
  clampMax,
  clampMin,
  copy_,
  div,
  isParameter,
  isTensor,
  KonvError,
  minimum,
  mul_,
  add,
  noGrad,
  norm,
  type Parameter,
  scope,
  stack,
  type Tensor,
  zeros,
} from '@konv/core-tensor';
import { checkOptions, flag } from './arguments.js';

export interface ClipGradNormOptions {
  /** The p of the norm; Infinity for the greatest magnitude. Default: 2. */
  normType?: number;
  /** Throws where the norm is NaN or infinite, which reads it back. Default: false. */
  errorIfNonFinite?: boolean;
}

function gradients(op: string, parameters: Parameter | Iterable<Parameter>): Tensor[] {
  const list = isTensor(parameters) ? [parameters] : parameters;
  if (typeof (list as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw new KonvError(op, `expected parameters, got ${String(parameters)}; pass model.parameters()`);
  }
  const found: Tensor[] = [];
  for (const p of list) {
    if (!isParameter(p)) throw new KonvError(op, `expected parameters, got ${typeof p} among them; pass model.parameters()`);
    if (p.grad !== null) found.push(p.grad);
  }
  return found;
}

function checkLimit(op: string, name: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new KonvError(op, `expected ${name} to be a number >= 0, got ${String(value)}`);
}

/**
 * Scales all gradients, in place, so that the norm of them all together is at most `maxNorm`:
 * grad *= min(1, maxNorm / (norm + 1e-6)). Returns the norm before, a scalar tensor: nothing is read back.
 *
 * Parameters without a gradient count for nothing; without any the norm is 0. Errors: `KonvError`; with
 * `errorIfNonFinite` also for a norm that is NaN or infinite, before anything has changed.
 * Source: torch.nn.utils.clip_grad_norm_.
 */
export function clipGradNorm(parameters: Parameter | Iterable<Parameter>, maxNorm: number, options: ClipGradNormOptions = {}): Tensor {
  const op = 'clipGradNorm';
  checkOptions(op, options, ['normType', 'errorIfNonFinite']);
  const { normType = 2 } = options;
  const strict = flag(op, 'errorIfNonFinite', options.errorIfNonFinite ?? false);
  const limit = checkLimit(op, 'maxNorm', maxNorm);
  const grads = gradients(op, parameters);
  if (grads.length === 0) return zeros([]);
  return noGrad(() =>
    scope(() => {
      const total = norm(stack(grads.map((g) => norm(g, normType))), normType);
      if (strict && !Number.isFinite(total.itemSync())) {
        throw new KonvError(
          op,
          `expected a finite norm of the gradients, got ${total.itemSync()}; lower the learning rate, or look for NaN`,
        );
      }
      const factor = clampMax(div(limit, add(total, 1e-6)), 1);
      for (const g of grads) mul_(g, factor.cast(g.dtype));
      return total;
    }),
  );
}

/**
 * Clamps every element of every gradient to [-clipValue, clipValue], in place. Errors: `KonvError`.
 * Source: torch.nn.utils.clip_grad_value_.
 */
export function clipGradValue(parameters: Parameter | Iterable<Parameter>, clipValue: number): void {
  const op = 'clipGradValue';
  const limit = checkLimit(op, 'clipValue', clipValue);
  const grads = gradients(op, parameters);
  noGrad(() =>
    scope(() => {
      for (const g of grads) copy_(g, minimum(clampMin(g, -limit), limit));
    }),
  );
}

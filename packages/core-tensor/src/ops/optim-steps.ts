import type { AdamAttrs, Backend, SgdAttrs, TensorRef } from '../backend.js';
import { disposed } from '../operand.js';
import { type DType, isFloat } from '../dtype.js';
import { BackendError, DTypeError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { scope } from '../scope.js';
import { sameShape, showShape } from '../shape.js';
import type { Storage } from '../storage.js';
import { isTensor, type Tensor } from '../tensor.js';
import { add, add_, div, mul, mul_, sub_ } from './binary.js';
import { contiguous, copy_ } from './movement.js';
import { sqrt, square } from './unary.js';

type Step = 'sgdStep' | 'adamStep';

const served = new WeakMap<Backend, Map<string, boolean>>();

/** Whether the backend has the fused step; asked once. */
function serves(backend: Backend, step: Step, dtype: DType): boolean {
  let table = served.get(backend);
  if (!table) served.set(backend, (table = new Map()));
  const key = `${step} ${dtype}`;
  let known = table.get(key);
  if (known === undefined) table.set(key, (known = typeof backend[step] === 'function' && backend.supports(step, null, dtype)));
  return known;
}

/** All operands must live on one backend and have the parameter's shape and dtype. Nothing has changed when this throws. */
function check(step: Step, named: Readonly<Record<string, Tensor | null>>): void {
  const { parameter } = named;
  for (const [name, t] of Object.entries(named)) {
    if (t === null) continue;
    if (!isTensor(t)) throw new DTypeError(step, `expected a tensor as ${name}, got ${typeof t}`);
    if (t.storage === null) throw disposed(step, t);
    const base = parameter as Tensor;
    if (!sameShape(t.shape, base.shape)) {
      throw new ShapeError(step, `expected ${name} of the parameter's shape ${showShape(base.shape)}, got ${showShape(t.shape)}`);
    }
    if (t.dtype !== base.dtype || !isFloat(t.dtype)) {
      throw new DTypeError(step, `expected ${name} in a float dtype, the parameter's own, got ${t.dtype} with ${base.dtype}; cast it`);
    }
    if (t.storage.backend !== base.device) {
      throw new BackendError(step, `expected ${name} on "${base.backend}", got "${t.backend}"; await optimizer.to('${base.backend}')`);
    }
  }
}

/**
 * Runs an update that writes over `written` (the parameter first) and reads `gradient`: by the backend's kernel where
 * it has one and the windows are row-major, else by the elementwise ops of `compose`.
 */
function stepInPlace(
  step: Step,
  written: readonly Tensor[],
  gradient: Tensor,
  kernel: (backend: Backend, gradient: TensorRef) => void,
  compose: () => void,
): void {
  const [parameter] = written;
  if (parameter.size === 0) return;
  const backend = parameter.device;
  if (!serves(backend, step, parameter.dtype) || !written.every((t) => t.isContiguous)) {
    noGrad(() => scope(compose, `the decomposition of ${step}`));
    return;
  }
  const dense = noGrad(() => contiguous(gradient));
  kernel(backend, dense.ref);
  if (dense !== gradient) dense.dispose();
  for (const t of written) (t.storage as Storage).buffer.version++;
}

/**
 * One step of stochastic gradient descent, in place on `parameter` p and momentum buffer b:
 * g' = g + weightDecay p; b = g' on the first step, else momentum b + (1 - dampening) g';
 * p -= lr * (nesterov ? g' + momentum b : b), or lr * g' without momentum.
 *
 * All of one shape, float dtype and backend; `buffer` is null without momentum. Records no gradient.
 * Errors: `ShapeError`, `DTypeError`, `BackendError`, `DisposedError`, before anything has changed.
 * Source: torch.optim.SGD.
 */
export function sgdStep(parameter: Tensor, gradient: Tensor, buffer: Tensor | null, attrs: SgdAttrs): void {
  check('sgdStep', { parameter, gradient, buffer });
  const { momentum, dampening, weightDecay, nesterov } = attrs;
  const { lr, firstStep } = attrs.dynamic;
  if (momentum !== 0 && buffer === null) {
    throw new ShapeError('sgdStep', `expected a momentum buffer for momentum ${momentum}, got none; make one of the parameter's shape`);
  }
  stepInPlace(
    'sgdStep',
    buffer === null ? [parameter] : [parameter, buffer],
    gradient,
    (backend, g) => backend.sgdStep?.(parameter.ref, g, buffer === null ? null : buffer.ref, attrs),
    () => {
      const g = weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));
      let direction = g;
      if (momentum !== 0 && buffer !== null) {
        if (firstStep) copy_(buffer, g);
        else add_(mul_(buffer, momentum), mul(g, 1 - dampening));
        direction = nesterov ? add(g, mul(buffer, momentum)) : buffer;
      }
      sub_(parameter, mul(direction, lr));
    },
  );
}

/**
 * One step of Adam, in place on `parameter` p and the moments m and v:
 * g' = g + weightDecay p (decoupled: p *= 1 - lr weightDecay instead, as AdamW);
 * m = beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2;
 * p -= lr / biasCorrection1 * m / (sqrt(v) / sqrt(biasCorrection2) + eps).
 *
 * All of one shape, float dtype and backend. Records no gradient. Errors as `sgdStep`.
 * Source: torch.optim.Adam, torch.optim.AdamW.
 */
export function adamStep(parameter: Tensor, gradient: Tensor, m: Tensor, v: Tensor, attrs: AdamAttrs): void {
  check('adamStep', { parameter, gradient, m, v });
  const { beta1, beta2, eps, weightDecay, decoupled } = attrs;
  const { lr, biasCorrection1, biasCorrection2 } = attrs.dynamic;
  stepInPlace(
    'adamStep',
    [parameter, m, v],
    gradient,
    (backend, g) => backend.adamStep?.(parameter.ref, g, m.ref, v.ref, attrs),
    () => {
      let g = gradient;
      if (weightDecay !== 0 && decoupled) mul_(parameter, 1 - lr * weightDecay);
      else if (weightDecay !== 0) g = add(gradient, mul(parameter, weightDecay));
      add_(mul_(m, beta1), mul(g, 1 - beta1));
      add_(mul_(v, beta2), mul(square(g), 1 - beta2));
      const scale = add(div(sqrt(v), Math.sqrt(biasCorrection2)), eps);
      sub_(parameter, mul(div(m, scale), lr / biasCorrection1));
    },
  );
}

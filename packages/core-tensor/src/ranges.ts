import { tensor, type TensorOptions } from './creation.js';
import { isFloat } from './dtype.js';
import { DTypeError, ShapeError } from './errors.js';
import { checkShape } from './shape.js';
import type { Tensor } from './tensor.js';

/**
 * `steps` values from `start` to `end`, both included, at equal distances: start + i (end - start) / (steps - 1).
 * float32 by default; one step gives start, none an empty tensor.
 * Errors: `ShapeError` for bounds or steps that are no such numbers; `DTypeError` unless float. Source: torch.linspace.
 */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    throw new ShapeError('linspace', `expected finite bounds, got ${String(start)} and ${String(end)}; pass (start, end, steps)`);
  }
  const shape = checkShape('linspace', [steps]);
  const { dtype = 'float32' } = options;
  if (!isFloat(dtype)) throw new DTypeError('linspace', `expected a float dtype, got ${dtype}; use arange for whole numbers`);
  const step = steps > 1 ? (end - start) / (steps - 1) : 0;
  // From both ends to the middle, as PyTorch does: so both bounds are exact.
  const values = Float64Array.from({ length: steps }, (_, i) => (i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step));
  return tensor(values, { ...options, dtype, shape });
}

import { isFloat } from './dtype.js';
import { DTypeError } from './errors.js';
import { noGrad } from './grad-mode.js';
import { clone, detach } from './ops/movement.js';
import { contiguousStrides } from './shape.js';
import type { Storage } from './storage.js';
import { isTensor, Tensor } from './tensor.js';

const BRAND: unique symbol = Symbol.for('konv.parameter.1') as never;

/**
 * A leaf tensor that a Module trains: it requires grad and outlives every scope. Takes over the values of `data`
 * (shared where it is a contiguous tensor, so `data` may be disposed).
 * Errors: `DTypeError` unless `data` is a float tensor or `requiresGrad` is false. Source: torch.nn.Parameter.
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, options: { requiresGrad?: boolean } = {}) {
    const { requiresGrad = true } = options;
    if (!isTensor(data)) throw new DTypeError('Parameter', `expected a tensor, got ${typeof data}; wrap it with tensor(...)`);
    if (requiresGrad && !isFloat(data.dtype)) {
      throw new DTypeError('Parameter', `expected a float tensor, got ${data.dtype}; cast it, or pass { requiresGrad: false }`);
    }
    const own = data.isContiguous && !data.isView ? detach(data) : noGrad(() => clone(data));
    const storage = own.storage as Storage;
    const ref = { ...own.ref, strides: contiguousStrides(own.shape) };
    super(storage.retain(), ref, false);
    own.dispose();
    this.keep();
    this.requiresGrad = requiresGrad;
  }
}
Object.defineProperty(Parameter.prototype, BRAND, { value: true });

/** Whether `x` is a Parameter, of whichever copy of the package. */
export function isParameter(x: unknown): x is Parameter {
  return isTensor(x) && BRAND in x;
}

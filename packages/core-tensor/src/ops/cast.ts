import { dispatch } from '../dispatch.js';
import { checkDType, type DType } from '../dtype.js';
import { BackendError } from '../errors.js';
import { checkTensor } from '../operand.js';
import type { Tensor } from '../tensor.js';
import { defineOp, type Op } from './define-op.js';

export const castOp: Op<{ readonly dtype: DType }> = defineOp('cast', {
  family: 'cast',
  strided: 1,
  infer: ([x], { dtype }) => [{ shape: (x as Tensor).shape, dtype }],
  kernel: (backend, [x], _attrs, [out]) => backend.cast(x as Tensor['ref'], out),
});

/**
 * The values in another dtype; the tensor itself where it has it already. Floats truncate toward zero to int32; anything
 * but 0 is true. Gradients flow between float dtypes. Errors: `DTypeError`, `BackendError` for a dtype that the backend
 * lacks. Source: torch.Tensor.to.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkDType('cast', dtype);
  checkTensor('cast', x);
  if (x.dtype === dtype) return x;
  const { name, capabilities } = x.device;
  if (!capabilities.dtypes.includes(dtype)) {
    throw new BackendError(
      'cast',
      `expected one of ${capabilities.dtypes.join(', ')}, got ${dtype}, which is not supported on "${name}"; move the tensor to another backend`,
    );
  }
  return dispatch(castOp, [x], { dtype });
}

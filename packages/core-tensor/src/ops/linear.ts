import type { ActivationKind, TensorRef } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { sameShape, showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add, commonDType } from './binary.js';
import { cast } from './cast.js';
import { activate } from './conv-decompose.js';
import { defineOp, type Op } from './define-op.js';
import { drop, replacing } from './handles.js';
import { matmulOp } from './matmul.js';
import { checkCount, checkFloat, checkTensor } from './spatial.js';
import { expand, reshape } from './view.js';

interface LinearAttrs {
  readonly activation: ActivationKind | null;
}

/** (x [rows, in], weight [out, in], bias [out] | null) -> y [rows, out] */
export const linearOp: Op<LinearAttrs> = defineOp('linear', {
  family: 'linear',
  infer: (inputs) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | null];
    if (x.rank !== 2 || weight.rank !== 2 || x.shape[1] !== weight.shape[1] || (bias && !sameShape(bias.shape, [weight.shape[0]]))) {
      throw new ShapeError(
        'linear',
        `expected x [rows, in], weight [out, in] and bias [out], got ${showShape(x.shape)}, ${showShape(weight.shape)} and ` +
          `${bias ? showShape(bias.shape) : 'none'}`,
      );
    }
    if (!isFloat(x.dtype) || weight.dtype !== x.dtype || (bias && bias.dtype !== x.dtype)) {
      throw new DTypeError(
        'linear',
        `expected operands of one float dtype, got ${x.dtype}, ${weight.dtype}${bias ? `, ${bias.dtype}` : ''}`,
      );
    }
    return [{ shape: [x.shape[0], weight.shape[0]], dtype: x.dtype }];
  },
  kernel: (backend, [x, weight, bias], { activation }, [out]) =>
    backend.linear?.(x as TensorRef, weight as TensorRef, bias as TensorRef | null, activation, out),
  decompose: (inputs, { activation }) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor | null];
    const [rows, width] = x.shape;
    const out = weight.shape[0];
    const product = dispatch(matmulOp, [reshape(x, [1, rows, width]), reshape(weight, [1, out, width])], {
      transposeA: false,
      transposeB: true,
    });
    const y = reshape(product, [rows, out]);
    return activate(bias === null ? y : add(y, bias), activation);
  },
});

/** What to do about an input with other features than the weight has. */
function remedy(x: Tensor, width: number): string {
  const got = x.shape.at(-1) ?? 1;
  const perSample = sizeOf(x.shape.slice(1));
  if (x.rank > 2 && perSample === width) return 'flatten the input from axis 1: flatten(1)';
  if (x.rank > 0 && x.size === width && got !== width) return "one sample without a batch axis? unsqueeze(0) the network's input";
  return `give the layer ${x.rank > 2 ? `${perSample} input features and the input a flatten(1)` : `${got} input features`}`;
}

/**
 * y = activation(x weight^T + bias).
 *
 * x [..., in], weight [out, in], bias [out] or null -> [..., out]; a vector x gives a vector. Whole-number inputs
 * compute in the weight's dtype. `activation` is none by default.
 * Errors: `ShapeError` naming both shapes; `DTypeError` for a weight that is not float.
 * Source: torch.nn.functional.linear.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null, activation: ActivationKind | null = null): Tensor {
  checkTensor('linear', 'input', x);
  checkFloat('linear', 'weight', weight);
  if (weight.rank !== 2) throw new ShapeError('linear', `expected weight [out, in], got ${showShape(weight.shape)}; reshape it`);
  const [out, width] = weight.shape;
  const dtype = commonDType('linear', x, weight);
  if (x.rank === 0 || x.shape[x.rank - 1] !== width) {
    const got = x.rank === 0 ? 'a scalar' : `${x.shape[x.rank - 1]} from input ${showShape(x.shape)}`;
    throw new ShapeError('linear', `expected ${width} input features (weight ${showShape(weight.shape)}), got ${got}; ${remedy(x, width)}`);
  }
  if (bias !== null) {
    checkFloat('linear', 'bias', bias);
    if (!sameShape(bias.shape, [out])) {
      throw new ShapeError('linear', `expected bias [${out}] (weight ${showShape(weight.shape)}), got ${showShape(bias.shape)}`);
    }
  }
  const lead = x.shape.slice(0, -1);
  const rows = sizeOf(lead);
  checkCount('linear', 'output', [rows, out]);
  const [input, w] = [cast(x, dtype), cast(weight, dtype)];
  const b = bias === null ? null : cast(bias, dtype);
  const flat = x.rank === 2 ? input : reshape(input, [rows, width]);
  // Over no features at all the sum is 0, and only the bias is left.
  if (width === 0 && b !== null)
    return activate(add(dispatch(linearOp, [flat, w, null], { activation: null }), expand(b, [...lead, out])), activation);
  const y = dispatch(linearOp, [flat, w, b], { activation });
  for (const made of [flat, input, w, b]) drop(made, x, weight, bias);
  return x.rank === 2 ? y : replacing(y, reshape(y, [...lead, out]));
}

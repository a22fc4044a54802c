import type { RequiredUnaryKind, UnaryKind } from '../backend.js';
import { dispatch, dispatchInPlace } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import type { Tensor } from '../tensor.js';
import { add, div, lt, maximum, mul, sub } from './binary.js';
import { cast } from './cast.js';
import { defineOp, type Op } from './define-op.js';
import { drop } from './handles.js';

/** Kinds that int32 tensors keep; all others compute int32 and bool in float32. */
const exactOnInt: ReadonlySet<UnaryKind> = new Set<UnaryKind>(['neg', 'abs', 'sign', 'square', 'relu', 'floor', 'ceil']);

/** The optional kinds in terms of required ones: the same values up to rounding, the same NaN and infinities. */
const decompositions: Record<Exclude<UnaryKind, RequiredUnaryKind>, (x: Tensor) => Tensor> = {
  neg: (x) => mul(x, -1),
  abs: (x) => maximum(x, mul(x, -1)),
  sign: (x) => sub(cast(lt(0, x), x.dtype), cast(lt(x, 0), x.dtype)),
  square: (x) => mul(x, x),
  reciprocal: (x) => div(1, x),
  rsqrt: (x) => div(1, sqrt(x)),
  ceil: (x) => mul(floor(mul(x, -1)), -1),
  relu: (x) => maximum(x, 0),
  sigmoid: (x) => div(1, add(exp(mul(x, -1)), 1)),
};

function unaryOp(kind: UnaryKind): Op<null> {
  const decompose = (decompositions as Partial<Record<UnaryKind, (x: Tensor) => Tensor>>)[kind];
  return defineOp(kind, {
    family: 'unary',
    kind,
    strided: 1,
    infer: (inputs) => [inputs[0] as Tensor],
    kernel: (backend, inputs, _attrs, outputs) => backend.unary(kind, inputs[0] as Tensor['ref'], outputs[0]),
    decompose: decompose ? (inputs) => decompose(inputs[0] as Tensor) : null,
  });
}

export const unaryOps: { readonly [K in UnaryKind]: Op<null> } = {
  exp: unaryOp('exp'),
  log: unaryOp('log'),
  sqrt: unaryOp('sqrt'),
  tanh: unaryOp('tanh'),
  floor: unaryOp('floor'),
  neg: unaryOp('neg'),
  abs: unaryOp('abs'),
  sign: unaryOp('sign'),
  square: unaryOp('square'),
  reciprocal: unaryOp('reciprocal'),
  rsqrt: unaryOp('rsqrt'),
  ceil: unaryOp('ceil'),
  relu: unaryOp('relu'),
  sigmoid: unaryOp('sigmoid'),
};

/** `x` in the dtype in which `kind` is computed. */
function prepared(kind: UnaryKind, x: Tensor): Tensor {
  checkTensor(kind, x);
  if (isFloat(x.dtype)) return x;
  if (x.dtype === 'int32' && exactOnInt.has(kind)) return x;
  if (x.dtype === 'bool' && exactOnInt.has(kind)) {
    throw new DTypeError(kind, "expected numbers, got bool; use cast('int32') or cast('float32') first");
  }
  return cast(x, 'float32');
}

function apply(kind: UnaryKind, x: Tensor): Tensor {
  const p = prepared(kind, x);
  // floor and ceil of whole numbers are the numbers themselves.
  if (p.dtype === 'int32' && (kind === 'floor' || kind === 'ceil')) return p.clone();
  const y = dispatch(unaryOps[kind], [p], null);
  drop(p, x);
  return y;
}

/** y = e^x. Source: torch.exp. */
export function exp(x: Tensor): Tensor {
  return apply('exp', x);
}
/** y = ln x; -infinity at 0, NaN below. Source: torch.log. */
export function log(x: Tensor): Tensor {
  return apply('log', x);
}
/** y = the square root of x; NaN below 0. Source: torch.sqrt. */
export function sqrt(x: Tensor): Tensor {
  return apply('sqrt', x);
}
/** y = tanh x. Derivative 1 - y^2. Source: torch.tanh. */
export function tanh(x: Tensor): Tensor {
  return apply('tanh', x);
}
/** The greatest whole number <= x. Derivative 0. Source: torch.floor. */
export function floor(x: Tensor): Tensor {
  return apply('floor', x);
}
/** The least whole number >= x. Derivative 0. Source: torch.ceil. */
export function ceil(x: Tensor): Tensor {
  return apply('ceil', x);
}
/** y = -x. Source: torch.neg. */
export function neg(x: Tensor): Tensor {
  return apply('neg', x);
}
/** y = |x|. Derivative sign(x), 0 at 0. Source: torch.abs. */
export function abs(x: Tensor): Tensor {
  return apply('abs', x);
}
/** -1, 0 or 1. Derivative 0. Source: torch.sign. */
export function sign(x: Tensor): Tensor {
  return apply('sign', x);
}
/** y = x^2. Source: torch.square. */
export function square(x: Tensor): Tensor {
  return apply('square', x);
}
/** y = 1 / x. Source: torch.reciprocal. */
export function reciprocal(x: Tensor): Tensor {
  return apply('reciprocal', x);
}
/** y = 1 / sqrt(x). Source: torch.rsqrt. */
export function rsqrt(x: Tensor): Tensor {
  return apply('rsqrt', x);
}
/** y = max(x, 0). Derivative 0 at 0. Source: torch.nn.functional.relu. */
export function relu(x: Tensor): Tensor {
  return apply('relu', x);
}
/** y = 1 / (1 + e^-x). Derivative y (1 - y). Source: torch.sigmoid. */
export function sigmoid(x: Tensor): Tensor {
  return apply('sigmoid', x);
}
/** `relu` over x itself. Source: torch.relu_. */
export function relu_(x: Tensor): Tensor {
  if (checkTensor('relu_', x).dtype === 'bool') throw new DTypeError('relu_', "expected numbers, got bool; use cast('int32') first");
  return dispatchInPlace('relu_', unaryOps.relu, [x], null, x);
}

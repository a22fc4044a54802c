import type { RequiredUnaryKind, UnaryKind } from '../backend.js';
import { dispatch, dispatchInPlace } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import type { Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { defineOp, type Op } from './define-op.js';
import { unaryDecompositions } from './elementwise-decompose.js';
import { drop } from './handles.js';

/** Kinds that int32 tensors keep; all others compute int32 and bool in float32. */
const exactOnInt: ReadonlySet<UnaryKind> = new Set<UnaryKind>(['neg', 'abs', 'sign', 'square', 'relu', 'floor', 'ceil', 'round', 'trunc']);

/** Of whole numbers these are the numbers themselves. */
const roundings: ReadonlySet<UnaryKind> = new Set<UnaryKind>(['floor', 'ceil', 'round', 'trunc']);

const required: ReadonlySet<UnaryKind> = new Set<RequiredUnaryKind>(['exp', 'log', 'sqrt', 'tanh', 'floor']);
const isRequired = (kind: UnaryKind): kind is RequiredUnaryKind => required.has(kind);

function unaryOp(kind: UnaryKind): Op<null> {
  return defineOp(kind, {
    family: 'unary',
    kind,
    strided: 1,
    infer: (inputs) => [inputs[0] as Tensor],
    kernel: (backend, inputs, _attrs, outputs) => backend.unary(kind, inputs[0] as Tensor['ref'], outputs[0]),
    // Looked up when called: that table is made of these ops.
    decompose: isRequired(kind) ? null : (inputs) => unaryDecompositions[kind](inputs[0] as Tensor),
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
  round: unaryOp('round'),
  trunc: unaryOp('trunc'),
  relu: unaryOp('relu'),
  sigmoid: unaryOp('sigmoid'),
  sin: unaryOp('sin'),
  cos: unaryOp('cos'),
  tan: unaryOp('tan'),
  asin: unaryOp('asin'),
  acos: unaryOp('acos'),
  atan: unaryOp('atan'),
  sinh: unaryOp('sinh'),
  cosh: unaryOp('cosh'),
  exp2: unaryOp('exp2'),
  expm1: unaryOp('expm1'),
  log2: unaryOp('log2'),
  log10: unaryOp('log10'),
  log1p: unaryOp('log1p'),
  erf: unaryOp('erf'),
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
  if (p.dtype === 'int32' && roundings.has(kind)) return p.clone();
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
/** The nearest whole number, of two as near ones the even one: 0.5 gives 0, 1.5 gives 2. Derivative 0. Source: torch.round. */
export function round(x: Tensor): Tensor {
  return apply('round', x);
}
/** x without its fraction, toward 0. Derivative 0. Source: torch.trunc. */
export function trunc(x: Tensor): Tensor {
  return apply('trunc', x);
}
/**
 * y = sin x, x in radians; NaN at the infinities. Where the backend has no kernel of its own, float32 beyond 1.02e5 and float64 beyond
 * 2.1e8 give NaN. Source: torch.sin.
 */
export function sin(x: Tensor): Tensor {
  return apply('sin', x);
}
/** y = cos x, x in radians; NaN at the infinities, and far out as `sin`. Derivative -sin x. Source: torch.cos. */
export function cos(x: Tensor): Tensor {
  return apply('cos', x);
}
/** y = tan x, x in radians; NaN at the infinities, and far out as `sin`. Derivative 1 + y^2. Source: torch.tan. */
export function tan(x: Tensor): Tensor {
  return apply('tan', x);
}
/**
 * The angle in [-pi / 2, pi / 2] whose sine is x; NaN beyond [-1, 1]. Derivative 1 / sqrt(1 - x^2), infinite at the ends. Source: torch.asin.
 */
export function asin(x: Tensor): Tensor {
  return apply('asin', x);
}
/** The angle in [0, pi] whose cosine is x; NaN beyond [-1, 1]. Derivative -1 / sqrt(1 - x^2). Source: torch.acos. */
export function acos(x: Tensor): Tensor {
  return apply('acos', x);
}
/** The angle in (-pi / 2, pi / 2) whose tangent is x. Derivative 1 / (1 + x^2). Source: torch.atan. */
export function atan(x: Tensor): Tensor {
  return apply('atan', x);
}
/** y = (e^x - e^-x) / 2. Derivative cosh x. Source: torch.sinh. */
export function sinh(x: Tensor): Tensor {
  return apply('sinh', x);
}
/** y = (e^x + e^-x) / 2. Derivative sinh x. Source: torch.cosh. */
export function cosh(x: Tensor): Tensor {
  return apply('cosh', x);
}
/** y = 2^x. Derivative y ln 2. Source: torch.exp2. */
export function exp2(x: Tensor): Tensor {
  return apply('exp2', x);
}
/** y = e^x - 1, exact also near 0. Derivative y + 1. Source: torch.expm1. */
export function expm1(x: Tensor): Tensor {
  return apply('expm1', x);
}
/** The logarithm to base 2; -infinity at 0, NaN below. Derivative 1 / (x ln 2). Source: torch.log2. */
export function log2(x: Tensor): Tensor {
  return apply('log2', x);
}
/** The logarithm to base 10; -infinity at 0, NaN below. Derivative 1 / (x ln 10). Source: torch.log10. */
export function log10(x: Tensor): Tensor {
  return apply('log10', x);
}
/** y = ln(1 + x), exact also near 0; -infinity at -1, NaN below. Derivative 1 / (1 + x). Source: torch.log1p. */
export function log1p(x: Tensor): Tensor {
  return apply('log1p', x);
}
/** y = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x. Derivative 2 / sqrt(pi) e^(-x^2). Source: torch.erf. */
export function erf(x: Tensor): Tensor {
  return apply('erf', x);
}
/** `relu` over x itself. Source: torch.relu_. */
export function relu_(x: Tensor): Tensor {
  if (checkTensor('relu_', x).dtype === 'bool') throw new DTypeError('relu_', "expected numbers, got bool; use cast('int32') first");
  return dispatchInPlace('relu_', unaryOps.relu, [x], null, x);
}

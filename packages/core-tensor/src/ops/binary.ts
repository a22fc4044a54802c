import type { BinaryKind, CompareKind, RequiredBinaryKind } from '../backend.js';
import { dispatch, dispatchInPlace } from '../dispatch.js';
import { type DType, isFloat, promote, promoteWithNumber } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { checkTensor, describe } from '../operand.js';
import { broadcastShapes } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { cast } from './cast.js';
import { ALL_STRIDED, defineNonDifferentiableOp, defineOp, type Op, type Operand, type RefOperand } from './define-op.js';
import { atan2Decomposed, fmodDecomposed } from './elementwise-decompose.js';
import { tidy } from './handles.js';
import { rsqrt, sqrt } from './unary.js';
import { logicalNot, where } from './where.js';

type Other = Tensor | number;
type Decomposition = (a: Other, b: Other) => Tensor;

const compareKinds: ReadonlySet<BinaryKind> = new Set<BinaryKind>(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);

const minus = (x: Other): Other => (typeof x === 'number' ? -x : mul(x, -1));

/** The optional kinds in terms of required ones. A comparison with NaN is false, but `ne` is true. */
const decompositions: Record<Exclude<BinaryKind, RequiredBinaryKind>, Decomposition> = {
  // Through the negatives a NaN survives; whole numbers have none, and -(-2^31) is no int32.
  minimum: (a, b) => (isFloat((isTensor(a) ? a : (b as Tensor)).dtype) ? mul(maximum(minus(a), minus(b)), -1) : where(lt(b, a), b, a)),
  ne: (a, b) => logicalNot(eq(a, b)),
  gt: (a, b) => lt(b, a),
  le: (a, b) => maximum(lt(a, b), eq(a, b)),
  ge: (a, b) => maximum(lt(b, a), eq(a, b)),
  fmod: fmodDecomposed,
  atan2: atan2Decomposed,
  reluGrad: (dy, y) => where(lt(0, y), dy, 0),
  sigmoidGrad: (dy, y) => mul(dy, mul(y, sub(1, y))),
  tanhGrad: (dy, y) => mul(dy, sub(1, mul(y, y))),
};

function inferBinary(kind: BinaryKind, inputs: readonly Operand[]): { shape: readonly number[]; dtype: DType }[] {
  const a = inputs[0] as Other;
  const b = inputs[1] as Other;
  let shape: readonly number[];
  let dtype: DType;
  if (typeof a === 'number') ({ shape, dtype } = b as Tensor);
  else if (typeof b === 'number') ({ shape, dtype } = a);
  else {
    shape = broadcastShapes(kind, a.shape, b.shape);
    dtype = a.dtype;
  }
  return [{ shape, dtype: compareKinds.has(kind) ? 'bool' : dtype }];
}

function binaryOp(kind: BinaryKind): Op<null> {
  const decompose = (decompositions as Partial<Record<BinaryKind, Decomposition>>)[kind];
  const definition = {
    family: 'binary',
    kind,
    strided: ALL_STRIDED,
    broadcast: true,
    infer: (inputs: readonly Operand[]) => inferBinary(kind, inputs),
    kernel: (backend: Parameters<Op['kernel']>[0], inputs: readonly RefOperand[], _attrs: null, outputs: readonly Tensor['ref'][]) =>
      backend.binary(kind, inputs[0] as number, inputs[1] as number, outputs[0]),
    decompose: decompose ? (inputs: readonly Operand[]) => decompose(inputs[0] as Other, inputs[1] as Other) : null,
  } as const;
  return compareKinds.has(kind)
    ? defineNonDifferentiableOp(kind, definition)
    : defineOp(kind as Exclude<BinaryKind, CompareKind>, definition);
}

export const binaryOps: { readonly [K in BinaryKind]: Op<null> } = {
  add: binaryOp('add'),
  sub: binaryOp('sub'),
  mul: binaryOp('mul'),
  div: binaryOp('div'),
  pow: binaryOp('pow'),
  maximum: binaryOp('maximum'),
  minimum: binaryOp('minimum'),
  eq: binaryOp('eq'),
  ne: binaryOp('ne'),
  lt: binaryOp('lt'),
  le: binaryOp('le'),
  gt: binaryOp('gt'),
  ge: binaryOp('ge'),
  fmod: binaryOp('fmod'),
  atan2: binaryOp('atan2'),
  reluGrad: binaryOp('reluGrad'),
  sigmoidGrad: binaryOp('sigmoidGrad'),
  tanhGrad: binaryOp('tanhGrad'),
};

/**
 * The dtype in which two operands compute. A scalar tensor counts like a number: it does not widen a tensor of its own
 * kind (float32 [3] with float64 [] is float32). Source: PyTorch, "type promotion".
 */
export function commonDType(op: string, a: Other, b: Other): DType {
  if (typeof a === 'number') {
    if (typeof b === 'number') throw new DTypeError(op, 'expected at least one tensor, got two numbers; wrap one with tensor(...)');
    return promoteWithNumber(tensorOrNumber(op, b).dtype, a);
  }
  tensorOrNumber(op, a);
  if (typeof b === 'number') return promoteWithNumber(a.dtype, b);
  tensorOrNumber(op, b);
  if (a.dtype === b.dtype) return a.dtype;
  const [ka, kb] = [kindRank(a.dtype), kindRank(b.dtype)];
  if (a.rank > 0 && b.rank === 0 && kb <= ka) return a.dtype;
  if (b.rank > 0 && a.rank === 0 && ka <= kb) return b.dtype;
  return promote(a.dtype, b.dtype);
}

function kindRank(dtype: DType): number {
  return isFloat(dtype) ? 2 : dtype === 'int32' ? 1 : 0;
}

function tensorOrNumber(op: string, x: unknown): Tensor {
  if (isTensor(x)) return x;
  throw new DTypeError(op, `expected a tensor or a number, got ${describe(x)}; wrap it with tensor(...)`);
}

/** The kind that computes `kind` on `dtype`, after checking that there is one: on bools, or is `maximum`. */
function kindFor(kind: BinaryKind, dtype: DType, name: string = kind): BinaryKind {
  if (dtype !== 'bool' || compareKinds.has(kind)) return kind;
  if (kind === 'add') return 'maximum';
  if (kind === 'mul' || kind === 'maximum' || kind === 'minimum') return kind;
  throw new DTypeError(name, "expected numbers, got bool operands; use cast('int32') or cast('float32') first");
}

function computeDType(kind: BinaryKind, a: Other, b: Other, name: string = kind): DType {
  const common = commonDType(name, a, b);
  if (isFloat(common)) return common;
  if (kind === 'div' || kind === 'atan2') return 'float32';
  if (kind === 'fmod') throw new DTypeError(name, `expected float operands, got ${common}; use cast('float32') first`);
  if (kind === 'pow' && common === 'int32' && typeof b === 'number' && b < 0) {
    throw new DTypeError(name, `expected an exponent >= 0 for int32, got ${b}; use cast('float32') first`);
  }
  const number = typeof a === 'number' ? a : typeof b === 'number' ? b : 0;
  if (number < -(2 ** 31) || number >= 2 ** 31) {
    throw new DTypeError(name, `expected a number that int32 holds, got ${number}; use cast('float32') first`);
  }
  return kind === 'pow' && common === 'bool' ? 'int32' : common;
}

function fits(x: Other, dtype: DType): boolean {
  return typeof x === 'number' || x.dtype === dtype;
}

function castTo(x: Other, dtype: DType): Other {
  return fits(x, dtype) ? x : cast(x as Tensor, dtype);
}

function apply(kind: BinaryKind, a: Other, b: Other): Tensor {
  const dtype = computeDType(kind, a, b);
  const op = binaryOps[kindFor(kind, dtype)];
  if (fits(a, dtype) && fits(b, dtype)) return dispatch(op, [a, b], null);
  if (typeof a !== 'number') checkTensor(kind, a);
  if (typeof b !== 'number') checkTensor(kind, b);
  return tidy(() => dispatch(op, [castTo(a, dtype), castTo(b, dtype)], null));
}

/** In place: the result must have `a`'s own dtype, though float64 may be rounded to float32, as in PyTorch. */
function applyInPlace(kind: BinaryKind, a: Tensor, b: Other): Tensor {
  const name = `${kind}_`;
  checkTensor(name, a);
  if (typeof b !== 'number') checkTensor(name, b);
  const common = computeDType(kind, a, b, name);
  const dtype = isFloat(common) && isFloat(a.dtype) ? a.dtype : common;
  if (dtype !== a.dtype) {
    throw new DTypeError(name, `expected a result of the tensor's own dtype ${a.dtype}, got ${dtype}; use ${kind}() or cast the operand`);
  }
  const op = binaryOps[kindFor(kind, dtype, name)];
  if (fits(b, dtype)) return dispatchInPlace(name, op, [a, b], null, a);
  return tidy(() => dispatchInPlace(name, op, [a, castTo(b, dtype)], null, a));
}

/** y = a + b, elementwise with broadcasting (axes align at the end; size 1 stretches). Source: torch.add. */
export function add(a: Other, b: Other): Tensor {
  return apply('add', a, b);
}
/** y = a - b. Errors: `DTypeError` for two bools. Source: torch.sub. */
export function sub(a: Other, b: Other): Tensor {
  return apply('sub', a, b);
}
/** y = a b, elementwise. Source: torch.mul. */
export function mul(a: Other, b: Other): Tensor {
  return apply('mul', a, b);
}
/** y = a / b; int32 operands give float32. Source: torch.div. */
export function div(a: Other, b: Other): Tensor {
  return apply('div', a, b);
}
/**
 * y = a^b. The exponents 0.5 and -0.5 are square roots, so -infinity gives NaN. Errors: `DTypeError` for a negative
 * exponent of int32. Source: torch.pow.
 */
export function pow(a: Other, b: Other): Tensor {
  if (isTensor(a) && isFloat(a.dtype) && (b === 0.5 || b === -0.5)) return b > 0 ? sqrt(a) : rsqrt(a);
  return apply('pow', a, b);
}
/** The greater of two; NaN if either is. Ties share the gradient equally. Source: torch.maximum. */
export function maximum(a: Other, b: Other): Tensor {
  return apply('maximum', a, b);
}
/** The lesser of two; NaN if either is. Ties share the gradient equally. Source: torch.minimum. */
export function minimum(a: Other, b: Other): Tensor {
  return apply('minimum', a, b);
}
/** a = b, as bool. Not differentiable. Source: torch.eq. */
export function eq(a: Other, b: Other): Tensor {
  return apply('eq', a, b);
}
/** a != b, as bool. Source: torch.ne. */
export function ne(a: Other, b: Other): Tensor {
  return apply('ne', a, b);
}
/** a < b, as bool. Source: torch.lt. */
export function lt(a: Other, b: Other): Tensor {
  return apply('lt', a, b);
}
/** a <= b, as bool. Source: torch.le. */
export function le(a: Other, b: Other): Tensor {
  return apply('le', a, b);
}
/** a > b, as bool. Source: torch.gt. */
export function gt(a: Other, b: Other): Tensor {
  return apply('gt', a, b);
}
/** a >= b, as bool. Source: torch.ge. */
export function ge(a: Other, b: Other): Tensor {
  return apply('ge', a, b);
}
/**
 * The remainder of a / b with the sign of a: a - b trunc(a / b). NaN for b = 0 and for an infinite a. Exact, but on a
 * backend without a kernel for it only up to the rounding of a. Derivatives 1 and -trunc(a / b). Errors: `DTypeError`
 * unless a float takes part. Source: torch.fmod.
 */
export function fmod(a: Other, b: Other): Tensor {
  return apply('fmod', a, b);
}
/**
 * The angle in [-pi, pi] of the point (b, a), a its height and b its width; int32 operands give float32. Derivatives
 * b / (a^2 + b^2) and -a / (a^2 + b^2). Source: torch.atan2.
 */
export function atan2(a: Other, b: Other): Tensor {
  return apply('atan2', a, b);
}
/** dx of relu: y > 0 ? dy : 0. */
export function reluGrad(dy: Tensor, y: Tensor): Tensor {
  return apply('reluGrad', dy, y);
}
/** dx of sigmoid: dy y (1 - y). */
export function sigmoidGrad(dy: Tensor, y: Tensor): Tensor {
  return apply('sigmoidGrad', dy, y);
}
/** dx of tanh: dy (1 - y y). */
export function tanhGrad(dy: Tensor, y: Tensor): Tensor {
  return apply('tanhGrad', dy, y);
}
/** a += b over a's own values. Errors: `GradError` as of `dispatchInPlace`. Source: torch.Tensor.add_. */
export function add_(a: Tensor, b: Other): Tensor {
  return applyInPlace('add', a, b);
}
/** a -= b. Source: torch.Tensor.sub_. */
export function sub_(a: Tensor, b: Other): Tensor {
  return applyInPlace('sub', a, b);
}
/** a *= b. Source: torch.Tensor.mul_. */
export function mul_(a: Tensor, b: Other): Tensor {
  return applyInPlace('mul', a, b);
}
/** a /= b. Source: torch.Tensor.div_. */
export function div_(a: Tensor, b: Other): Tensor {
  return applyInPlace('div', a, b);
}

import {
  add,
  cast,
  cos,
  cosh,
  div,
  eq,
  exp,
  ge,
  log,
  lt,
  mul,
  neg,
  pow,
  reluGrad,
  rsqrt,
  sigmoidGrad,
  sign,
  sin,
  sinh,
  sub,
  tanhGrad,
  type Tensor,
  trunc,
  type UnaryKind,
  where,
  zeros,
} from '@konv/core-tensor';
import { beside, type RuleContext } from '../context.js';
import { A, B, NOTHING, type RuleTable } from '../rule.js';
import { sumTo } from './sum-to.js';

type Other = Tensor | number;

/** Where the derivative is 0 everywhere: zeros, not dy * 0, which would be NaN for an infinite dy. */
const zero = (c: RuleContext<null>, dy: Tensor): Tensor => zeros(c.shape(0), beside(dy));

type UnaryRules = Pick<RuleTable, UnaryKind>;

export const unaryRules: UnaryRules = {
  exp: { name: 'ExpBackward0', savesOutputs: [A], each: [(c, dy) => mul(dy, c.output(0))] },
  log: { name: 'LogBackward0', saves: [A], each: [(c, dy) => div(dy, c.input(0))] },
  sqrt: { name: 'SqrtBackward0', savesOutputs: [A], each: [(c, dy) => div(dy, mul(c.output(0), 2))] },
  tanh: { name: 'TanhBackward0', savesOutputs: [A], each: [(c, dy) => tanhGrad(dy, c.output(0))] },
  sigmoid: { name: 'SigmoidBackward0', savesOutputs: [A], each: [(c, dy) => sigmoidGrad(dy, c.output(0))] },
  relu: { name: 'ReluBackward0', savesOutputs: [A], each: [(c, dy) => reluGrad(dy, c.output(0))] },
  neg: { name: 'NegBackward0', each: [(_, dy) => neg(dy)] },
  abs: { name: 'AbsBackward0', saves: [A], each: [(c, dy) => mul(dy, sign(c.input(0)))] },
  square: { name: 'PowBackward0', saves: [A], each: [(c, dy) => mul(dy, mul(c.input(0), 2))] },
  // y = 1 / x: dx = -dy y^2
  reciprocal: {
    name: 'ReciprocalBackward0',
    savesOutputs: [A],
    each: [(c, dy) => neg(mul(dy, squareOf(c.output(0))))],
  },
  // y = x^(-1/2): dx = -dy y^3 / 2
  rsqrt: {
    name: 'RsqrtBackward0',
    savesOutputs: [A],
    each: [
      (c, dy) => {
        const y = c.output(0);
        return mul(mul(dy, -0.5), mul(squareOf(y), y));
      },
    ],
  },
  sign: { name: 'SignBackward0', each: [zero] },
  floor: { name: 'FloorBackward0', each: [zero] },
  ceil: { name: 'CeilBackward0', each: [zero] },
  round: { name: 'RoundBackward0', each: [zero] },
  trunc: { name: 'TruncBackward0', each: [zero] },

  sin: { name: 'SinBackward0', saves: [A], each: [(c, dy) => mul(dy, cos(c.input(0)))] },
  cos: { name: 'CosBackward0', saves: [A], each: [(c, dy) => mul(dy, neg(sin(c.input(0))))] },
  tan: { name: 'TanBackward0', savesOutputs: [A], each: [(c, dy) => mul(dy, add(squareOf(c.output(0)), 1))] },
  asin: { name: 'AsinBackward0', saves: [A], each: [(c, dy) => mul(dy, rsqrt(sub(1, squareOf(c.input(0)))))] },
  acos: { name: 'AcosBackward0', saves: [A], each: [(c, dy) => mul(neg(dy), rsqrt(sub(1, squareOf(c.input(0)))))] },
  atan: { name: 'AtanBackward0', saves: [A], each: [(c, dy) => div(dy, add(squareOf(c.input(0)), 1))] },
  sinh: { name: 'SinhBackward0', saves: [A], each: [(c, dy) => mul(dy, cosh(c.input(0)))] },
  cosh: { name: 'CoshBackward0', saves: [A], each: [(c, dy) => mul(dy, sinh(c.input(0)))] },
  exp2: { name: 'Exp2Backward0', savesOutputs: [A], each: [(c, dy) => mul(mul(dy, c.output(0)), Math.LN2)] },
  expm1: { name: 'Expm1Backward0', savesOutputs: [A], each: [(c, dy) => mul(dy, add(c.output(0), 1))] },
  log2: { name: 'Log2Backward0', saves: [A], each: [(c, dy) => div(dy, mul(c.input(0), Math.LN2))] },
  log10: { name: 'Log10Backward0', saves: [A], each: [(c, dy) => div(dy, mul(c.input(0), Math.LN10))] },
  log1p: { name: 'Log1PBackward0', saves: [A], each: [(c, dy) => div(dy, add(c.input(0), 1))] },
  erf: {
    name: 'ErfBackward0',
    saves: [A],
    each: [(c, dy) => mul(mul(exp(neg(squareOf(c.input(0)))), 2 / Math.sqrt(Math.PI)), dy)],
  },
};

function squareOf(y: Tensor): Tensor {
  return mul(y, y);
}

/** The share of dy that goes to an operand of maximum or minimum: all where it won (or is NaN), half of a tie. */
function winnersShare(dy: Tensor, own: Other, other: Other, loses: Tensor): Tensor {
  return where(eq(own, other), mul(dy, 0.5), where(loses, 0, dy));
}

/**
 * d(a^b)/da = b a^(b - 1), but 0 for b = 0: also at a = 0, where a^-1 is infinite.
 */
function powBase(dy: Tensor, a: Tensor, b: Other): Tensor {
  if (b === 0) return zeros(dy.shape, beside(dy));
  const slope = mul(pow(a, sub1(b)), b);
  return typeof b === 'number' ? mul(dy, slope) : where(eq(b, 0), 0, mul(dy, slope));
}

function sub1(b: Other): Other {
  return typeof b === 'number' ? b - 1 : sub(b, 1);
}

/** d(a^b)/db = y ln a, but 0 at a = 0 with b >= 0, where y ln a would be 0 times infinity. */
function powExponent(dy: Tensor, a: Other, b: Tensor, y: Tensor): Tensor {
  if (typeof a === 'number') {
    const whole = mul(dy, mul(y, Math.log(a)));
    return a === 0 ? where(ge(b, 0), 0, whole) : whole;
  }
  const flat = mul(eq(a, 0), ge(b, 0));
  return mul(dy, where(flat, 0, mul(y, log(a))));
}

/** a / (a^2 + b^2) */
function overSquares(a: Other, b: Tensor): Tensor {
  return div(a, add(mul(b, b), typeof a === 'number' ? a * a : mul(a, a)));
}

type BinaryRules = Pick<
  RuleTable,
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'fmod'
  | 'atan2'
  | 'reluGrad'
  | 'sigmoidGrad'
  | 'tanhGrad'
  | 'where'
  | 'cast'
>;

export const binaryRules: BinaryRules = {
  add: { name: 'AddBackward0', each: [(c, dy) => sumTo(dy, c.shape(0)), (c, dy) => sumTo(dy, c.shape(1))] },
  sub: { name: 'SubBackward0', each: [(c, dy) => sumTo(dy, c.shape(0)), (c, dy) => neg(sumTo(dy, c.shape(1)))] },
  mul: {
    name: 'MulBackward0',
    saves: [B, A],
    each: [(c, dy) => sumTo(mul(dy, c.operand(1)), c.shape(0)), (c, dy) => sumTo(mul(dy, c.operand(0)), c.shape(1))],
  },
  // d(a / b)/db = -(a / b) / b
  div: {
    name: 'DivBackward0',
    saves: [B, A | B],
    each: [
      (c, dy) => sumTo(div(dy, c.operand(1)), c.shape(0)),
      (c, dy) => {
        const b = c.input(1);
        return sumTo(mul(neg(dy), div(div(c.operand(0), b), b)), c.shape(1));
      },
    ],
  },
  pow: {
    name: (node) => (typeof node.inputs[1] === 'number' ? 'PowBackward0' : 'PowBackward1'),
    saves: [A | B, A | B],
    savesOutputs: [NOTHING, A],
    each: [
      (c, dy) => sumTo(powBase(dy, c.input(0), c.operand(1)), c.shape(0)),
      (c, dy) => sumTo(powExponent(dy, c.operand(0), c.input(1), c.output(0)), c.shape(1)),
    ],
  },
  maximum: {
    name: 'MaximumBackward0',
    saves: [A | B, A | B],
    each: [
      (c, dy) => sumTo(winnersShare(dy, c.input(0), c.operand(1), lt(c.input(0), c.operand(1))), c.shape(0)),
      (c, dy) => sumTo(winnersShare(dy, c.input(1), c.operand(0), lt(c.input(1), c.operand(0))), c.shape(1)),
    ],
  },
  minimum: {
    name: 'MinimumBackward0',
    saves: [A | B, A | B],
    each: [
      (c, dy) => sumTo(winnersShare(dy, c.input(0), c.operand(1), lt(c.operand(1), c.input(0))), c.shape(0)),
      (c, dy) => sumTo(winnersShare(dy, c.input(1), c.operand(0), lt(c.operand(0), c.input(1))), c.shape(1)),
    ],
  },

  fmod: {
    name: 'FmodBackward0',
    saves: [NOTHING, A | B],
    each: [(c, dy) => sumTo(dy, c.shape(0)), (c, dy) => sumTo(mul(neg(dy), trunc(div(c.operand(0), c.input(1)))), c.shape(1))],
  },
  atan2: {
    name: 'Atan2Backward0',
    saves: [A | B, A | B],
    each: [
      (c, dy) => sumTo(mul(dy, overSquares(c.operand(1), c.input(0))), c.shape(0)),
      (c, dy) => sumTo(mul(neg(dy), overSquares(c.operand(0), c.input(1))), c.shape(1)),
    ],
  },

  // The derivatives of the activations are ops of two operands, dy and y; each is linear in dy.
  // z = y > 0 ? dy : 0
  reluGrad: {
    name: 'ThresholdBackwardBackward0',
    saves: [B, NOTHING],
    each: [(c, dz) => sumTo(reluGrad(dz, c.input(1)), c.shape(0)), (c, dz) => zeros(c.shape(1), beside(dz))],
  },
  // z = dy y (1 - y): dz/dy = dy (1 - 2 y)
  sigmoidGrad: {
    name: 'SigmoidBackwardBackward0',
    saves: [B, A | B],
    each: [
      (c, dz) => sumTo(sigmoidGrad(dz, c.input(1)), c.shape(0)),
      (c, dz) => sumTo(mul(mul(dz, c.operand(0)), sub(1, mul(c.input(1), 2))), c.shape(1)),
    ],
  },
  // z = dy (1 - y^2): dz/dy = -2 dy y
  tanhGrad: {
    name: 'TanhBackwardBackward0',
    saves: [B, A | B],
    each: [
      (c, dz) => sumTo(tanhGrad(dz, c.input(1)), c.shape(0)),
      (c, dz) => sumTo(mul(mul(dz, c.operand(0)), mul(c.input(1), -2)), c.shape(1)),
    ],
  },

  where: {
    name: 'WhereBackward0',
    saves: [NOTHING, A, A],
    each: [(_, dy) => dy, (c, dy) => sumTo(where(c.input(0), dy, 0), c.shape(1)), (c, dy) => sumTo(where(c.input(0), 0, dy), c.shape(2))],
  },
  cast: { name: 'ToCopyBackward0', each: [(c, dy) => cast(dy, c.dtype(0))] },
};

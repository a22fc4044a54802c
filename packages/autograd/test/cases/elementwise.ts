import {
  atan2,
  fmod,
  acos,
  add,
  asin,
  atan,
  cast,
  ceil,
  cos,
  cosh,
  div,
  erf,
  exp,
  exp2,
  expm1,
  floor,
  log,
  log10,
  log1p,
  log2,
  maximum,
  minimum,
  mul,
  neg,
  noGrad,
  pow,
  reciprocal,
  reluGrad,
  round,
  rsqrt,
  sigmoidGrad,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  tan,
  tanhGrad,
  type Tensor,
  trunc,
  where,
} from '@konv/core-tensor';
import { constant, leaf, stridedLeaf } from '../support.js';
import { type CasesFor, binary, row, unary } from './kit.js';

function tensorAtZero(): Tensor {
  const x = leaf([2]);
  noGrad(() => x.zero_());
  return x;
}

export const elementwiseCases: CasesFor<
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'tanh'
  | 'floor'
  | 'ceil'
  | 'sign'
  | 'neg'
  | 'abs'
  | 'square'
  | 'reciprocal'
  | 'rsqrt'
  | 'relu'
  | 'sigmoid'
  | 'round'
  | 'trunc'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'exp2'
  | 'expm1'
  | 'log2'
  | 'log10'
  | 'log1p'
  | 'erf'
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
> = {
  exp: unary(exp),
  log: unary(log, 0.5, 2),
  sqrt: unary(sqrt, 0.5, 2),
  tanh: unary((x) => x.tanh()),
  floor: unary((x) => add(floor(x), mul(x, x)), 0.1, 0.9),
  ceil: unary((x) => add(ceil(x), mul(x, x)), 0.1, 0.9),
  sign: unary((x) => add(sign(x), mul(x, x)), 0.1, 0.9),
  neg: unary((x) => neg(mul(x, x))),
  abs: unary((x) => x.abs(), -2, -0.5),
  square: unary(square),
  reciprocal: unary(reciprocal, 0.5, 2),
  rsqrt: unary(rsqrt, 0.5, 2),
  relu: [...unary((x) => x.relu(), 0.2, 1), ...unary((x) => x.relu(), -1, -0.2)],
  sigmoid: unary((x) => x.sigmoid()),
  round: unary((x) => add(round(x), mul(x, x)), 0.6, 1.4),
  trunc: unary((x) => add(trunc(x), mul(x, x)), 0.1, 0.9),
  sin: unary(sin),
  cos: unary(cos),
  tan: unary(tan),
  asin: unary(asin, -0.8, 0.8),
  acos: unary(acos, -0.8, 0.8),
  atan: unary(atan),
  sinh: unary(sinh),
  cosh: unary(cosh),
  exp2: unary(exp2),
  expm1: unary(expm1),
  log2: unary(log2, 0.5, 2),
  log10: unary(log10, 0.5, 2),
  log1p: unary(log1p, -0.5, 2),
  erf: unary(erf),

  add: binary(add),
  sub: binary(sub),
  mul: binary(mul),
  div: binary(div, 0.5, 2),
  pow: [
    ...binary(pow, 0.5, 2),
    row(
      'whole exponents of negative bases',
      () => [leaf([4], -2, -0.5)],
      (x) => [pow(x, 3), pow(x, 2), pow(x, -1), pow(x, 0)],
    ),
    row(
      'at zero',
      () => [tensorAtZero()],
      (x) => pow(x, 3),
    ),
  ],
  maximum: binary((a, b) => maximum(a, b)),
  minimum: binary((a, b) => minimum(a, b)),
  fmod: [
    row(
      'both operands',
      () => [leaf([2, 3], 2.2, 2.8), leaf([3], 0.92, 0.98)],
      (a, b) => mul(fmod(a, b), mul(a, b)),
    ),
    row(
      'a negative dividend, a number',
      () => [leaf([3], -2.8, -2.2)],
      (a) => mul(fmod(a, 1), a),
    ),
    row(
      'a number over a tensor',
      () => [leaf([3], 0.92, 0.98)],
      (b) => mul(fmod(2.5, b), b),
    ),
  ],
  atan2: binary(atan2, 0.5, 2),
  reluGrad: [
    row('with its kink far away', () => [leaf([2, 3]), leaf([2, 3], 0.5, 1)], reluGrad),
    row('below', () => [leaf([3]), leaf([3], -1, -0.5)], reluGrad),
  ],
  sigmoidGrad: [row('both operands', () => [leaf([2, 3]), stridedLeaf([2, 3])], sigmoidGrad)],
  tanhGrad: [row('both operands', () => [leaf([2, 3]), stridedLeaf([2, 3])], tanhGrad)],
  where: [
    row(
      'same shape',
      () => [leaf([2, 2]), stridedLeaf([2, 2])],
      (a, b) => where(constant([2, 2]).gt(0), a.square(), b),
    ),
    row(
      'broadcast',
      () => [leaf([2, 1]), leaf([3])],
      (a, b) => where(constant([4, 1, 1]).gt(0), a.square(), b),
    ),
    row(
      'numbers',
      () => [leaf([2, 1])],
      (a) => add(where(constant([2, 3]).gt(0), 2, a.exp()), where(constant([2, 3]).gt(0), a.exp(), 2)),
    ),
  ],
  cast: [
    row(
      'to float32 and back',
      () => [leaf([3])],
      (x) => cast(cast(x, 'float32').square(), 'float64'),
      { eps: 1e-2, atol: 1e-3 },
    ),
  ],
};

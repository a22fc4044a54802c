import type { BinaryKind, Family, OptionalKernels, UnaryKind } from './backend.js';
import { type DType, isFloat } from './dtype.js';

const int32Unary: ReadonlySet<string> = new Set<UnaryKind>(['neg', 'abs', 'sign', 'square', 'relu']);
const boolBinary: ReadonlySet<string> = new Set<BinaryKind>(['maximum', 'minimum', 'mul', 'eq', 'ne', 'lt', 'le', 'gt', 'ge']);
const floatBinary: ReadonlySet<string> = new Set<BinaryKind>(['div', 'fmod', 'atan2', 'reluGrad', 'sigmoidGrad', 'tanhGrad']);

type Rule = (kind: string | null, dtype: DType) => boolean;

const always: Rule = () => true;
const floats: Rule = (_, dtype) => isFloat(dtype);
const numbers: Rule = (_, dtype) => dtype !== 'bool';

/** The dtypes that the interface names for each kind of each family. */
const rules = {
  unary: (kind, dtype) => isFloat(dtype) || (dtype === 'int32' && int32Unary.has(kind ?? '')),
  binary: (kind, dtype) => {
    if (isFloat(dtype)) return true;
    return dtype === 'int32' ? !floatBinary.has(kind ?? '') : boolBinary.has(kind ?? '');
  },
  where: always,
  reduce: (kind, dtype) => dtype !== 'bool' || kind !== 'sum',
  argReduce: always,
  copyStrided: always,
  fill: always,
  cast: always,
  gather: always,
  scatterAdd: numbers,
  scan: numbers,
  sort: always,
  resample: floats,
  matmul: floats,
  conv: floats,
  convGradInput: floats,
  convGradWeight: floats,
  convBackward: floats,
  pool: floats,
  poolGrad: floats,
  linear: floats,
  softmax: floats,
  logSoftmax: floats,
  crossEntropy: floats,
  batchNormTrain: floats,
  batchNormGrad: floats,
  sgdStep: floats,
  adamStep: floats,
  random: floats,
} satisfies Record<Family | keyof OptionalKernels, Rule>;

/**
 * Whether the interface calls this kind of this family in this dtype at all: what a backend that has every kernel of its
 * families says in `supports`, for the dtypes that it holds.
 */
export function isCalledIn(family: Family | keyof OptionalKernels, kind: string | null, dtype: DType): boolean {
  return rules[family](kind, dtype);
}

import type { BinaryKind, DType, Family, OptionalKernels, UnaryKind } from '@konv/core-tensor';

const int32Unary: ReadonlySet<string> = new Set<UnaryKind>(['neg', 'abs', 'sign', 'square', 'relu']);
const boolBinary: ReadonlySet<string> = new Set<BinaryKind>(['maximum', 'minimum', 'mul', 'eq', 'ne', 'lt', 'le', 'gt', 'ge']);
const floatBinary: ReadonlySet<string> = new Set<BinaryKind>(['div', 'fmod', 'atan2', 'reluGrad', 'sigmoidGrad', 'tanhGrad']);

type Rule = (kind: string | null, dtype: DType) => boolean;

const always: Rule = () => true;
const floats: Rule = (_, dtype) => dtype === 'float32';
const numbers: Rule = (_, dtype) => dtype !== 'bool';

/** Which kinds of which family serve which dtype; what is absent is a family that this backend does not have. */
const rules = {
  unary: (kind, dtype) => dtype === 'float32' || (dtype === 'int32' && int32Unary.has(kind ?? '')),
  binary: (kind, dtype) => {
    if (dtype === 'float32') return true;
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
  random: () => false,
} satisfies Record<Family | keyof OptionalKernels, Rule>;

export function supports(family: Family | keyof OptionalKernels, kind: string | null, dtype: DType): boolean {
  return rules[family](kind, dtype);
}

import type { DType, Family, OptionalKernels } from '@konv/core-tensor';
import { definitions } from './lazy/functions.js';

type Rule = (kind: string | null, dtype: DType) => boolean;

const letter = (dtype: DType): string => (dtype === 'float32' ? 'f' : 'i');
const boolBinary: ReadonlySet<string | null> = new Set(['maximum', 'minimum', 'mul', 'eq', 'ne', 'lt', 'le', 'gt', 'ge']);
const always: Rule = () => true;
const floats: Rule = (_, dtype) => dtype === 'float32';
const numbers: Rule = (_, dtype) => dtype !== 'bool';

/** Elementwise kinds are those that have a function in GLSL. */
const rules: Record<Family | keyof OptionalKernels, Rule> = {
  unary: (kind, dtype) => dtype !== 'bool' && Object.hasOwn(definitions, `${letter(dtype)}_${kind}`),
  binary: (kind, dtype) => (dtype !== 'bool' || boolBinary.has(kind)) && Object.hasOwn(definitions, `${letter(dtype)}_${kind}`),
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
};

export function supports(family: Family | keyof OptionalKernels, kind: string | null, dtype: DType): boolean {
  return rules[family](kind, dtype);
}

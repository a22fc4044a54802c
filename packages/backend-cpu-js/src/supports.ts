import { type DType, type Family, isCalledIn, type OptionalKernels } from '@konv/core-tensor';

/** Every kernel but `random`, whose decomposition is exact already. */
export function supports(family: Family | keyof OptionalKernels, kind: string | null, dtype: DType): boolean {
  return family !== 'random' && isCalledIn(family, kind, dtype);
}

import { type DType, type Family, isCalledIn, type OptionalKernels } from '@konv/core-tensor';

/** Every kernel but `random`, whose decomposition is exact already; there is no float64. */
export function supports(family: Family | keyof OptionalKernels, kind: string | null, dtype: DType): boolean {
  return family !== 'random' && dtype !== 'float64' && isCalledIn(family, kind, dtype);
}

import type { DType } from '@konv/core-tensor';

/** The dtypes that konv and TensorFlow.js share. */
export type SharedDType = Exclude<DType, 'float64'>;
export const sharedDTypes: readonly SharedDType[] = ['bool', 'int32', 'float32'];

export function isSharedDType(dtype: string): dtype is SharedDType {
  return sharedDTypes.some((d) => d === dtype);
}

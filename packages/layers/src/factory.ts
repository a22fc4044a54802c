import { checkDType, type DType, DTypeError, empty, type Generator, isFloat, Parameter } from '@konv/core-tensor';

/** How layers make their parameters. */
export interface FactoryOptions {
  /** Default: float32. */
  dtype?: 'float32' | 'float64';
  /** Where the parameters are made. Default: the current backend. */
  backend?: string;
  /** Where the initial values come from. Default: the global generator, which `manualSeed` seeds. */
  generator?: Generator;
}

export const factoryNames: readonly (keyof FactoryOptions)[] = ['dtype', 'backend', 'generator'];

/** A Parameter whose values are to be filled in. */
export function emptyParameter(layer: string, shape: readonly number[], options: FactoryOptions): Parameter {
  const dtype: DType = options.dtype === undefined ? 'float32' : checkDType(layer, options.dtype);
  if (!isFloat(dtype)) throw new DTypeError(layer, `expected a float dtype, got ${dtype}; parameters are trained`);
  const values = empty(shape, { dtype, backend: options.backend });
  try {
    return new Parameter(values);
  } finally {
    values.dispose();
  }
}

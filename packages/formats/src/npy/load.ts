import type { Tensor } from '@konv/core-tensor';
import { placeAll } from '../entries.js';
import { readSource, type Source } from '../source.js';
import { parseNpy } from './parse.js';

/**
 * The array of an .npy file as a tensor on `backend` (default: where new tensors are made), outside every scope: it lives
 * until `dispose()` or until the collector finds it.
 *
 * Dtypes as in `parseNpy`. Errors: `FormatError` for a source that cannot be read or is no such file; `BackendError` where
 * the backend does not hold the dtype. Source: numpy.load.
 */
export async function loadNpy(source: Source, options: { backend?: string } = {}): Promise<Tensor> {
  const { bytes, name } = await readSource('loadNpy', source);
  return placeAll('loadNpy', 'parseNpy', { array: parseNpy(bytes, { name }) }, options.backend).array;
}

import type { Tensor } from '@konv/core-tensor';
import { placeAll } from '../entries.js';
import { readSource, type Source } from '../source.js';
import { type NpzOptions, parseNpz } from './parse.js';

/**
 * The arrays of an .npz archive by name, as tensors on `backend` (default: where new tensors are made), outside every
 * scope: they live until `dispose()` or until the collector finds them.
 *
 * Dtypes and `maxBytes` as in `parseNpz`. Errors: `FormatError` for a source that cannot be read or is no such archive;
 * `BackendError` where the backend does not hold a dtype. No tensor is left behind then. Source: numpy.load.
 */
export async function loadNpz(
  source: Source,
  options: { backend?: string } & Pick<NpzOptions, 'maxBytes'> = {},
): Promise<Record<string, Tensor>> {
  const { bytes, name } = await readSource('loadNpz', source);
  return placeAll('loadNpz', 'parseNpz', await parseNpz(bytes, { name, maxBytes: options.maxBytes }), options.backend);
}

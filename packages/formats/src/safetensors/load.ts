import type { Tensor } from '@konv/core-tensor';
import { placeAll } from '../entries.js';
import { readSource, type Source } from '../source.js';
import { parseSafetensors, type SafetensorsFile } from './parse.js';

/**
 * The tensors of a safetensors file by name, on `backend` (default: where new tensors are made), outside every scope:
 * they live until `dispose()` or until the collector finds them.
 *
 * Dtypes as in `parseSafetensors`. Errors: `FormatError` for a source that cannot be read or is no such file;
 * `BackendError` where the backend does not hold a dtype. No tensor is left behind then.
 */
export async function loadSafetensors(source: Source, options: { backend?: string } = {}): Promise<Record<string, Tensor>> {
  const { bytes, name } = await readSource('loadSafetensors', source);
  const { tensors } = parseSafetensors(bytes, { name });
  return placeAll('loadSafetensors', 'parseSafetensors', tensors, options.backend);
}

/**
 * The tensors of a safetensors file in host memory, and its metadata: `parseSafetensors` of a source. Errors:
 * `FormatError` for a source that cannot be read or is no such file.
 */
export async function readSafetensors(source: Source): Promise<SafetensorsFile> {
  const { bytes, name } = await readSource('readSafetensors', source);
  return parseSafetensors(bytes, { name });
}

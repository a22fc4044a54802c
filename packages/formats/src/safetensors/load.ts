import { BackendError, fromHost, getBackend, type Tensor } from '@konv/core-tensor';
import { readSource, type Source } from '../source.js';
import { parseSafetensors } from './parse.js';

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
  const backend = getBackend(options.backend);
  const { dtypes } = backend.capabilities;
  for (const [key, { dtype }] of Object.entries(tensors)) {
    if (dtypes.includes(dtype)) continue;
    throw new BackendError(
      'loadSafetensors',
      `expected "${backend.name}" to hold ${dtype} ("${key}"), got ${dtypes.join(', ')}; name another backend, or use parseSafetensors and convert`,
    );
  }
  const out: Record<string, Tensor> = Object.create(null);
  try {
    for (const [key, { dtype, shape, data }] of Object.entries(tensors)) out[key] = fromHost(backend, data, shape, dtype).keep();
  } catch (e) {
    for (const t of Object.values(out)) t.dispose();
    throw e;
  }
  return out;
}

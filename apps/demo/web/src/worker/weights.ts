import type { DType } from '@konv/core-tensor';
import { type HostEntry, parseSafetensors, type SafetensorsEntry } from '@konv/formats';
import type { Sequential } from '@konv/layers';

/** The weights of a safetensors file that fit a network: all of them, or an error that says which does not. */
export function parseWeights(bytes: Uint8Array, net: Sequential): Map<string, HostEntry> {
  const { tensors } = parseSafetensors(bytes, { name: 'the file' });
  const wanted = Object.entries(net.stateDict());
  const out = new Map<string, HostEntry>();
  for (const [key, t] of wanted) {
    const found = tensors[key];
    if (!found)
      throw new Error(
        `expected a tensor "${key}" in the file, got ${listOf(Object.keys(tensors))}; choose the architecture it was trained with`,
      );
    if (String(found.shape) !== String(t.shape))
      throw new Error(
        `expected "${key}" to be [${t.shape.join(', ')}], got [${found.shape.join(', ')}]; choose the channels and kernels it was trained with`,
      );
    out.set(key, heldAs(t.dtype, key, found));
  }
  return out;
}

/** PyTorch's wider floats are rounded to the network's; a float is no count. */
function heldAs(dtype: DType, key: string, found: SafetensorsEntry): HostEntry {
  const { shape, data } = found;
  if (found.dtype === dtype) return { dtype, shape, data };
  if (found.dtype === 'float64' && dtype === 'float32') return { dtype, shape, data: Float32Array.from(data as Float64Array) };
  throw new Error(`expected "${key}" to hold ${dtype} values, got ${found.stored}; convert the tensor before saving`);
}

const listOf = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.length > 8 ? `${names.slice(0, 8).join(', ')} ...` : names.join(', ');

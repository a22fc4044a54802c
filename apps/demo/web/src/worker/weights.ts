import { type HostEntry, parseSafetensors } from '@konv/formats';
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
    out.set(key, found as HostEntry);
  }
  return out;
}

const listOf = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.length > 8 ? `${names.slice(0, 8).join(', ')} ...` : names.join(', ');

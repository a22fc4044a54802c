import { isTensor, type Tensor } from '@konv/core-tensor';
import { refuser } from '../refuse.js';
import { writeAtomically } from '../write-atomically.js';
import { serializeNpy } from './serialize.js';

/**
 * The bytes of an .npy file with the values that the tensor has at the moment of the call.
 * float32, float64, int32 and bool as <f4, <f8, <i4 and |b1. Errors: `DisposedError`; `FormatError` for what is no tensor.
 * Source: numpy.save.
 */
export async function saveNpy(t: Tensor): Promise<Uint8Array> {
  if (!isTensor(t)) {
    throw refuser('saveNpy')('a tensor', Array.isArray(t) ? 'an array' : typeof t, 'wrap it with tensor(...); for several use saveNpz');
  }
  return serializeNpy({ dtype: t.dtype, shape: t.shape, data: await t.data() });
}

/** `saveNpy` into a file, whole or not at all; see `writeAtomically`. Node only. */
export async function writeNpy(path: string | URL, t: Tensor): Promise<void> {
  await writeAtomically(path, await saveNpy(t));
}

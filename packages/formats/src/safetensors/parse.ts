import type { DType, HostArray, Shape } from '@konv/core-tensor';
import { Unfit } from '../decode.js';
import { asBytes, type Refuse, refuser } from '../refuse.js';
import { type StoredDType, storedDTypes } from './dtypes.js';
import { type HeaderEntry, type Metadata, readHeader } from './header.js';

/** A tensor of a file, in host memory. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Row-major. A view of the file's bytes where dtype and alignment allow, else a copy. */
  readonly data: HostArray;
  /** The dtype in the file, e.g. F16 where `dtype` is float32. */
  readonly stored: StoredDType;
}

export interface SafetensorsFile {
  /** By name; no prototype, so that no name can collide with one of Object's. */
  readonly tensors: Record<string, SafetensorsEntry>;
  readonly metadata: Metadata;
}

/**
 * Reads a safetensors file: u64 little-endian length, JSON header, data.
 *
 * F32, F64, I32 and BOOL as they are; F16 and BF16 as float32; U8, I8, I16 and U16 as int32; U32, I64 and U64 as int32
 * when every value fits. Everything is checked before anything is allocated; a file at most quadruples in memory (U8).
 *
 * Errors: `FormatError` for anything that is not such a file; `name` says in the message which one.
 * Source: https://github.com/huggingface/safetensors, format.
 */
export function parseSafetensors(bytes: ArrayBuffer | Uint8Array, options: { name?: string } = {}): SafetensorsFile {
  const refuse = refuser('safetensors', options.name);
  const file = asBytes(bytes, refuse, 'loadSafetensors');
  const { entries, metadata } = readHeader(file, refuse);
  const tensors: Record<string, SafetensorsEntry> = Object.create(null);
  for (const entry of entries) {
    const { stored, shape } = entry;
    tensors[entry.name] = { dtype: storedDTypes[stored].dtype, shape, data: decode(file, entry, refuse), stored };
  }
  return { tensors, metadata };
}

function decode(file: Uint8Array, entry: HeaderEntry, refuse: Refuse): HostArray {
  try {
    return storedDTypes[entry.stored].decode(file.subarray(entry.start, entry.end));
  } catch (e) {
    if (!(e instanceof Unfit)) throw e;
    throw refuse(`"${entry.name}" ${entry.stored} to hold ${e.expected}`, e.got, 'convert the tensor before saving');
  }
}

import { MAX_SIZE, showShape } from '@konv/core-tensor';
import { AGAIN, checkName, describe, type Refuse } from '../refuse.js';
import { isStoredDType, type StoredDType, storedDTypes } from './dtypes.js';
import { scanHeader } from './scan-header.js';

/** The reference reader's limit. */
export const MAX_HEADER_BYTES = 100_000_000;
/** PyTorch's limit. */
const MAX_RANK = 64;
const LENGTH_BYTES = 8;
export const METADATA = '__metadata__';

export type Metadata = Record<string, string>;

/** One tensor of a file: where its bytes stand, counted from the start of the file. */
export interface HeaderEntry {
  readonly name: string;
  readonly stored: StoredDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface Header {
  /** In the order of their bytes. */
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Metadata;
}

/** Reads and checks everything before the data. Allocates no more than the header's own size. */
export function readHeader(bytes: Uint8Array, refuse: Refuse): Header {
  const { text, dataStart } = headerText(bytes, refuse);
  const complaint = scanHeader(text);
  if (complaint) throw refuse(`a header with ${complaint.expected}`, complaint.got, AGAIN);
  const json = parseJson(text, refuse);
  const entries: HeaderEntry[] = [];
  let metadata: Metadata = Object.create(null);
  for (const [name, value] of Object.entries(json)) {
    if (name === METADATA) metadata = readMetadata(value, refuse);
    else entries.push(readEntry(name, value, dataStart, bytes.length, refuse));
  }
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkRanges(entries, dataStart, bytes.length, refuse);
  return { entries, metadata };
}

function headerText(bytes: Uint8Array, refuse: Refuse): { text: string; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw refuse('at least 8 bytes, the length of the header', `${bytes.length}`, AGAIN);
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw refuse(`a header of at most ${MAX_HEADER_BYTES} bytes`, `${length}`, 'this is probably no safetensors file');
  }
  const dataStart = LENGTH_BYTES + Number(length);
  if (dataStart > bytes.length) {
    throw refuse(`a header of ${length} bytes`, `${bytes.length - LENGTH_BYTES} bytes after its length`, `the file is truncated: ${AGAIN}`);
  }
  // slice(): a decoder may refuse shared memory. The byte-order mark is kept so that JSON.parse refuses it.
  const header = bytes.slice(LENGTH_BYTES, dataStart);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header), dataStart };
  } catch {
    throw refuse('a header in UTF-8', 'other bytes', AGAIN);
  }
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x);
}

function parseJson(text: string, refuse: Refuse): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw refuse('a header in JSON', (e as Error).message, AGAIN);
  }
  if (!isRecord(json)) throw refuse('a header that is a JSON object', describe(json), AGAIN);
  return json;
}

function readMetadata(value: unknown, refuse: Refuse): Metadata {
  if (!isRecord(value)) throw refuse(`${METADATA} to be an object of strings`, describe(value), AGAIN);
  const out: Metadata = Object.create(null);
  for (const [key, text] of Object.entries(value)) {
    const shown = checkName(key, refuse);
    if (typeof text !== 'string') throw refuse(`${METADATA} to hold strings`, `${describe(text)} for ${shown}`, AGAIN);
    out[key] = text;
  }
  return out;
}

function readEntry(name: string, value: unknown, dataStart: number, fileSize: number, refuse: Refuse): HeaderEntry {
  const shown = checkName(name, refuse);
  if (!isRecord(value)) throw refuse(`${shown} to be an object with dtype, shape and data_offsets`, describe(value), AGAIN);
  const { dtype: stored, shape, data_offsets: offsets } = value;
  if (!isStoredDType(stored)) {
    throw refuse(
      `${shown} to have a dtype of ${Object.keys(storedDTypes).join(', ')}`,
      describe(stored),
      'convert the tensor before saving',
    );
  }
  const sizes = readSizes(shown, shape, refuse);
  const available = fileSize - dataStart;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((x) => Number.isSafeInteger(x) && x >= 0)) {
    throw refuse(`${shown} to have data_offsets [start, end]`, describeNumbers(offsets), AGAIN);
  }
  const [start, end] = offsets as [number, number];
  if (start > end || end > available) {
    throw refuse(
      `${shown} within the ${available} bytes of data`,
      `data_offsets [${start}, ${end}]`,
      `the file may be truncated: ${AGAIN}`,
    );
  }
  const bytes = sizes.reduce((n, d) => n * d, storedDTypes[stored].size);
  if (end - start !== bytes) {
    throw refuse(`${shown} ${stored} ${showShape(sizes)} to take ${bytes} bytes`, `${end - start}`, AGAIN);
  }
  return { name, stored, shape: sizes, start: dataStart + start, end: dataStart + end };
}

function describeNumbers(x: unknown): string {
  return Array.isArray(x) && x.length <= 8 ? `[${x.map(describe).join(', ')}]` : describe(x);
}

function readSizes(shown: string, shape: unknown, refuse: Refuse): number[] {
  if (!Array.isArray(shape) || shape.length > MAX_RANK) {
    throw refuse(`${shown} to have a shape of at most ${MAX_RANK} sizes`, describe(shape), AGAIN);
  }
  let n = 1;
  for (const d of shape) {
    if (!Number.isSafeInteger(d) || d < 0) throw refuse(`${shown} to have whole sizes >= 0`, `shape ${describeNumbers(shape)}`, AGAIN);
    n *= d;
    if (d > MAX_SIZE || n > MAX_SIZE) {
      throw refuse(`${shown} to have at most 2^31 - 1 elements`, `shape ${describeNumbers(shape)}`, 'split the tensor before saving');
    }
  }
  return shape.map((d: number) => d + 0);
}

/** The ranges follow one another from the first byte of the data to the last. */
function checkRanges(entries: readonly HeaderEntry[], dataStart: number, fileSize: number, refuse: Refuse): void {
  let at = dataStart;
  for (const { name, start, end } of entries) {
    if (start !== at) {
      const what = start < at ? 'an overlap' : 'a gap';
      throw refuse(`${describe(name)} to start at byte ${at - dataStart} of the data`, `${start - dataStart}, ${what}`, AGAIN);
    }
    at = end;
  }
  if (at !== fileSize) {
    throw refuse(`the file to end after byte ${at - dataStart} of the data`, `${fileSize - at} more bytes`, AGAIN);
  }
}

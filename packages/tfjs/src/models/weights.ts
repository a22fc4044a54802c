/** The weights of a file: what the manifest says of them, and their values. */
import { type HostArray, MAX_SIZE, showShape, sizeOf } from '@konv/core-tensor';
import { halfToFloat } from '@konv/formats';
import { joined, type Quantization, type WeightSpec } from './artifacts.js';
import type { WeightUse } from './plan.js';
import { AGAIN, describe, isRecord, quoted, refuse } from './refuse.js';
import type { OpenModel, Part } from './source.js';

/** Bytes of one value as it is stored. */
const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/** A weight of the manifest: where it lies in its group, and what it becomes. */
export interface StoredWeight {
  readonly spec: WeightSpec;
  readonly start: number;
  readonly bytes: number;
  /** null for what the model does not use: an optimizer's, or unknown under `strict: false`. */
  readonly use: WeightUse | null;
}

export interface StoredGroup {
  readonly weights: readonly StoredWeight[];
  readonly bytes: number;
  readonly parts: readonly Part[];
}

function checkSpec(spec: unknown, where: string): WeightSpec {
  if (!isRecord(spec) || typeof spec.name !== 'string') throw refuse(`${where} to have a name`, describe(spec), AGAIN);
  const shown = JSON.stringify(spec.name);
  const { shape, dtype, quantization } = spec;
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every((d) => Number.isSafeInteger(d) && d >= 0)) {
    throw refuse(`${shown} to have a shape of whole sizes`, describe(shape), AGAIN);
  }
  if (sizeOf(shape as number[]) > MAX_SIZE) throw refuse(`${shown} to have at most 2^31 - 1 elements`, `shape ${describe(shape)}`, AGAIN);
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool' && dtype !== 'uint8') {
    throw refuse(`${shown} to be float32, int32, bool or uint8`, describe(dtype), 'leave the weight out of the model');
  }
  if (quantization !== undefined && quantization !== null) checkQuantization(shown, quantization, dtype);
  return spec as unknown as WeightSpec;
}

function checkQuantization(shown: string, q: unknown, dtype: string): void {
  if (!isRecord(q) || (q.dtype !== 'uint8' && q.dtype !== 'uint16' && q.dtype !== 'float16')) {
    throw refuse(`${shown} quantised to uint8, uint16 or float16`, describe(isRecord(q) ? q.dtype : q), AGAIN);
  }
  if (dtype !== 'float32' && (dtype !== 'int32' || q.dtype === 'float16'))
    throw refuse(`${shown} quantised from float32`, `from ${dtype} to ${q.dtype}`, AGAIN);
  if (q.dtype === 'float16') return;
  for (const name of ['scale', 'min'] as const) {
    const value = q[name];
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw refuse(`${shown} to have a finite ${name}`, describe(value ?? null) + (Number.isNaN(value) ? ' (NaN)' : ''), AGAIN);
  }
}

/** The shapes that the manifest says, by name; what is no shape is left to `matchWeights`. */
export function storedShapes(groups: OpenModel['groups']): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const spec of groups.flatMap(({ weights }) => (Array.isArray(weights) ? weights : [])) as unknown[]) {
    if (isRecord(spec) && typeof spec.name === 'string' && Array.isArray(spec.shape)) shapes.set(spec.name, spec.shape as number[]);
  }
  return shapes;
}

/** The weights of the model that a name of the file can mean: itself, or without the name of an inner cell. */
function targetOf(name: string, uses: ReadonlyMap<string, WeightUse>): WeightUse | null {
  const plain = name.replace(/:\d+$/, '');
  const parts = plain.split('/');
  const shorter = [...parts.slice(0, -2), parts[parts.length - 1]].join('/');
  // Keras puts the names of the models around it in front.
  const tail = parts.slice(-2).join('/');
  return uses.get(name) ?? uses.get(plain) ?? uses.get(shorter) ?? uses.get(tail) ?? null;
}

/**
 * What each weight of the manifest becomes. Errors: one `FormatError` for all that is missing, too much (unless `strict`
 * is false) or of another shape.
 */
export function matchWeights(groups: OpenModel['groups'], wanted: readonly WeightUse[], strict: boolean): StoredGroup[] {
  const uses = new Map<string, WeightUse>();
  for (const use of wanted) {
    if (uses.has(use.name)) throw refuse('weights of different names', `"${use.name}" of two layers`, 'rename one of the layers');
    uses.set(use.name, use);
  }
  const names = new Set<string>();
  const found = new Set<WeightUse>();
  const lines: string[] = [];
  const extra: string[] = [];
  const matched = groups.map(({ weights, parts }, g): StoredGroup => {
    if (!Array.isArray(weights)) throw refuse(`group ${g} to have a list of weights`, describe(weights), AGAIN);
    let at = 0;
    const stored = weights.map((item: unknown, i): StoredWeight => {
      const spec = checkSpec(item, `weight ${i} of group ${g}`);
      if (names.has(spec.name)) throw refuse('weights of different names', `"${spec.name}" twice`, AGAIN);
      names.add(spec.name);
      const start = at;
      const bytes = sizeOf(spec.shape) * BYTES[spec.quantization?.dtype ?? spec.dtype];
      at += bytes;
      if (spec.group === 'optimizer') return { spec, start, bytes, use: null };
      const use = targetOf(spec.name, uses);
      if (use === null || found.has(use)) {
        extra.push(spec.name);
        return { spec, start, bytes, use: null };
      }
      found.add(use);
      if (use.shape.length !== spec.shape.length || use.shape.some((d, k) => d !== spec.shape[k])) {
        lines.push(`size mismatch for ${spec.name}: ${showShape(spec.shape)} in the file, ${showShape(use.shape)} in the model`);
      }
      return { spec, start, bytes, use };
    });
    return { weights: stored, bytes: at, parts };
  });
  const missing = wanted.filter((use) => !found.has(use)).map((use) => use.name);
  if (strict && missing.length > 0) lines.unshift(`missing: ${quoted(missing)}`);
  if (strict && extra.length > 0) lines.unshift(`unexpected: ${quoted(extra)}`);
  if (lines.length > 0) {
    throw refuse(
      'the weights of the model',
      `others:\n  ${lines.join('\n  ')}\n`,
      'pass { strict: false } where only names differ; nothing was loaded',
    );
  }
  return matched;
}

/** The bytes of a group: its files one after another, no more and no less than its weights take. */
export async function readGroup({ parts, bytes, weights }: StoredGroup): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let total = 0;
  for (const part of parts) {
    const chunk = await part.read();
    total += chunk.length;
    read.push(chunk);
    if (total > bytes) break;
  }
  if (total !== bytes) {
    const short = total < bytes ? weights.find((w) => w.start + w.bytes > total) : undefined;
    const what = short === undefined ? 'more' : `"${short.spec.name}" ends beyond them`;
    const files = parts.length === 0 ? 'no file' : quoted(parts.map((part) => part.name));
    throw refuse(
      `${bytes} bytes of weights in ${files}`,
      `${total}${short === undefined ? ' or more' : ''}: ${what}`,
      'a shard is truncated or of another model; download it again',
    );
  }
  return read.length === 1 ? read[0] : joined(read);
}

/** A weight's values: those that are quantised as `q scale + min`, rounded to float32 once, or to whole numbers. */
export function decodeWeight({ spec, start, bytes }: StoredWeight, group: Uint8Array): HostArray {
  const { dtype, quantization } = spec;
  const stored = quantization?.dtype ?? dtype;
  // A copy begins at an address that suits every type. (`slice` of Node's Buffer would be none.)
  const own = new Uint8Array(bytes);
  own.set(group.subarray(start, start + bytes));
  const raw = own.buffer;
  if (quantization === undefined || quantization === null) {
    if (stored === 'float32') return new Float32Array(raw);
    if (stored === 'int32') return new Int32Array(raw);
    const small = new Uint8Array(raw);
    return stored === 'bool' ? small.map((v) => (v === 0 ? 0 : 1)) : Int32Array.from(small);
  }
  if (stored === 'float16') return Float32Array.from(new Uint16Array(raw), halfToFloat);
  const q = stored === 'uint8' ? new Uint8Array(raw) : new Uint16Array(raw);
  return dequantised(q, quantization, dtype === 'int32');
}

function dequantised(q: Uint8Array | Uint16Array, { scale = 1, min = 0 }: Quantization, whole: boolean): HostArray {
  const out = whole ? new Int32Array(q.length) : new Float32Array(q.length);
  for (let i = 0; i < q.length; i++) out[i] = whole ? Math.round(q[i] * scale + min) : q[i] * scale + min;
  return out;
}

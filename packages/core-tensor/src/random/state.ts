import { FormatError } from '../errors.js';
import { STATE_WORDS, type Mt19937 } from './mt19937.js';

/**
 * The whole state of a generator: the 5056 bytes of PyTorch's `torch.get_rng_state()`, which go into
 * `torch.set_rng_state` and back. For JSON, `Array.from(state)`: `setState` takes a plain array too.
 */
export type GeneratorState = Uint8Array;

/** What the bytes hold. */
export interface GeneratorFields {
  initialSeed: bigint;
  /** The second value of a pair of normals, drawn and not yet given out. */
  nextNormal: number | null;
}

// The layout is that of PyTorch's `CPUGeneratorImplState`, little-endian: u64 seed, i32 left, i32 seeded, u64 next,
// 624 words as u64, f64 normal_x, normal_y, normal_rho, i32 normal_is_valid, then a float32 cache of which the CPU
// distributions make no use. Only normal_y carries a value.
const BYTES = 5056;
const AT = { seed: 0, left: 8, seeded: 12, next: 16, words: 24, normal: 5024, normalValid: 5040 } as const;

export function encodeState(engine: Mt19937, fields: GeneratorFields): GeneratorState {
  const out = new Uint8Array(BYTES);
  const view = new DataView(out.buffer);
  view.setBigUint64(AT.seed, fields.initialSeed, true);
  view.setInt32(AT.left, engine.left, true);
  view.setInt32(AT.seeded, 1, true);
  view.setUint32(AT.next, engine.next, true);
  for (let i = 0; i < STATE_WORDS; i++) view.setUint32(AT.words + 8 * i, engine.words[i], true);
  if (fields.nextNormal !== null) {
    view.setFloat64(AT.normal, fields.nextNormal, true);
    view.setInt32(AT.normalValid, 1, true);
  }
  return out;
}

/**
 * Puts `state` into `engine` and returns the rest of it.
 *
 * Errors: `FormatError` when the bytes are no such state; the engine is then as it was.
 */
export function decodeState(state: ArrayLike<number>, engine: Mt19937): GeneratorFields {
  const bytes = checkBytes(state);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = view.getInt32(AT.left, true);
  const next = view.getBigUint64(AT.next, true);
  if (view.getInt32(AT.seeded, true) !== 1) refuse('a seeded engine', 'one that was never seeded');
  const fresh = left === 1 && next === 0n;
  if (!fresh && (left < 1 || left > STATE_WORDS || next !== BigInt(STATE_WORDS + 1 - left))) {
    refuse(`a position (left, next) with left + next = ${STATE_WORDS + 1}`, `left ${left}, next ${next}`);
  }
  const normalValid = view.getInt32(AT.normalValid, true);
  if (normalValid !== 0 && normalValid !== 1) refuse('0 or 1 for the cached normal', String(normalValid));
  const normal = view.getFloat64(AT.normal, true);
  if (normalValid === 1 && !Number.isFinite(normal)) refuse('a finite cached normal', String(normal));
  for (let i = 0; i < STATE_WORDS; i++) {
    if (view.getUint32(AT.words + 8 * i + 4, true) !== 0) refuse('words of 32 bits', `more in word ${i}`);
  }
  for (let i = 0; i < STATE_WORDS; i++) engine.words[i] = view.getUint32(AT.words + 8 * i, true);
  engine.left = left;
  engine.next = Number(next);
  return { initialSeed: view.getBigUint64(AT.seed, true), nextNormal: normalValid === 1 ? normal : null };
}

function checkBytes(state: ArrayLike<number>): Uint8Array {
  if (!(state instanceof Uint8Array) && !Array.isArray(state)) {
    refuse(`a Uint8Array or an array of ${BYTES} bytes`, state === null ? 'null' : typeof state);
  }
  if (state.length !== BYTES) refuse(`${BYTES} bytes`, String(state.length));
  if (state instanceof Uint8Array) return state;
  for (let i = 0; i < BYTES; i++) {
    const x = state[i];
    if (!Number.isInteger(x) || x < 0 || x > 255) refuse('bytes, whole numbers in [0, 255]', `${String(x)} at ${i}`);
  }
  return Uint8Array.from(state);
}

function refuse(expected: string, got: string): never {
  throw new FormatError('setState', `expected ${expected}, got ${got}; pass what getState() returned`);
}

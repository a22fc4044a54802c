import { KonvError } from '../errors.js';
import { fma } from './fma.js';
import { Mt19937 } from './mt19937.js';
import { decodeState, encodeState, type GeneratorState } from './state.js';

/** What PyTorch seeds a generator with that nobody has seeded. */
export const DEFAULT_SEED = 67280421310721n;

const TWO_PI = 2 * Math.PI;

/**
 * A source of random numbers: PyTorch's CPU generator, draw for draw. One seed gives one stream, the same on every
 * backend. Every draw below takes one or two 32-bit numbers of the stream, as said.
 *
 * Source: PyTorch 1.13, `torch.Generator`.
 */
export class Generator {
  readonly #engine = new Mt19937();
  #initialSeed = DEFAULT_SEED;
  #nextNormal: number | null = null;

  /** As `new Generator().manualSeed(seed)`. Without a seed every generator starts the same, as in PyTorch. */
  constructor(seed: number | bigint = DEFAULT_SEED) {
    this.manualSeed(seed);
  }

  /**
   * Restarts the stream. Seeds lie in [-2^63, 2^64); a negative one means seed + 2^64. Only the low 32 bits reach the
   * engine, so seeds that differ by a multiple of 2^32 give the same numbers.
   *
   * Errors: `KonvError` for a fraction, a number that is not exact (pass a bigint) or one out of range.
   */
  manualSeed(seed: number | bigint): this {
    const s = checkSeed(seed);
    this.#engine.seed(Number(s & 0xffffffffn));
    this.#initialSeed = s;
    this.#nextNormal = null;
    return this;
  }

  /** Seeds with 53 bits from the platform's source of true randomness and returns them. */
  seed(): number {
    const [hi, lo] = crypto.getRandomValues(new Uint32Array(2));
    const s = (hi & 0x1fffff) * 2 ** 32 + lo;
    this.manualSeed(s);
    return s;
  }

  /** The seed last given, in [0, 2^64). */
  initialSeed(): bigint {
    return this.#initialSeed;
  }

  /** A copy of the whole state, cached normal included. */
  getState(): GeneratorState {
    return encodeState(this.#engine, { initialSeed: this.#initialSeed, nextNormal: this.#nextNormal });
  }

  /**
   * Goes on from where `getState` was called, here or in PyTorch.
   *
   * Errors: `FormatError` when these are not the bytes of a state; nothing has changed then.
   */
  setState(state: GeneratorState | readonly number[]): void {
    const fields = decodeState(state, this.#engine);
    this.#initialSeed = fields.initialSeed;
    this.#nextNormal = fields.nextNormal;
  }

  /** A whole number in [0, 2^32). One draw. */
  random32(): number {
    return this.#engine.next32();
  }

  /** A whole number in [0, 2^64). Two draws, the high word first. */
  random64(): bigint {
    const hi = this.#engine.next32();
    return (BigInt(hi) << 32n) | BigInt(this.#engine.next32());
  }

  /** A whole number in [0, 2^63): PyTorch's `torch.empty((), dtype=int64).random_()`. Two draws. */
  random63(): bigint {
    return this.random64() & 0x7fff_ffff_ffff_ffffn;
  }

  /** A multiple of 2^-24 in [0, 1), exact in float32. One draw. */
  uniform24(): number {
    return (this.#engine.next32() & 0xffffff) * 2 ** -24;
  }

  /** A multiple of 2^-53 in [0, 1). Two draws, the high word first. */
  uniform53(): number {
    const hi = this.#engine.next32() & 0x1fffff;
    return (hi * 2 ** 32 + this.#engine.next32()) * 2 ** -53;
  }

  /**
   * A normal number by Box and Muller: r = sqrt(-2 log(1 - v)), t = 2 pi u, r cos(t) * std + mean, with u and v two
   * `uniform53`. Draws four, and none at every second call, which gives the r sin(t) kept from the first.
   */
  normal(mean = 0, std = 1): number {
    let z = this.#nextNormal;
    if (z === null) {
      const t = TWO_PI * this.uniform53();
      const r = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
      this.#nextNormal = r * Math.sin(t);
      z = r * Math.cos(t);
    } else {
      this.#nextNormal = null;
    }
    return mean === 0 && std === 1 ? z : fma(z, std, mean);
  }
}

function checkSeed(seed: number | bigint): bigint {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    const remedy = Number.isInteger(seed) ? 'above 2^53 pass a bigint, such as 2n ** 60n' : 'round it';
    throw new KonvError('manualSeed', `expected a whole seed, got ${seed}; ${remedy}`);
  }
  if (typeof seed !== 'number' && typeof seed !== 'bigint') {
    throw new KonvError('manualSeed', `expected a number or a bigint, got ${typeof seed}; convert it first`);
  }
  const s = BigInt(seed);
  if (s < -(2n ** 63n) || s >= 2n ** 64n) {
    throw new KonvError('manualSeed', `expected a seed in [-2^63, 2^64), got ${s}; pass BigInt.asUintN(64, seed)`);
  }
  return BigInt.asUintN(64, s);
}

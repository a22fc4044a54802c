import { KonvError } from '../errors.js';
import { fma } from './fma.js';
import type { Generator } from './generator.js';

type Floats = Float32Array | Float64Array;
/** Host memory of any dtype: distributions of whole numbers draw the same for all of them. */
type Values = Uint8Array | Int32Array | Floats;

/** Rows of 16 from here on: PyTorch then makes normals from blocks and leaves the cached normal alone. */
const BLOCK = 16;

/**
 * out[i] = u * (high - low) + low, u uniform in [0, 1): 24 bits and one draw each in float32, 53 bits and two draws in
 * float64. Bit for bit PyTorch's `rand` and `uniform_`. float32 rounds once, after product and sum.
 *
 * Errors: `KonvError` unless low <= high, both finite in the dtype of `out`.
 */
export function fillUniform(gen: Generator, out: Floats, low = 0, high = 1): void {
  const single = out instanceof Float32Array;
  const a = single ? Math.fround(low) : low;
  const range = single ? Math.fround(Math.fround(high) - a) : high - low;
  if (!Number.isFinite(a) || !Number.isFinite(range) || low > high) {
    throw new KonvError('uniform', `expected finite low <= high, got low ${low}, high ${high}; exchange or bound them`);
  }
  const n = out.length;
  if (low === 0 && high === 1) {
    if (single) for (let i = 0; i < n; i++) out[i] = gen.uniform24();
    else for (let i = 0; i < n; i++) out[i] = gen.uniform53();
  } else if (single) {
    // The product of two 24-bit numbers is exact in float64 and so is the sum, unless |low| exceeds 16 ranges: the
    // store to float32 is then the only rounding, which is PyTorch's fused multiply-add.
    for (let i = 0; i < n; i++) out[i] = gen.uniform24() * range + a;
  } else {
    for (let i = 0; i < n; i++) out[i] = fma(gen.uniform53(), range, a);
  }
}

/**
 * out[i] normal with the given mean and standard deviation: PyTorch's `randn` and `normal_`.
 *
 * Fewer than 16 values come one by one from `Generator.normal` and share its cached second value. From 16 on, `out` is
 * filled with uniforms u and each block of 16 becomes, for j < 8, r cos(t) and r sin(t) at j and j + 8, with
 * r = sqrt(-2 log(1 - u[j])), t = 2 pi u[j + 8]; when 16 does not divide the length, the last 16 values are drawn and
 * transformed again. There float32 agrees with PyTorch's vector code to about 1e-6; all else is exact up to the last bits
 * of the platform's log, sin and cos.
 *
 * Errors: `KonvError` for a negative or NaN `std`.
 */
export function fillNormal(gen: Generator, out: Floats, mean = 0, std = 1): void {
  if (!(std >= 0)) throw new KonvError('normal', `expected std >= 0, got ${std}; pass a standard deviation`);
  const n = out.length;
  if (n < BLOCK) {
    for (let i = 0; i < n; i++) out[i] = gen.normal(mean, std);
    return;
  }
  fillUniform(gen, out);
  for (let i = 0; i + BLOCK <= n; i += BLOCK) normalBlock(out, i, mean, std);
  if (n % BLOCK !== 0) {
    const tail = out.subarray(n - BLOCK);
    fillUniform(gen, tail);
    normalBlock(tail, 0, mean, std);
  }
}

function normalBlock(out: Floats, at: number, mean: number, std: number): void {
  if (out instanceof Float32Array) return normalBlock32(out, at, Math.fround(mean), Math.fround(std));
  for (let j = at; j < at + BLOCK / 2; j++) {
    const r = Math.sqrt(-2 * Math.log(1 - out[j]));
    const t = 2 * Math.PI * out[j + BLOCK / 2];
    out[j] = fma(r * Math.cos(t), std, mean);
    out[j + BLOCK / 2] = fma(r * Math.sin(t), std, mean);
  }
}

const TWO_PI_32 = Math.fround(2 * Math.PI);

/** Rounds to float32 where the vector code does: the angle's rounding alone moves a value by up to 5e-7. */
function normalBlock32(out: Float32Array, at: number, mean: number, std: number): void {
  const round = Math.fround;
  for (let j = at; j < at + BLOCK / 2; j++) {
    const r = round(Math.sqrt(round(-2 * round(Math.log(1 - out[j])))));
    const t = round(TWO_PI_32 * out[j + BLOCK / 2]);
    out[j] = round(r * round(Math.cos(t))) * std + mean;
    out[j + BLOCK / 2] = round(r * round(Math.sin(t))) * std + mean;
  }
}

/**
 * out[i] = low + x mod (high - low), x of 32 bits: whole numbers in [low, high), one draw each. PyTorch's `randint`.
 *
 * Errors: `KonvError` unless low < high are whole, less than 2^32 apart, and [low, high) fits the dtype of `out` (in
 * floats, up to the greatest number below which all whole ones are exact).
 */
export function fillRandint(gen: Generator, out: Values, low: number, high: number): void {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low >= high) {
    throw new KonvError('randint', `expected whole low < high, got low ${low}, high ${high}; high itself is never drawn`);
  }
  const [min, max] = exactRange(out);
  if (low < min || high - 1 > max) {
    throw new KonvError('randint', `expected values in [${min}, ${max}], got low ${low}, high ${high}; narrow the range`);
  }
  const range = high - low;
  if (range >= 2 ** 32) {
    throw new KonvError('randint', `expected a range below 2^32, got ${range}; narrow it or use Generator.random64`);
  }
  const n = out.length;
  const r = range >>> 0;
  for (let i = 0; i < n; i++) out[i] = low + ((gen.random32() % r) >>> 0);
}

function exactRange(out: Values): [number, number] {
  if (out instanceof Int32Array) return [-(2 ** 31), 2 ** 31 - 1];
  if (out instanceof Uint8Array) return [0, 255];
  const max = out instanceof Float32Array ? 2 ** 24 : Number.MAX_SAFE_INTEGER;
  return [-max, max];
}

/**
 * 0 to n - 1 in random order: PyTorch's `randperm`. From the front, each place exchanges its value with that of a place
 * drawn from itself and those behind it; n - 1 draws.
 *
 * Errors: `KonvError` unless n is whole and in [0, 2^31).
 */
export function randperm(gen: Generator, n: number): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n >= 2 ** 31) {
    throw new KonvError('randperm', `expected a whole n in [0, 2^31), got ${n}; pass the number of items`);
  }
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = 0; i < n - 1; i++) {
    const z = i + ((gen.random32() % (n - i)) >>> 0);
    const x = out[i];
    out[i] = out[z];
    out[z] = x;
  }
  return out;
}

/**
 * out[i] = 1 with probability `p`, else 0: u < p, u of 53 bits, two draws each. PyTorch's `bernoulli_(p)`.
 *
 * Errors: `KonvError` unless p is in [0, 1].
 */
export function fillBernoulli(gen: Generator, out: Values, p: number): void {
  checkProbability('bernoulli', p);
  const n = out.length;
  for (let i = 0; i < n; i++) out[i] = gen.uniform53() < p ? 1 : 0;
}

/**
 * out[i] = 1 with probability p[i], else 0. The dtype of `p` says how: u < p with 24 bits and one draw each in float32,
 * 53 bits and two draws in float64. PyTorch's `bernoulli(p)`.
 *
 * Errors: `KonvError` unless every p[i] is in [0, 1] and there is one for each value.
 */
export function fillBernoulliTensor(gen: Generator, out: Values, p: Floats): void {
  const n = out.length;
  if (p.length !== n) {
    throw new KonvError('bernoulli', `expected ${n} probabilities, one a value, got ${p.length}; expand p first`);
  }
  for (let i = 0; i < n; i++) checkProbability('bernoulli', p[i]);
  if (p instanceof Float32Array) for (let i = 0; i < n; i++) out[i] = gen.uniform24() < p[i] ? 1 : 0;
  else for (let i = 0; i < n; i++) out[i] = gen.uniform53() < p[i] ? 1 : 0;
}

/**
 * out[i] = 0 with probability `p` (dropped), else 1 (kept, to be scaled by 1 / (1 - p)): u < 1 - p, u of 53 bits, two
 * draws each. PyTorch's dropout; for dropout of whole channels `out` holds one value per (batch, channel). With p = 0 all
 * are kept and with p = 1 none, and nothing is drawn.
 *
 * Errors: `KonvError` unless p is in [0, 1].
 */
export function fillDropoutMask(gen: Generator, out: Values, p: number): void {
  checkProbability('dropout', p);
  if (p === 0 || p === 1) out.fill(1 - p);
  else fillBernoulli(gen, out, 1 - p);
}

function checkProbability(op: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new KonvError(op, `expected p in [0, 1], got ${p}; pass a probability`);
}

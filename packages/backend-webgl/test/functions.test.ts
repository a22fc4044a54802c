import { cpuJs } from '@konv/backend-cpu-js';
import type { BinaryKind, DType, HostArray, UnaryKind } from '@konv/core-tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebglBackend } from '../src/index.js';
import { hasWebgl, makeWebgl } from './harness.js';
import { contents, free, numbersFrom, place, room } from './refs.js';

/** Half of what the table of tolerances allows: what is left is for GPUs that divide less well. */
const RELATIVE = 2e-6;
/** Results below 1e-37 may be flushed to zero. */
const ABSOLUTE = 1.2e-38;
const LARGEST = 3.4028234e38;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2,
  -2,
  2.5,
  -2.5,
  3,
  -3,
  4,
  100,
  -100,
  0.99999994,
  -0.99999994,
  1.0000001,
  inf,
  -inf,
  nan,
]
  .concat([88.7, 88.73, 89.4, 89.5, 44, -87.3, -104, 1e-30, -1e-30, 1e-7, -1e-7, 1e-4, 1e30, -1e30, LARGEST, -LARGEST, 16777216, 33554433])
  .concat([
    Math.SQRT1_2,
    0.7071069,
    Math.SQRT2,
    1.4142137,
    0.41421357,
    2.4142137,
    0.925,
    -0.925,
    0.3465,
    0.3467,
    127.5,
    128,
    -126,
    1.1754944e-38,
  ]);

/** Every exponent and both signs, in even steps of bits. */
function everywhere(n: number): Float32Array {
  const bits = new Uint32Array(n);
  for (let i = 0; i < n; i++) bits[i] = Math.floor((i / n) * 2 ** 32);
  return new Float32Array(bits.buffer);
}

function between(n: number, low: number, high: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => low + ((high - low) * i) / n);
}

function concat(...parts: readonly ArrayLike<number>[]): Float32Array {
  return Float32Array.from(parts.flatMap((p) => Array.from(p)));
}

const unaryPoints = concat(special, everywhere(80_000), between(40_000, -10, 10), between(20_000, -110, 110), between(8_000, -1.2, 1.2));

/** Pairs of special values, of neighbours, and of any two exponents. */
function pairs(): [Float32Array, Float32Array] {
  const next = numbersFrom(3);
  const [a, b]: [number[], number[]] = [[], []];
  const add = (x: number, y: number): void => {
    a.push(x);
    b.push(y);
  };
  for (const x of special) for (const y of special) add(x, y);
  const any = everywhere(30_000);
  for (let i = 0; i < 60_000; i++) add(any[Math.floor(next() * any.length)], any[Math.floor(next() * any.length)]);
  for (let i = 0; i < 30_000; i++) add(10 ** (next() * 8 - 4), next() * 40 - 20);
  for (let i = 0; i < 20_000; i++) add(1 + (next() - 0.5) * 2 ** -Math.floor(next() * 20), (next() - 0.5) * 10 ** (next() * 6));
  for (let i = 0; i < 10_000; i++) add(Math.floor(next() * 40 - 20), Math.floor(next() * 20 - 10));
  return [Float32Array.from(a), Float32Array.from(b)];
}

/** Denormal numbers may count as zeros: where that can be seen, no more than that is asked. */
const denormal = (x: number): boolean => x !== 0 && Math.abs(x) < 1.17549435e-38;

interface Worst {
  error: number;
  at: string;
}

/** The greatest relative error, and the first result that is wrong in kind. */
function worstOf(name: string, actual: HostArray, expected: HostArray, point: (i: number) => string, skip: (i: number) => boolean): Worst {
  const worst: Worst = { error: 0, at: '' };
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Object.is(a, e) || (a === e && anyZero.has(name)) || skip(i)) continue;
    const error = errorOf(a, e);
    if (error > worst.error) Object.assign(worst, { error, at: `${name}(${point(i)}): expected ${e}, got ${a}` });
  }
  return worst;
}

function errorOf(a: number, e: number): number {
  if (Number.isNaN(e) || Number.isNaN(a)) return Number.isNaN(e) && Number.isNaN(a) ? 0 : inf;
  if (e === 0) return a === 0 ? (Object.is(a, e) ? 0 : inf) : Math.abs(a) <= ABSOLUTE ? 0 : inf;
  if (Math.abs(e) > LARGEST) {
    const least = Math.abs(e) === inf ? LARGEST : LARGEST * (1 - RELATIVE);
    return Math.sign(a) === Math.sign(e) && Math.abs(a) >= least && (Math.abs(a) === inf || Math.abs(e) < 3.4028236e38) ? 0 : inf;
  }
  if (Math.abs(a) === inf) return Math.sign(a) === Math.sign(e) && Math.abs(e) >= LARGEST * (1 - RELATIVE) ? 0 : inf;
  return Math.max(0, Math.abs(a - e) - ABSOLUTE) / Math.abs(e);
}

/** Of these the reference leaves the sign of zero open. */
const anyZero = new Set(['round']);

describe.skipIf(!hasWebgl)('elementwise functions in GLSL', () => {
  let gpu: WebglBackend;
  const cpu = cpuJs();
  beforeAll(async () => {
    gpu = await makeWebgl();
  });
  afterAll(() => gpu.dispose());

  /** The kind on the GPU in `dtype`, and on the CPU: in float64 where that is float32. */
  async function both(kind: string, operands: readonly HostArray[], dtype: DType, compares: boolean): Promise<[HostArray, HostArray]> {
    const run = async (backend: WebglBackend | typeof cpu, type: DType): Promise<HostArray> => {
      const shape = [operands[0].length];
      const refs = operands.map((o) => place(backend, type === 'float64' ? Float64Array.from(o) : o, shape, type));
      const out = room(backend, shape, compares ? 'bool' : type);
      if (refs.length === 1) backend.unary(kind as UnaryKind, refs[0], out);
      else backend.binary(kind as BinaryKind, refs[0], refs[1], out);
      const values = await contents(backend, out);
      free(backend, out, ...refs);
      return values;
    };
    return [await run(gpu, dtype), await run(cpu, dtype === 'float32' ? 'float64' : dtype)];
  }

  const kinds: readonly UnaryKind[] = ['exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sqrt', 'rsqrt', 'reciprocal']
    .concat(['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'sigmoid', 'erf'])
    .concat(['neg', 'abs', 'sign', 'square', 'ceil', 'floor', 'round', 'trunc', 'relu']) as UnaryKind[];
  for (const kind of kinds) {
    it(kind, async () => {
      const [actual, expected] = await both(kind, [unaryPoints], 'float32', false);
      const worst = worstOf(
        kind,
        actual,
        expected,
        (i) => String(unaryPoints[i]),
        (i) => denormal(unaryPoints[i]),
      );
      expect(worst.error, worst.at).toBeLessThan(RELATIVE);
    });
  }

  const binaryKinds: readonly BinaryKind[] = ['add', 'sub', 'mul', 'div', 'pow', 'fmod', 'atan2', 'maximum', 'minimum'];
  for (const kind of binaryKinds) {
    it(kind, async () => {
      const [a, b] = pairs();
      const [actual, expected] = await both(kind, [a, b], 'float32', false);
      const worst = worstOf(
        kind,
        actual,
        expected,
        (i) => `${a[i]}, ${b[i]}`,
        (i) => denormal(a[i]) || denormal(b[i]),
      );
      expect(worst.error, worst.at).toBeLessThan(kind === 'fmod' ? 1e-30 : RELATIVE);
    });
  }

  it('the sign of zero where C has one', async () => {
    const signs = async (kind: UnaryKind, x: number): Promise<boolean> => {
      const [actual] = await both(kind, [Float32Array.of(x)], 'float32', false);
      return Object.is(actual[0], -0);
    };
    for (const kind of [
      'sin',
      'tan',
      'asin',
      'atan',
      'sinh',
      'tanh',
      'expm1',
      'log1p',
      'erf',
      'sqrt',
      'floor',
      'round',
      'trunc',
    ] as const) {
      expect(await signs(kind, -0), kind).toBe(true);
      expect(await signs(kind, 0), kind).toBe(false);
    }
    expect(await signs('ceil', -0.5)).toBe(true);
    expect(await signs('round', -0.5)).toBe(true);
  });

  const choosing: readonly BinaryKind[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'reluGrad', 'sigmoidGrad', 'tanhGrad'];
  for (const kind of choosing) {
    it(kind, async () => {
      const next = numbersFrom(5);
      const [a, b] = pairs().map((p) => p.subarray(0, 20_000));
      // Outputs of sigmoid and tanh; and equal operands.
      for (let i = 10_000; i < 20_000; i++) b[i] = i % 5 === 0 ? a[i] : next() * 2 - 1;
      const [actual, expected] = await both(kind, [a, b], 'float32', !kind.endsWith('Grad'));
      // Below, a product on the way may be flushed, which one in float64 is not.
      const small = (i: number): boolean => kind.endsWith('Grad') && (Math.abs(a[i]) < 1e-30 || Math.abs(b[i]) > 1e19);
      const worst = worstOf(
        kind,
        actual,
        expected,
        (i) => `${a[i]}, ${b[i]}`,
        (i) => denormal(a[i]) || denormal(b[i]) || small(i),
      );
      expect(worst.error, worst.at).toBeLessThan(kind.endsWith('Grad') ? RELATIVE : 1e-30);
    });
  }

  it('where selects: what it leaves does not leak', async () => {
    const condition = place(gpu, Uint8Array.of(1, 0, 1, 0, 1), [5], 'bool');
    const a = place(gpu, Float32Array.of(1, nan, 2, inf, 3), [5], 'float32');
    const b = place(gpu, Float32Array.of(nan, -1, inf, -2, nan), [5], 'float32');
    const out = room(gpu, [5], 'float32');
    gpu.where(condition, a, b, out);
    expect([...(await contents(gpu, out))]).toEqual([1, -1, 2, -2, 3]);
    gpu.where(condition, a, nan, out);
    expect([...(await contents(gpu, out))]).toEqual([1, nan, 2, nan, 3]);
    free(gpu, condition, a, b, out);
  });

  it('int32 wraps; powers, signs and comparisons are exact', async () => {
    const next = numbersFrom(7);
    const edges = [0, 1, -1, 2, -2, 3, 7, 2 ** 31 - 1, -(2 ** 31), 65536, 46341, -46341, 31, 32, 33];
    const any = Array.from({ length: 4000 }, () => (next() * 2 ** 32) | 0);
    const x = Int32Array.from([...edges.flatMap((e) => edges.map(() => e)), ...any]);
    const y = Int32Array.from([...edges.flatMap(() => edges), ...any.map((v, i) => (i % 2 ? v & 31 : any[4000 - i - 1]))]);
    for (const kind of ['neg', 'abs', 'sign', 'square', 'relu'] as const) {
      const [actual, expected] = await both(kind, [x], 'int32', false);
      expect(actual, kind).toEqual(expected);
    }
    for (const kind of ['add', 'sub', 'mul', 'pow', 'maximum', 'minimum', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const) {
      const [actual, expected] = await both(kind, [x, y], 'int32', /^(eq|[nlg][et])$/.test(kind));
      expect(actual, kind).toEqual(expected);
    }
  });

  it('bools', async () => {
    const [x, y] = [Uint8Array.of(0, 0, 1, 1, 1), Uint8Array.of(0, 1, 0, 1, 1)];
    for (const kind of ['maximum', 'minimum', 'mul', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const) {
      const [actual, expected] = await both(kind, [x, y], 'bool', true);
      expect(actual, kind).toEqual(expected);
    }
  });

  it('casts', async () => {
    const cast = async (data: HostArray, from: DType, to: DType): Promise<number[]> => {
      const [x, out] = [place(gpu, data, [data.length], from), room(gpu, [data.length], to)];
      gpu.cast(x, out);
      const values = [...(await contents(gpu, out))];
      free(gpu, x, out);
      return values;
    };
    const floats = Float32Array.of(0, -0, 0.9, -0.9, 1.5, -2.5, nan, 2147483520, -2147483648, 16777217, 1e-30, inf, -inf);
    expect((await cast(floats, 'float32', 'int32')).slice(0, -2)).toEqual([0, 0, 0, 0, 1, -2, 0, 2147483520, -2147483648, 16777216, 0]);
    expect(await cast(floats, 'float32', 'bool')).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    const ints = Int32Array.of(0, 1, -1, 16777217, 2 ** 31 - 1, -(2 ** 31), 256);
    expect(await cast(ints, 'int32', 'float32')).toEqual([...Float32Array.from(ints)]);
    expect(await cast(ints, 'int32', 'bool')).toEqual([0, 1, 1, 1, 1, 1, 1]);
    expect(await cast(Uint8Array.of(0, 1, 1), 'bool', 'float32')).toEqual([0, 1, 1]);
    expect(await cast(Uint8Array.of(0, 1, 1), 'bool', 'int32')).toEqual([0, 1, 1]);
  });
});

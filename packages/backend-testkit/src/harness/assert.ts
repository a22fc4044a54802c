import type { Tolerance } from '../tolerances.js';

/** What a failing conformance test throws. */
export class ConformanceError extends Error {
  override name = 'ConformanceError';
}

export function fail(message: string): never {
  throw new ConformanceError(message);
}

export function assert(condition: boolean, message: () => string): void {
  if (!condition) fail(message());
}

/** Numbers, strings, and arrays of them are the same. */
export function assertEqual(what: string, actual: unknown, expected: unknown): void {
  const [a, e] = [show(actual), show(expected)];
  if (a !== e) fail(`${what}: expected ${e}, got ${a}`);
}

function show(x: unknown): string {
  if (ArrayBuffer.isView(x)) return `[${Array.from(x as unknown as ArrayLike<number>, (v) => (Object.is(v, -0) ? 0 : v)).join(', ')}]`;
  return typeof x === 'string' ? JSON.stringify(x) : Array.isArray(x) ? `[${x.map(show).join(', ')}]` : String(x);
}

/** Exact up to the sign of zero. */
const same = (a: number, e: number): boolean => a === e || (Number.isNaN(a) && Number.isNaN(e));

/** The greatest finite magnitude. */
function largest(values: ArrayLike<number>): number {
  let m = 0;
  for (let i = 0; i < values.length; i++) {
    const v = Math.abs(values[i]);
    if (v > m && v < Number.POSITIVE_INFINITY) m = v;
  }
  return m;
}

/**
 * Where and how two lists of numbers disagree, or null. |actual - expected| may be at most
 * absolute + relative |expected| + ofLargest max |expected|; NaN and infinities must be the same.
 */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance | null): string | null {
  if (actual.length !== expected.length) return `expected ${expected.length} values, got ${actual.length}`;
  const floor = tolerance === null ? 0 : tolerance.absolute + tolerance.ofLargest * largest(expected);
  let count = 0;
  let worst = 0;
  let first = -1;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (same(a, e)) continue;
    const d = Math.abs(a - e);
    if (tolerance !== null && d <= floor + tolerance.relative * Math.abs(e)) continue;
    if (count++ === 0) first = i;
    if (d > worst) worst = d;
  }
  if (count === 0) return null;
  const allowed = tolerance === null ? 'exactly' : `within ${(floor + tolerance.relative * Math.abs(expected[first])).toExponential(1)}`;
  return `expected ${expected[first]} ${allowed} at flat position ${first}, got ${actual[first]}; ${count} of ${expected.length} differ, by up to ${worst.toExponential(2)}`;
}

export function assertClose(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance | null): void {
  const d = difference(actual, expected, tolerance);
  if (d !== null) fail(`${what}: ${d}`);
}

/** Collects what is wrong with many cases, so that one test can tell all of them. */
export class Findings {
  readonly #lines: string[] = [];

  add(caseName: string, message: string): void {
    this.#lines.push(`${caseName}: ${message}`);
  }

  /** Runs `body`; what it throws is noted under the case's name. */
  async during(caseName: string, body: () => void | Promise<void>): Promise<void> {
    try {
      await body();
    } catch (e) {
      this.add(
        caseName,
        e instanceof Error ? (e instanceof ConformanceError ? e.message : `${e.name}: ${e.message}\n${e.stack ?? ''}`) : String(e),
      );
    }
  }

  report(): void {
    const n = this.#lines.length;
    if (n === 0) return;
    const shown = this.#lines.slice(0, 12);
    fail(
      `${n} ${n === 1 ? 'case fails' : 'cases fail'}\n  ${shown.join('\n  ')}${n > shown.length ? `\n  and ${n - shown.length} more` : ''}`,
    );
  }
}

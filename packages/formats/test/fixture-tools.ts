import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { HostEntry } from '../src/index.js';

/** What a fixture says of one tensor. */
export interface Expected {
  dtype: string;
  shape: number[];
  /** What JSON cannot say is a text. */
  data: (number | string)[];
}

export interface NpyCase extends Expected {
  name: string;
  descr: string;
  bytes: string;
}

export interface NpzCase {
  name: string;
  bytes: string;
  arrays: (NpyCase & { key: string })[];
}

export interface NpyFixtures {
  arrays: NpyCase[];
  written: NpyCase[];
  refused: { name: string; bytes: string }[];
  archives: NpzCase[];
}

export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

// Made with NumPy 1.24: `npm run golden -- formats/npy`.
export const numpy = JSON.parse(new TextDecoder().decode(fixture('npy.json'))) as NpyFixtures;

export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

const SPECIAL: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity };
export const numbers = (data: readonly (number | string)[]): number[] => data.map((x) => (typeof x === 'number' ? x : SPECIAL[x]));

/** dtype, shape and every value, the sign of zero included. Fixtures have float32 in the fewest digits. */
export function expectEntry(got: HostEntry, expected: Expected): void {
  expect(got.dtype).toBe(expected.dtype);
  expect(got.shape).toEqual(expected.shape);
  const type = { bool: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array }[got.dtype];
  expect(got.data).toEqual(type.from(numbers(expected.data)));
}

export function entryOf({ dtype, shape, data }: Expected): HostEntry {
  const type = { bool: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array }[dtype as HostEntry['dtype']];
  return { dtype: dtype as HostEntry['dtype'], shape, data: type.from(numbers(data)) };
}

export async function failure(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

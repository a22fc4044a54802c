import { cpuJs } from '@konv/backend-cpu-js';
import { memory, registerBackend } from '@konv/core-tensor';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Dataset } from '../src/index.js';

/** Registers cpu-js and checks that every test ends with the tensors that it began with. */
export function countTensors(): () => number {
  let before = 0;
  beforeAll(() => {
    registerBackend(cpuJs());
  });
  beforeEach(() => {
    before = memory().tensors;
  });
  afterEach(() => {
    expect(memory().tensors).toBe(before);
  });
  return () => before;
}

/** `n` samples of `[Float32Array(3) full of i, i]`. */
export const pairs = (n: number): Dataset<[Float32Array, number]> => ({
  length: n,
  get: (i) => [new Float32Array(3).fill(i), i],
});

export function listOf<T>(...samples: T[]): Dataset<T> {
  return { length: samples.length, get: (i) => samples[i] };
}

export async function failure(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

export async function drain(loader: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of loader);
}

export function raise(e: Error): never {
  throw e;
}

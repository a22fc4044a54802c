import { cpuJs } from '@konv/backend-cpu-js';
import { expect } from 'vitest';
import { isKonvError, type KonvError, memory, registerBackend, type Tensor, useBackend } from '../src/index.js';

let count = 0;

/** A fresh backend as the default: nothing that other tests left to the collector shows in its counts. */
export function freshBackend(options: { maxTotalBytes?: number } = {}): string {
  const name = `fresh ${++count}`;
  registerBackend(cpuJs({ name, ...options }));
  useBackend(name);
  return name;
}

/** Live storages on a backend. */
export function live(name: string): number {
  return memory().backends[name].tensors;
}

/** What `fn` throws, which must be an error of konv that says op, expected, got and a remedy. */
export function refusal(fn: () => unknown): KonvError {
  let error: unknown;
  try {
    fn();
  } catch (e) {
    error = e;
  }
  if (error === undefined) expect.fail('expected an error, got none');
  if (!isKonvError(error)) throw error;
  expect(error.message).toMatch(/^\[[\w.]+\] expected .+, got:? .+/s);
  expect(error.message.split('; ').length, `a remedy in: ${error.message}`).toBeGreaterThan(1);
  return error;
}

export const values = (t: Tensor): number[] => Array.from(t.dataSync());

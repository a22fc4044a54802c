// The layers bring tfjs's gradients: its core registers none by itself.
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as core from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { enableWasmTraining, type WasmTraining, type WasmTrainingOptions } from '../src/train/index.js';

export async function trainOnWasm(options?: WasmTrainingOptions): Promise<WasmTraining> {
  await core.setBackend('wasm');
  return enableWasmTraining(options);
}

export function wasmBackend(): BackendWasm {
  return core.findBackend('wasm') as BackendWasm;
}

/** tfjs's memory, as its module exports it. */
export function wasmMemory(): { readonly buffer: ArrayBuffer } {
  return (wasmBackend().wasm as unknown as { asm: { memory: { buffer: ArrayBuffer } } }).asm.memory;
}

/** `use` on each backend, and what its tensors held. Tensors made outside move along. */
export async function onBoth(use: () => core.Tensor[]): Promise<{ wasm: number[][]; cpu: number[][] }> {
  const on = async (name: string): Promise<number[][]> => {
    await core.setBackend(name);
    const tensors = core.tidy(use);
    const values = tensors.map((t) => [...t.dataSync()]);
    core.dispose(tensors);
    return values;
  };
  const cpu = await on('cpu');
  return { wasm: await on('wasm'), cpu };
}

/** Errors: the first element that is off by more than `within` of the largest. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, within = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) {
    if (Math.abs(actual[i] - expected[i]) <= within * largest + 1e-6) continue;
    expect.fail(`element ${i}: expected ${expected[i]}, got ${actual[i]}, where the largest is ${largest}`);
  }
}

/** Marsaglia's xorshift32: numbers in [-2, 2), most of them not whole. */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 30 - 2;
  };
}

export function randomTensor(shape: number[], next: () => number): core.Tensor {
  return core.tensor(Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, next), shape);
}

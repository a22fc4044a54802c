import { describe, expect, it } from 'vitest';
import { Heap } from '../src/heap/heap.js';

/** Numbers in [0, 1) from one seed: a failure is the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** 4 B to 8 MiB, as many of each magnitude: biases and scalars, feature maps, weights. */
function randomBytes(random: () => number): number {
  return Math.floor(4 * 2 ** (21 * random()));
}

interface Outcome {
  readonly footprint: number;
  readonly livePeak: number;
}

/** Every tensor lives for a time drawn from the same distribution, whatever its size. */
function randomLifetimes(heap: Heap, seed: number, allocations: number, about: number): Outcome {
  const random = randomFrom(seed);
  const live: number[] = [];
  let livePeak = 0;
  for (let i = 0; i < allocations; i++) {
    while (random() < live.length / (live.length + about)) {
      const at = Math.floor(random() * live.length);
      heap.free(live[at]);
      live[at] = live[live.length - 1];
      live.pop();
    }
    live.push(heap.alloc(randomBytes(random)));
    livePeak = Math.max(livePeak, heap.liveBytes);
  }
  for (const address of live) heap.free(address);
  return { footprint: heap.footprint, livePeak };
}

/**
 * Training: a forward that keeps activations, a backward that frees them in reverse beside short-lived gradients; every
 * few steps the batch has another size, and a parameter is replaced by one of another size.
 */
function trainingSteps(heap: Heap, seed: number, allocations: number): Outcome {
  const random = randomFrom(seed);
  const parameters = Array.from({ length: 60 }, () => heap.alloc(randomBytes(random) / 4));
  let livePeak = 0;
  let count = 0;
  let sizes: number[] = [];
  while (count < allocations) {
    if (random() < 0.05 || sizes.length === 0) sizes = Array.from({ length: 20 + Math.floor(60 * random()) }, () => randomBytes(random));
    const batch = 0.25 + 0.75 * random();
    const activations = sizes.map((bytes) => heap.alloc(bytes * batch));
    for (let i = activations.length - 1; i >= 0; i--) {
      const gradient = heap.alloc(sizes[i] * batch);
      const scratch = heap.alloc(randomBytes(random) / 4);
      livePeak = Math.max(livePeak, heap.liveBytes);
      heap.free(activations[i]);
      heap.free(scratch);
      heap.free(gradient);
    }
    const replaced = Math.floor(random() * parameters.length);
    heap.free(parameters[replaced]);
    parameters[replaced] = heap.alloc(randomBytes(random) / 4);
    count += 3 * sizes.length + 1;
  }
  for (const address of parameters) heap.free(address);
  return { footprint: heap.footprint, livePeak };
}

describe('10^6 allocations keep the footprint within 1.5x of the live peak', () => {
  // Growing a memory reserves pages; only those that are written to become real, and here none is.
  it.each([
    [100, 1],
    [400, 2],
    [1500, 3],
  ])('random lifetimes, about %i tensors alive', (about, seed) => {
    const { footprint, livePeak } = randomLifetimes(Heap.create({ shared: false }), seed, 340_000, about);
    console.log(`about ${about} alive: peak ${(livePeak / 2 ** 20).toFixed(0)} MiB, footprint ${(footprint / livePeak).toFixed(3)}x`);
    expect(footprint / livePeak).toBeLessThan(1.5);
  });

  it('training steps of changing shapes', () => {
    const { footprint, livePeak } = trainingSteps(Heap.create({ shared: false }), 4, 1_000_000);
    console.log(`training: peak ${(livePeak / 2 ** 20).toFixed(0)} MiB, footprint ${(footprint / livePeak).toFixed(3)}x`);
    expect(footprint / livePeak).toBeLessThan(1.5);
  });
});

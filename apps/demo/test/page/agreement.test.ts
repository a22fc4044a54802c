import { getBackend, getRngState, manualSeed, useBackend } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Architecture, architectures, defaults, type Settings } from '../../web/src/model/settings.js';
import { compareSteps, relativeDifference } from '../../web/src/worker/agreement.js';
import type { Batch } from '../../web/src/worker/data.js';
import { openBackend } from '../../web/src/worker/backends.js';
import { buildNetwork, unnoticed } from '../../web/src/worker/network.js';

const settingsOf = (architecture: Architecture): Settings => ({ ...defaults, architecture, channels: [3, 4], batch: 8 });

const batch: Batch = {
  pixels: Float32Array.from({ length: 8 * 784 }, (_, i) => ((i * 7919) % 256) / 255),
  labels: Int32Array.from({ length: 8 }, (_, i) => i),
};

async function weightsOf(settings: Settings): Promise<Map<string, HostEntry>> {
  manualSeed(3);
  const net = buildNetwork(settings);
  const pending = Object.entries(net.stateDict()).map(
    async ([key, t]) => [key, { data: await t.data(), shape: t.shape, dtype: t.dtype }] as const,
  );
  const out = new Map(await Promise.all(pending));
  net.dispose();
  return out;
}

const others = [
  { label: 'cpu-js', name: 'cpu-js', threads: 1 },
  { label: 'wasm, 1 thread', name: 'wasm', threads: 1 },
] as const;

beforeAll(async () => {
  useBackend(await openBackend('cpu-js', 1));
});

describe('agreement of backends', () => {
  it.each(architectures)('of %s is that of rounding, parameter by parameter', async (architecture) => {
    const settings = settingsOf(architecture);
    const found = await compareSteps(settings, await weightsOf(settings), batch, others);
    expect(found.map(({ backend, unavailable }) => [backend, unavailable])).toEqual(others.map(({ label }) => [label, null]));
    for (const { gradients, loss } of found) {
      const net = buildNetwork(settings);
      expect(gradients.map((g) => g.parameter)).toEqual([...net.namedParameters()].map(([name]) => name));
      net.dispose();
      expect(loss).toBeCloseTo(found[0].loss, 5);
      for (const { difference } of gradients) expect(difference).toBeLessThan(2e-5);
      // Single precision cannot be all the same as double.
      expect(Math.max(...gradients.map((g) => g.difference))).toBeGreaterThan(1e-9);
    }
  });

  it('leaves random numbers, the current backend and memory as they were', async () => {
    const settings = settingsOf('lenet');
    const weights = await weightsOf(settings);
    await compareSteps(settings, weights, batch, others);
    useBackend('wasm-1');
    const tensors = ['cpu-js', 'wasm-1'].map((name) => getBackend(name).memory().tensors);
    const state = getRngState();
    await compareSteps(settings, weights, batch, others);
    expect(getRngState()).toEqual(state);
    expect(getBackend().name).toBe('wasm-1');
    expect(['cpu-js', 'wasm-1'].map((name) => getBackend(name).memory().tensors)).toEqual(tensors);
    useBackend('cpu-js');
  });

  it('says of a backend that cannot run why, and goes on with the others', async () => {
    const settings = settingsOf('linear');
    const refused = { label: 'webgl', name: 'webgl', threads: 1, unavailable: 'there is none' } as const;
    const found = await compareSteps(settings, await weightsOf(settings), batch, [refused, others[0]]);
    expect(found[0]).toMatchObject({ backend: 'webgl', unavailable: 'there is none', gradients: [] });
    expect(found[1].gradients.length).toBe(2);
  });

  it('goes back to the backend of now when building throws', () => {
    const before = getBackend().name;
    expect(() =>
      unnoticed('cpu-js', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(getBackend().name).toBe(before);
  });
});

describe('relative difference', () => {
  it('is the greatest difference over the greatest magnitude', () => {
    expect(relativeDifference([1, 2.5, -4], [1, 2, -5])).toBe(0.2);
    expect(relativeDifference([0, 0], [0, 0])).toBe(0);
  });
  it('is over the greatest gradient of all where the reference is zero but for rounding', () => {
    expect(relativeDifference([1e-9], [1e-17], 2)).toBe((1e-9 - 1e-17) / 2);
    expect(relativeDifference([2e-9], [1e-9], 2)).toBe(1);
  });
  it('is infinite where values are missing, not numbers, or wrong beside zeros', () => {
    expect(relativeDifference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeDifference([Number.NaN, 1], [1, 1])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeDifference([1], [0])).toBe(Number.POSITIVE_INFINITY);
  });
});

import { describe, expect, it } from 'vitest';
import { useBackend } from '@konv/core-tensor';
import { forwardFlops, multiplyAddsOf, parametersOf, stepFlops } from '../../web/src/model/costs.js';
import { planOf } from '../../web/src/model/layers.js';
import { architectures, defaults } from '../../web/src/model/settings.js';
import { openBackend } from '../../web/src/worker/backends.js';
import { buildNetwork } from '../../web/src/worker/network.js';

describe('what a network costs', () => {
  it.each(architectures)('counts the parameters of %s as the network itself does', async (architecture) => {
    useBackend(await openBackend('cpu-js', 1));
    const settings = { ...defaults, architecture, channels: [5, 7], kernels: [3, 7] } as const;
    const net = buildNetwork(settings);
    const counted = [...net.parameters()].reduce((sum, p) => sum + p.size, 0);
    net.dispose();
    expect(planOf(settings).reduce((sum, layer) => sum + parametersOf(layer), 0)).toBe(counted);
  });

  it("counts LeNet-5's multiply-adds layer by layer", () => {
    const counts = planOf(defaults)
      .map(multiplyAddsOf)
      .filter((n) => n > 0);
    expect(counts).toEqual([28 * 28 * 6 * 25, 10 * 10 * 16 * 6 * 25, 400 * 120, 120 * 84, 84 * 10]);
    expect(forwardFlops(defaults, 32)).toBe(2 * 32 * (117_600 + 240_000 + 48_000 + 10_080 + 840));
    expect(stepFlops(defaults, 32)).toBe(3 * forwardFlops(defaults, 32));
  });
});

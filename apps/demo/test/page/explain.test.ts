import { cpuJs } from '@konv/backend-cpu-js';
import { backends, manualSeed, registerBackend, scope, tensor, useBackend } from '@konv/core-tensor';
import { BatchNorm2d, Conv2d, Linear, type Sequential } from '@konv/layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { planOf } from '../../web/src/model/layers.js';
import type { Arithmetic, LabelledPicture } from '../../web/src/model/protocol.js';
import { type Architecture, architectures, defaults, type Settings } from '../../web/src/model/settings.js';
import { indexOf } from '../../web/src/worker/explain/host.js';
import { explainIn, mapsIn } from '../../web/src/worker/explain/pass.js';
import { agrees } from '../../web/src/worker/explain/terms.js';
import { buildNetwork } from '../../web/src/worker/network.js';

const backend = 'cpu-js';
beforeAll(() => {
  if (!backends().includes(backend)) registerBackend(cpuJs());
  useBackend(backend);
});

/** A generator of its own, so that the weights do not depend on how many units are looked at. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Half of it is black, as pictures of clothes are: maxima tie there. */
function someone(seed: number, label: number | null = 3): LabelledPicture {
  const next = random(seed);
  return { pixels: Float32Array.from({ length: 784 }, (_, i) => (i % 28 < 10 ? 0 : next())), label };
}

function networkOf(settings: Settings): Sequential {
  manualSeed(settings.seed);
  const net = buildNetwork(settings);
  const next = random(99);
  // Running statistics as after some training: mean 0 and variance 1 would hide a mistake.
  for (const layer of net) {
    if (!(layer instanceof BatchNorm2d)) continue;
    using _ = scope();
    const made = (low: number) =>
      tensor(
        Float32Array.from({ length: layer.numFeatures }, () => low + next()),
        { backend },
      );
    const names = { running_mean: -0.5, running_var: 0.2, weight: 0.5, bias: -0.5 };
    layer.loadStateDict(Object.fromEntries(Object.entries(names).map(([name, low]) => [name, made(low)])), { strict: false });
  }
  return net;
}

const small = (architecture: Architecture, more: Partial<Settings> = {}): Settings => ({ ...defaults, architecture, ...more });

describe('the arithmetic of a unit adds up', () => {
  const variants: [string, Settings][] = [
    ...architectures.map((a): [string, Settings] => [a, small(a)]),
    ['lenet with other kernels and channels', small('lenet', { kernels: [3, 7], channels: [3, 5] })],
    ['batchnorm with kernels of one', small('batchnorm', { kernels: [1, 1], channels: [2, 2] })],
  ];
  it.each(variants)('%s', async (_, settings) => {
    const net = networkOf(settings);
    const plan = planOf(settings);
    const picture = someone(5);
    const next = random(17);
    const maps = await mapsIn(net, backend, picture);
    let checked = 0;
    for (let layer = 0; layer < plan.length; layer++) {
      const [values, gradients] = maps[layer];
      expect(values.shape).toEqual(plan[layer].shape);
      expect(gradients.shape).toEqual(plan[layer].shape);
      for (let k = 0; k < 25; k++) {
        // Corners too: padding and edges are there.
        const offset = k === 0 ? 0 : k === 1 ? values.data.length - 1 : Math.floor(next() * values.data.length);
        const index = indexOf(plan[layer].shape, offset);
        const { forward, backward } = await explainIn(net, backend, picture, { layer, index });
        expect(forward.value).toBe(values.data[offset]);
        expect(backward.value).toBe(gradients.data[offset]);
        for (const [which, a] of Object.entries({ forward, backward })) {
          const where = `${plan[layer].kind} ${index} ${which}: ${a.sum} and ${a.value} within ${a.tolerance}`;
          expect(agrees(a), where).toBe(true);
          expect(
            a.terms.reduce((sum, t) => sum + t.product, 0),
            where,
          ).toBe(a.sum);
        }
        checked++;
      }
    }
    expect(checked).toBe(25 * plan.length);
    net.dispose();
  });
});

describe('the tolerance is no more than rounding', () => {
  const withProduct = (a: Arithmetic, change: (p: number, i: number) => number): Arithmetic => {
    const products = a.terms.map((t, i) => change(t.product, i));
    return { ...a, sum: products.reduce((x, y) => x + y, 0) };
  };

  it('a sum of which one term is a hundredth off does not pass', async () => {
    const net = networkOf(small('lenet'));
    // A convolution's value, and a gradient that the convolution after it gives.
    const { forward } = await explainIn(net, backend, someone(5), { layer: 3, index: [4, 5, 5] });
    const { backward } = await explainIn(net, backend, someone(5), { layer: 2, index: [4, 7, 8] });
    for (const a of [forward, backward]) {
      const largest = Math.max(...a.terms.map((t) => Math.abs(t.product)));
      expect(largest).toBeGreaterThan(0);
      const off = withProduct(a, (p) => (Math.abs(p) === largest ? p * 1.01 : p));
      expect(agrees(a)).toBe(true);
      expect(agrees(off)).toBe(false);
    }
    net.dispose();
  });

  it('weights that are not those of the tensors do not pass', async () => {
    const net = networkOf(small('lenet'));
    const other = networkOf(small('lenet', { seed: 7 }));
    for (const layer of [0, 3, 7, 9, 11]) {
      const index = [1, 2, 3].slice(0, layer < 7 ? 3 : 1);
      const mine = (await explainIn(net, backend, someone(5), { layer, index })).forward;
      const theirs = (await explainIn(other, backend, someone(5), { layer, index })).forward;
      expect(agrees({ ...theirs, value: mine.value }), `layer ${layer}`).toBe(false);
    }
    net.dispose();
    other.dispose();
  });
});

describe('what is written', () => {
  it('names every tap of a window, padding as 0', async () => {
    const net = networkOf(small('lenet'));
    const { forward } = await explainIn(net, backend, someone(5), { layer: 0, index: [2, 0, 0] });
    expect(forward.terms).toHaveLength(26);
    expect(forward.terms[0]).toMatchObject({ what: '0 (padding) * w[2, 0, 0, 0]', product: 0 });
    expect(forward.terms[12].what).toBe('x[0, 0, 0] * w[2, 0, 2, 2]');
    expect(forward.terms[25].what).toBe('b[2]');
    expect(forward.terms.filter((t) => t.what.includes('padding'))).toHaveLength(16);
    net.dispose();
  });

  it('sends the gradient of equal numbers through the first of them only', async () => {
    const net = networkOf(small('lenet'));
    const picture: LabelledPicture = { pixels: new Float32Array(784), label: 1 };
    const through: number[] = [];
    // A black picture: ReLU gives the same number everywhere in the middle.
    for (const [y, x] of [
      [10, 10],
      [10, 11],
      [11, 10],
      [11, 11],
    ]) {
      const { backward } = await explainIn(net, backend, picture, { layer: 1, index: [0, y, x] });
      expect(agrees(backward)).toBe(true);
      through.push(backward.terms[0].factors[1]);
    }
    expect(through).toEqual([1, 0, 0, 0]);
    net.dispose();
  });

  it('takes the network’s own guess for right where a picture has no label', async () => {
    const net = networkOf(small('average'));
    const picture = someone(8, null);
    const [scores] = (await mapsIn(net, backend, picture)).at(-1) ?? [];
    const guess = scores ? scores.data.indexOf(Math.max(...scores.data)) : -1;
    for (let k = 0; k < 10; k++) {
      const { backward } = await explainIn(net, backend, picture, { layer: 7, index: [k] });
      expect(backward.value < 0, `class ${k}`).toBe(k === guess);
      expect(backward.terms).toHaveLength(k === guess ? 2 : 1);
    }
    net.dispose();
  });

  it('refuses what is not there, and says what is', async () => {
    const net = networkOf(small('linear'));
    const ask = (layer: number, index: number[]) => explainIn(net, backend, someone(5), { layer, index });
    await expect(ask(2, [0])).rejects.toThrow('no layer 2 in this network: choose one from 0 to 1');
    await expect(ask(1, [10])).rejects.toThrow('its output is [10], counted from 0');
    await expect(ask(1, [0, 0])).rejects.toThrow('no unit [0, 0]');
    net.dispose();
  });
});

it('leaves weights and gradients of the training alone', async () => {
  const net = networkOf(small('batchnorm'));
  const before = await Promise.all([...net.parameters()].map((p) => p.data()));
  await explainIn(net, backend, someone(5), { layer: 4, index: [0, 0, 0] });
  await mapsIn(net, backend, someone(6));
  const params = [...net.parameters()];
  expect(await Promise.all(params.map((p) => p.data()))).toEqual(before);
  expect(params.every((p) => p.grad === null)).toBe(true);
  expect([...net].some((l) => l instanceof Conv2d || l instanceof Linear)).toBe(true);
  net.dispose();
});

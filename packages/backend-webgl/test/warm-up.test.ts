/** `warmup` compiles what a step will need and changes nothing; new sizes then compile nothing. */
import { getRngState, manualSeed, nn, optim, type Tensor, zeros } from 'konv';
import { keep, useBackend } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl, on, ramp } from './harness.js';
import type { WebglBackend } from '../src/index.js';

const build = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 3, { padding: 1 }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 8, 3),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Flatten(),
    new nn.Linear(8 * 9, 10),
  );

const image = (gpu: WebglBackend, n: number) => on(gpu, ramp(n * 100, 0.01), [n, 1, 10, 10]);
const target = (gpu: WebglBackend, n: number) =>
  on(
    gpu,
    Array.from({ length: n }, (_, i) => i % 10),
    [n],
    'int32',
  );

describe.skipIf(!hasWebgl)('warmup', () => {
  const snapshot = async (net: nn.Module) => {
    const entries = Object.entries(net.stateDict());
    return Promise.all(entries.map(async ([name, t]) => [name, Array.from(await t.data())] as const));
  };

  it('compiles what a training step needs, changes nothing, and other batch sizes compile nothing', async () => {
    const gpu = await makeWebgl();
    useBackend(gpu.name);
    manualSeed(3);
    const net = build();
    const sgd = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    const loss = (y: Tensor) => nn.functional.crossEntropy(y, zeros([y.shape[0]], { dtype: 'int32', backend: gpu.name }));
    const [state, rng, memory] = [await snapshot(net), getRngState(), gpu.memory()];
    const draws = gpu.statistics().draws;
    const made = await gpu.warmup(net, [4, 1, 10, 10], { loss });
    expect(made).toBeGreaterThan(5);
    expect(gpu.statistics().draws).toBe(draws);
    expect(gpu.memory()).toEqual(memory);
    expect(getRngState()).toEqual(rng);
    expect(await snapshot(net)).toEqual(state);
    expect([...net.parameters()].every((p) => p.grad === null)).toBe(true);

    const step = async (n: number) => {
      const value = nn.functional.crossEntropy(net.forward(image(gpu, n)), target(gpu, n));
      sgd.zeroGrad();
      value.backward();
      sgd.step();
      return value.item();
    };
    const before = gpu.statistics().programs;
    await step(4);
    expect(gpu.statistics().programs - before).toBe(0);
    await step(7);
    await step(16);
    expect(gpu.statistics().programs - before).toBe(0);
  });

  it('refuses what is no model', async () => {
    const gpu = await makeWebgl();
    await expect(gpu.warmup(null as never, [1])).rejects.toThrow(/\[warmup\] expected a model with forward\(x\), got null/);
  });

  it('an error of the model is the caller’s, and the backend goes on', async () => {
    const gpu = await makeWebgl();
    useBackend(gpu.name);
    const net = build();
    await expect(gpu.warmup(net, [1, 3, 10, 10])).rejects.toThrow(/expected .*input channels|channels/);
    const x = on(gpu, ramp(4), [4]);
    expect(Array.from(await x.add(1).data())).toEqual([1, 2, 3, 4]);
  });

  it('leaves no gradient on whatever takes part, and keeps those that were there', async () => {
    const gpu = await makeWebgl();
    useBackend(gpu.name);
    const [inner, outer] = [new nn.Linear(4, 3), new nn.Linear(3, 1)];
    inner
      .forward(on(gpu, ramp(8), [2, 4]))
      .sum()
      .backward();
    const before = Array.from((await inner.weight.grad?.data()) ?? []);
    const model = { forward: (x: Tensor) => inner.forward(x) };
    await gpu.warmup(model, [2, 4], { loss: (y) => outer.forward(y).sum() });
    expect(outer.weight.grad).toBe(null);
    expect(Array.from((await inner.weight.grad?.data()) ?? [])).toEqual(before);
  });

  it('a tensor that the model made and kept meanwhile says that it holds nothing', async () => {
    const gpu = await makeWebgl();
    useBackend(gpu.name);
    let scale: Tensor | null = null;
    const model = {
      forward(x: Tensor) {
        scale ??= keep(on(gpu, [1, 2, 3], [3]));
        return x.mul(scale);
      },
    };
    await gpu.warmup(model, [2, 3]);
    const holdsNothing = /\[warmup\] expected .* got a tensor that was made and kept during warmup\(\)/;
    await expect((scale as unknown as Tensor).data()).rejects.toThrow(holdsNothing);
    await expect(async () => model.forward(on(gpu, ramp(6), [2, 3])).data()).rejects.toThrow(holdsNothing);
  });
});

import { cpuJs } from '@konv/backend-cpu-js';
import { deferringBackend, nullBackend, strangerBackend } from '@konv/backend-testkit';
import { registerBackend } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';

// Before konv is imported: the user's backend is then the default, and cpu-js is there but never made.
registerBackend(strangerBackend('mine'));
const { backends, getBackend, manualSeed, memory, nn, optim, scope, tensor, useBackend, rand } = await import('konv');

describe('a backend registered before konv is imported', () => {
  it('is the default', () => {
    expect([backends(), getBackend().name, rand([2]).backend]).toEqual([['mine', 'cpu-js'], 'mine', 'mine']);
    expect(memory().backends).not.toHaveProperty('cpu-js');
  });
});

describe('one program, four backends', () => {
  beforeAll(() => {
    registerBackend(deferringBackend(cpuJs({ name: 'inner' }), 'deferring'));
    registerBackend(nullBackend('null'));
  });

  /** Three steps of a small network: the losses and a weight. */
  async function train(backend: string): Promise<{ losses: number[]; shape: readonly number[] }> {
    useBackend(backend);
    manualSeed(1);
    const net = new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(16, 3));
    const sgd = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    const x = rand([4, 1, 6, 6]);
    const target = tensor([0, 1, 2, 0], { dtype: 'int32' });
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      using _step = scope();
      const loss = nn.functional.crossEntropy(net.forward(x) as typeof x, target);
      sgd.zeroGrad();
      loss.backward();
      sgd.step();
      losses.push(await loss.item());
    }
    return { losses, shape: (net.forward(x) as typeof x).shape };
  }

  it.each(['mine', 'deferring'])('%s trains to the losses of cpu-js', async (name) => {
    const expected = await train('cpu-js');
    const actual = await train(name);
    actual.losses.forEach((v, i) => expect(Math.abs(v - expected.losses[i])).toBeLessThan(1e-5));
    expect(expected.losses[2]).toBeLessThan(expected.losses[0]);
  });

  it('null runs the same code, without arithmetic', async () => {
    expect(await train('null')).toEqual({ losses: [0, 0, 0], shape: [4, 3] });
  });

  it('mixing two of them says what to do', () => {
    const there = tensor([1], { backend: 'cpu-js' });
    const here = tensor([1], { backend: 'mine' });
    expect(() => here.add(there)).toThrow(/^\[add\] expected operands on one backend, got "mine" and "cpu-js"; .*ready\(\).*net\.to/);
  });
});

import { memory, Scope, type Tensor } from '@konv/core-tensor';
import * as nn from '@konv/layers';
import { accuracy, type Callback, ConfusionMatrix, optim, Trainer } from '@konv/trainer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asLoader, batches, dispose, smallNet, trainerFor } from './support.js';

/** Frees what a test's nets and optimizers hold, so that counts start anew. */
function free(net: nn.Module, trainer: Trainer): void {
  trainer.optimizer.dispose();
  for (const p of net.parameters()) {
    p.grad = null;
    p.dispose();
  }
}

describe('fit', () => {
  let net: nn.Sequential;
  let trainer: Trainer;
  let list: [Tensor, Tensor][];
  beforeEach(() => {
    net = smallNet();
    trainer = trainerFor(net, { metrics: { accuracy } });
    list = batches(20);
  });
  afterEach(() => {
    dispose(list);
    free(net, trainer);
  });

  it('does what the loop by hand does', async () => {
    const twin = smallNet();
    const sgd = new optim.SGD(twin.parameters(), { lr: 0.1, momentum: 0.9 });
    const expected: number[] = [];
    for (const [x, t] of list) {
      const step = new Scope();
      step.run(() => {
        const loss = nn.functional.crossEntropy(twin.forward(x) as Tensor, t);
        sgd.zeroGrad();
        loss.backward();
        sgd.step();
        expected.push(loss.itemSync());
      });
      step.dispose();
    }
    const history = await trainer.fit(asLoader(list), { epochs: 1 });
    expect(history.losses).toEqual(expected);
    expect(history.epochs[0].loss).toBeCloseTo(expected.reduce((a, b) => a + b) / expected.length, 6);
    expect(history.epochs[0].samples).toBe(160);
    expect(history.stopped).toBeNull();
  });

  it('learns, and reports metrics of training and validation', async () => {
    const history = await trainer.fit(asLoader(list.slice(0, 4)), { epochs: 60, validation: asLoader(list.slice(0, 4)) });
    const last = history.epochs[59];
    expect(last.loss).toBeLessThan(0.6 * history.epochs[0].loss);
    expect(last.validation?.accuracy).toBeGreaterThan(0.8);
    expect(Object.keys(last.validation ?? {})).toEqual(['loss', 'accuracy']);
  });

  it('calls callbacks in order, waits for them, and stops when told', async () => {
    const calls: string[] = [];
    const log: Callback = {
      onFitStart: () => void calls.push('fit'),
      onEpochStart: (p) => void calls.push(`epoch ${p.epoch}`),
      onStep: async (p) => {
        await new Promise((r) => setTimeout(r, 0));
        calls.push(`step ${p.step}`);
        if (p.step === 3) p.stop('enough');
      },
      onEpochEnd: (_, r) => void calls.push(`end ${r.epoch}`),
      onFitEnd: () => void calls.push('done'),
    };
    const history = await trainer.fit(asLoader(list), { epochs: 5, callbacks: [log] });
    expect(calls).toEqual(['fit', 'epoch 1', 'step 1', 'step 2', 'step 3', 'end 1', 'done']);
    expect(history.stopped).toBe('enough');
    expect(history.losses.length).toBe(3);
  });

  it('ends at an abort', async () => {
    const control = new AbortController();
    const history = await trainer.fit(asLoader(list), {
      epochs: 3,
      signal: control.signal,
      callbacks: [{ onStep: (p) => (p.step === 2 ? control.abort() : undefined) }],
    });
    expect(history.stopped).toBe('aborted');
    expect(history.losses.length).toBe(2);
  });

  it('leaks nothing when a callback or the model throws', async () => {
    await trainer.fit(asLoader(list), { epochs: 1 });
    const before = memory();
    const boom = { onStep: () => Promise.reject(new Error('boom')) };
    await expect(trainer.fit(asLoader(list), { epochs: 1, callbacks: [boom] })).rejects.toThrow('boom');
    const wrong = batches(1).map(([x, t]) => [x.reshape([8, 4, 4, 4]), t] as const);
    await expect(trainer.fit(asLoader(wrong), { epochs: 1 })).rejects.toThrow(/0 \(Conv2d\): \[conv\] expected 4? ?.*channels/);
    dispose(wrong);
    const again = await trainer.fit(asLoader(list.slice(0, 1)), { epochs: 1 });
    expect(again.losses.length).toBe(1);
    expect(memory().tensors).toBeLessThanOrEqual(before.tensors + 1);
  });

  it('puts the training mode back after evaluating', async () => {
    net.eval();
    await trainer.evaluate(asLoader(list));
    expect(net.training).toBe(false);
    net.train();
    await trainer.evaluate(asLoader(list));
    expect(net.training).toBe(true);
  });

  it.each([
    ['epochs -1', { epochs: -1 }, /epochs >= 0, got -1/],
    ['epochs NaN', { epochs: Number.NaN }, /epochs >= 0, got NaN/],
    ['epochs 1.5', { epochs: 1.5 }, /epochs >= 0, got 1.5/],
  ])('refuses %s', async (_name, options, message) => {
    await expect(trainer.fit(asLoader(list), options)).rejects.toThrow(message);
  });

  it('refuses a second training at the same time, and batches of another form', async () => {
    const first = trainer.fit(asLoader(list), { epochs: 1 });
    await expect(trainer.fit(asLoader(list), { epochs: 1 })).rejects.toThrow(/one training at a time/);
    await first;
    await expect(trainer.fit(asLoader([[list[0][0]]]), { epochs: 1 })).rejects.toThrow(/batches \[inputs, targets\]/);
  });

  it('refuses a loss that is no scalar', async () => {
    const other = new Trainer({ model: net, loss: (o) => o, optimizer: trainer.optimizer });
    await expect(other.fit(asLoader(list), { epochs: 1 })).rejects.toThrow(/loss to be a scalar tensor, got shape \[8, 3\]/);
  });
});

describe('constructor', () => {
  it.each([
    ['model', { model: null }, /a model with forward/],
    ['optimizer', { optimizer: undefined }, /an optimizer, got undefined/],
    ['loss', { loss: 3 }, /a loss module or function, got 3/],
  ])('refuses a wrong %s', (_name, wrong, message) => {
    const net = smallNet();
    expect(() => trainerFor(net, wrong as never)).toThrow(message);
  });
});

describe('metrics', () => {
  it('counts the confusion matrix', async () => {
    const { tensor } = await import('@konv/core-tensor');
    const m = new ConfusionMatrix(3);
    await m.add(
      tensor([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [1, 0, 0],
      ]),
      tensor(Int32Array.of(0, 1, 1, 2)),
    );
    expect([...m.counts]).toEqual([1, 0, 0, 0, 1, 1, 1, 0, 0]);
    expect(m.accuracy).toBe(0.5);
    expect(m.recall(1)).toBe(0.5);
    await expect(m.add(tensor([[1, 0]]), tensor(Int32Array.of(0)))).rejects.toThrow(/scores \[batch, 3\], got \[1, 2\]/);
  });
  it('refuses shapes that do not match', async () => {
    const { zeros } = await import('@konv/core-tensor');
    expect(() => accuracy(zeros([2, 3]), zeros([3], { dtype: 'int32' }))).toThrow(/\[accuracy\] expected scores/);
    expect(() => new ConfusionMatrix(0)).toThrow(/classes >= 1, got 0/);
  });
});

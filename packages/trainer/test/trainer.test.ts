import { memory, rand, randint, Scope, type Tensor } from '@konv/core-tensor';
import { DataLoader, TensorDataset } from '@konv/data';
import * as nn from '@konv/layers';
import { accuracy, type Callback, ConfusionMatrix, earlyStopping, optim, type Progress, Trainer } from '@konv/trainer';
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
    expect(() => new ConfusionMatrix(0)).toThrow(/a whole number of classes from 1 to 46340, got 0/);
  });
});

describe('options of fit', () => {
  const picks = (p: Progress): number[] => [p.epoch, p.step, p.steps ?? -1];
  it('fastDevRun: one batch of each, once, without callbacks that write', async () => {
    const net = smallNet();
    const list = batches(20);
    const seen: number[][] = [];
    const log: Callback = { onStep: (p) => void seen.push(picks(p)) };
    const writer: Callback = { skippedInFastDevRun: true, onFitStart: () => Promise.reject(new Error('called')) };
    const options = { epochs: 5, validation: asLoader(list), callbacks: [log, writer] };
    const history = await trainerFor(net).fit(asLoader(list), { ...options, fastDevRun: true });
    expect(seen).toEqual([[1, 1, 1]]);
    expect(history.epochs[0].samples).toBe(8);
    expect(history.epochs[0].validation).not.toBeNull();
    await trainerFor(net).fit(asLoader(list), { ...options, fastDevRun: 3 });
    expect(seen.slice(1)).toEqual([1, 2, 3].map((i) => [1, i, 3]));
    dispose(list);
  });

  it('overfitBatches: the first batches, in the order of the dataset, until they are known by heart', async () => {
    const net = smallNet();
    const x = rand([64, 1, 8, 8]);
    const t = randint(0, 3, [64]);
    const loader = new DataLoader(new TensorDataset(x, t), { batchSize: 8, shuffle: true });
    const trainer = trainerFor(net, { metrics: { accuracy }, optimizer: new optim.Adam(net.parameters(), { lr: 0.02 }) });
    const firsts = new Set<number>();
    const inputs = net.forward.bind(net);
    net.forward = ((batch: Tensor) => {
      firsts.add(batch.flatten().slice([0, 1]).itemSync());
      return inputs(batch);
    }) as never;
    const history = await trainer.fit(loader, { epochs: 60, overfitBatches: 0.25 });
    expect(firsts).toEqual(new Set([x.flatten().slice([0, 1]).itemSync(), x.select(0, 8).flatten().slice([0, 1]).itemSync()]));
    expect(history.losses.length).toBe(120);
    expect(history.epochs.at(-1)?.metrics.accuracy).toBe(1);
    dispose([[x, t]]);
  });

  it('accumulateGradBatches: two halves of a batch move the parameters as the whole does', async () => {
    const [[x, t]] = batches(1);
    const halves = [0, 1].map((i) => [x.slice([4 * i, 4 * i + 4]).clone(), t.slice([4 * i, 4 * i + 4]).clone()] as const);
    const [one, two] = [smallNet(), smallNet()];
    await trainerFor(one).fit(asLoader([[x, t]]), { epochs: 3 });
    const updates: boolean[] = [];
    const log: Callback = { onStep: (p) => void updates.push(p.updated) };
    await trainerFor(two).fit(asLoader(halves), { epochs: 3, accumulateGradBatches: 2, callbacks: [log] });
    expect(updates).toEqual([false, true, false, true, false, true]);
    const [a, b] = [one, two].map((net) => [...net.parameters()].flatMap((p) => [...p.dataSync()]));
    a.forEach((v, i) => expect(Math.abs(v - b[i])).toBeLessThan(1e-6));
    dispose([[x, t], ...halves]);
  });

  it('gradientClipVal: the step is no longer than lr times the limit', async () => {
    const list = batches(1);
    const steps = async (options: object): Promise<number> => {
      const net = smallNet();
      const before = [...net.parameters()].flatMap((p) => [...p.dataSync()]);
      const optimizer = new optim.SGD(net.parameters(), { lr: 1 });
      await trainerFor(net, { optimizer }).fit(asLoader(list), { epochs: 1, ...options });
      const moved = [...net.parameters()].flatMap((p) => [...p.dataSync()]).map((v, i) => v - before[i]);
      return 'gradientClipAlgorithm' in options ? Math.max(...moved.map(Math.abs)) : Math.hypot(...moved);
    };
    expect(await steps({})).toBeGreaterThan(0.02);
    expect(await steps({ gradientClipVal: 0.01 })).toBeCloseTo(0.01, 5);
    expect(await steps({ gradientClipVal: 0.001, gradientClipAlgorithm: 'value' })).toBeCloseTo(0.001, 5);
    dispose(list);
  });

  it.each([
    [{ epoch: 1 }, /\[fit\] expected options among epochs, .* got epoch; leave it out/],
    [{ fast_dev_run: true }, /got fast_dev_run; write fastDevRun/],
    [{ fastDevRun: 0 }, /fastDevRun to be a whole number >= 1, got 0/],
    [{ overfitBatches: 1.5 }, /overfitBatches to be a whole number >= 1 or a share in \(0, 1\), got 1.5/],
    [{ fastDevRun: true, overfitBatches: 1 }, /fastDevRun or overfitBatches, got both/],
    [{ fastDevRun: true, resume: 'x' }, /fastDevRun or resume, got both/],
    [{ accumulateGradBatches: 0 }, /accumulateGradBatches to be a whole number >= 1, got 0/],
    [{ gradientClipVal: 0 }, /gradientClipVal to be a finite number > 0, got 0/],
    [{ gradientClipAlgorithm: 'max' }, /gradientClipAlgorithm to be 'norm' or 'value', got 'max'/],
    [{ callbacks: [earlyStopping] }, /callbacks to be objects, got function; call what makes it/],
    [{ callbacks: {} }, /callbacks in an array/],
    [{ validation: 3 }, /expected validation to be an iterable of batches, got number/],
    [{ signal: true }, /signal to be an AbortSignal, got true/],
  ])('refuses %o', async (options, message) => {
    const list = batches(1);
    await expect(trainerFor(smallNet()).fit(asLoader(list), { epochs: 1, ...options } as never)).rejects.toThrow(message);
    dispose(list);
  });
});

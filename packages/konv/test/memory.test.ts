import {
  cpuJs,
  data,
  memory,
  nn,
  noGrad,
  optim,
  rand,
  randint,
  registerBackend,
  Scope,
  scope,
  type Tensor,
  Trainer,
  useBackend,
} from 'konv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const STEPS = 1000;
let count = 0;
let name = '';

/** A backend for each test: what others left to the collector does not show in its counts. */
beforeEach(() => {
  name = `memory ${++count}`;
  registerBackend(cpuJs({ name }));
  useBackend(name);
});
afterEach(() => useBackend('cpu-js'));

/** Four parameters, their gradients and momentum, and the two tensors of data: nothing else may live after a step. */
const LIVE = 4 * 3 + 2;

const live = () => memory().backends[name];

function model(): { net: nn.Sequential; sgd: optim.SGD; x: Tensor; t: Tensor } {
  const net = new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(18, 3));
  return {
    net,
    sgd: new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 }),
    x: rand([8, 1, 8, 8]).keep(),
    t: randint(0, 3, [8]).keep(),
  };
}

describe(`${STEPS} training steps`, () => {
  it('leave memory() where it was, with scope(fn)', () => {
    const { net, sgd, x, t } = model();
    const step = (): void =>
      scope(() => {
        const loss = nn.functional.crossEntropy(net.forward(x) as Tensor, t);
        sgd.zeroGrad();
        loss.backward();
        sgd.step();
      });
    for (let i = 0; i < STEPS; i++) step();
    expect(live().tensors).toBe(LIVE);
  });

  it('leave memory() where it was, with `using` across awaits and a DataLoader', async () => {
    const { net, sgd, x, t } = model();
    for (const unused of [x, t]) unused.dispose();
    const set = new data.TensorDataset(rand([80, 1, 8, 8]).keep(), randint(0, 3, [80]).keep());
    const loader = new data.DataLoader(set, { batchSize: 8, shuffle: true });
    for (let epoch = 0; epoch < STEPS / 10; epoch++) {
      for await (const [images, labels] of loader as AsyncIterable<[Tensor, Tensor]>) {
        using _step = scope();
        const loss = nn.functional.crossEntropy(net.forward(images) as Tensor, labels);
        sgd.zeroGrad();
        loss.backward();
        sgd.step();
        await loss.item();
      }
    }
    expect(live().tensors).toBe(LIVE);
  });

  it('leave memory() where it was, with the trainer', async () => {
    const { net, sgd, x, t } = model();
    const trainer = new Trainer({ model: net, loss: new nn.CrossEntropyLoss(), optimizer: sgd });
    const list = Array.from({ length: 10 }, () => [x, t]) as never;
    await trainer.fit(list, { epochs: STEPS / 10 });
    expect(live().tensors).toBe(LIVE);
  });

  it('stay bounded without any scope', async () => {
    const { net, sgd, x, t } = model();
    let peak = 0;
    let made = 0;
    for (let i = 0; i < STEPS; i++) {
      const loss = nn.functional.crossEntropy(net.forward(x) as Tensor, t);
      sgd.zeroGrad();
      loss.backward();
      sgd.step();
      await loss.item();
      peak = Math.max(peak, live().tensors);
      made += 8; // at least: an output a layer, the loss, its rows
    }
    // The collector decides when; without its callbacks everything would still be there.
    expect(peak).toBeLessThan(made);
  });

  it('can be concurrent, each with a Scope of its own', async () => {
    const { net, x, t } = model();
    for (const unused of [x, t]) unused.dispose();
    const task = async (seed: number): Promise<void> => {
      const s = new Scope();
      const x = s.run(() => rand([4, 1, 8, 8]));
      for (let i = 0; i < 20; i++) {
        const y = s.run(() => noGrad(() => net.forward(x).sum() as Tensor));
        await new Promise((r) => setTimeout(r, seed));
        expect(await y.item()).toBeTypeOf('number');
      }
      s.dispose();
    };
    const before = live();
    await Promise.all([task(0), task(1), task(2)]);
    expect(live()).toEqual(before);
  });
});

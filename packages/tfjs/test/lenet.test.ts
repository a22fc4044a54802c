import { cpuJs, manualSeed, nn, optim, randint, randn, registerBackend, scope, useBackend } from 'konv';
import { expect, it } from 'vitest';
import { install, tfjsHolds } from './support.js';

/** Ten steps of LeNet-5 on one batch. */
async function losses(backend: string): Promise<number[]> {
  useBackend(backend);
  manualSeed(7);
  const net = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9 });
  const criterion = new nn.CrossEntropyLoss();
  const x = randn([32, 1, 28, 28]);
  const labels = randint(0, 10, [32]);
  const out: number[] = [];
  for (let i = 0; i < 10; i++) {
    scope(() => {
      optimizer.zeroGrad();
      const loss = criterion.forward(net.forward(x), labels);
      loss.backward();
      optimizer.step();
      out.push(loss.itemSync());
    });
  }
  return out;
}

it('trains LeNet to the losses of the reference backend, and leaves nothing behind', async () => {
  const { name, memory } = await install();
  const ours = await losses(name);
  registerBackend(cpuJs({ name: 'reference' }));
  const theirs = await losses('reference');
  expect(ours[9]).toBeLessThan(ours[0]);
  ours.forEach((loss, i) => expect(Math.abs(loss - theirs[i])).toBeLessThan(1e-4));
  // Parameters, their momentum, the batch: one block of tfjs's for each, and gradients of the last step.
  expect(tfjsHolds()).toBe(memory().tensors);
});

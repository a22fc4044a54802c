import { cpuJs, manualSeed, nn, optim, randint, randn, registerBackend, scope, useBackend } from 'konv';

/** Some steps of LeNet-5 on one batch: their losses. */
export async function losses(backend: string, steps: number, batch = 32): Promise<number[]> {
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
  const x = randn([batch, 1, 28, 28]);
  const labels = randint(0, 10, [batch]);
  const reads: Promise<number>[] = [];
  for (let i = 0; i < steps; i++) {
    scope(() => {
      optimizer.zeroGrad();
      const loss = criterion.forward(net.forward(x), labels);
      loss.backward();
      optimizer.step();
      reads.push(loss.item());
    });
  }
  return Promise.all(reads);
}

/** The same on konv's plain JavaScript backend. */
export async function reference(steps: number, batch = 32): Promise<number[]> {
  registerBackend(cpuJs({ name: 'reference' }));
  return losses('reference', steps, batch);
}

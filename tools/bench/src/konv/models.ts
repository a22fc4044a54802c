import { type Backend, type Shape, type Tensor, tensor } from '@konv/core-tensor';
import { nn, optim, scope, Trainer, useBackend } from 'konv';
import { numbers } from '../contender.js';
import { gigaflop, type Task } from '../tasks.js';
import type { Runner } from '../timing.js';

type Of<Kind extends Task['kind']> = Task & { kind: Kind };

function leNet(): nn.Sequential {
  return new nn.Sequential(
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
}

class BasicBlock extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly relu = new nn.ReLU();

  constructor(channels: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, channels, 3, { padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(channels);
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(channels);
  }

  override forward(x: Tensor): Tensor {
    const y = this.relu.forward(this.bn1.forward(this.conv1.forward(x)));
    return this.relu.forward(this.bn2.forward(this.conv2.forward(y)).add(x));
  }
}

function filled(backend: Backend, shape: Shape, requiresGrad = false): Tensor {
  return tensor(numbers(shape.reduce((a, b) => a * b, 1)), { shape, backend: backend.name, requiresGrad });
}

async function timed(backend: Backend, work: () => void): Promise<number> {
  // Both in the clock: freeing is part of a step.
  const start = performance.now();
  work();
  await backend.sync();
  return performance.now() - start;
}

/** One step by the Trainer, as a user's program takes it. */
export function lenetRunner(backend: Backend, { batch }: Of<'lenet'>): Runner {
  useBackend(backend.name);
  const model = leNet();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 });
  const trainer = new Trainer({ model, loss: new nn.CrossEntropyLoss(), optimizer });
  const x = filled(backend, [batch, 1, 28, 28]);
  const targets = tensor(
    Int32Array.from({ length: batch }, (_, i) => i % 10),
    { backend: backend.name },
  );
  return {
    run: () => {
      useBackend(backend.name);
      return timed(backend, () => {
        for (const value of trainer.trainStep(x, targets)) value.dispose();
      });
    },
    dispose: () => {
      for (const t of [x, targets]) t.dispose();
    },
  };
}

/** Forward and backward through autograd, to all parameters and to the input. */
export function resnetRunner(backend: Backend, task: Of<'resnet'>): Runner {
  useBackend(backend.name);
  const shape: Shape = [task.batch, task.channels, task.size, task.size];
  const block = new BasicBlock(task.channels);
  const x = filled(backend, shape, true);
  const dy = filled(backend, shape);
  return {
    run: () => {
      useBackend(backend.name);
      return timed(backend, () => {
        block.zeroGrad();
        x.grad?.dispose();
        x.grad = null;
        scope(() => block.forward(x).backward(dy));
      });
    },
    dispose: () => {
      for (const t of [x, dy]) t.dispose();
    },
    note: `${gigaflop(task)?.toFixed(1)} GFLOP in convolutions`,
  };
}

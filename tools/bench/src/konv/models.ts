import { type Backend, type Shape, type Tensor, tensor } from '@konv/core-tensor';
import { nn, noGrad, optim, scope, Trainer, useBackend, type WebglBackend } from 'konv';
import { numbers } from '../contender.js';
import { comparedSteps, leNetRate, leNetShapes, leNetTargets, leNetValues } from '../lenet.js';
import { gigaflop, type Task } from '../tasks.js';
import type { Clock, Runner } from '../timing.js';
import { untilSynced } from './kernels.js';

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

/** LeNet-5 with its data, as a user's program trains it. */
export class LeNetTraining {
  private readonly model: nn.Sequential;
  private readonly loss = new nn.CrossEntropyLoss();
  private readonly trainer: Trainer;
  private readonly batches = new Map<number, { x: Tensor; targets: Tensor }>();

  /** `initial`: everybody's values, to be compared, or those that the layers draw, as in a program. */
  constructor(
    private readonly backend: Backend,
    initial: 'given' | 'drawn',
  ) {
    useBackend(backend.name);
    this.model = leNet();
    if (initial === 'given') this.take(leNetValues());
    const optimizer = new optim.SGD(this.model.parameters(), leNetRate);
    this.trainer = new Trainer({ model: this.model, loss: this.loss, optimizer });
  }

  private take(values: readonly Float32Array[]): void {
    noGrad(() => {
      [...this.model.parameters()].forEach((parameter, i) => {
        const initial = tensor(values[i], { shape: leNetShapes[i], backend: this.backend.name });
        parameter.copy_(initial);
        initial.dispose();
      });
    });
  }

  private batch(size: number): { x: Tensor; targets: Tensor } {
    const made = this.batches.get(size) ?? {
      x: filled(this.backend, [size, 1, 28, 28]),
      targets: tensor(leNetTargets(size), { backend: this.backend.name }),
    };
    this.batches.set(size, made);
    return made;
  }

  /** One step; the loss belongs to the caller. */
  step(size: number): Tensor {
    useBackend(this.backend.name);
    const { x, targets } = this.batch(size);
    const [loss] = this.trainer.trainStep(x, targets);
    return loss;
  }

  /** One step, and its loss on the host. */
  async stepAndRead(size: number): Promise<number> {
    const loss = this.step(size);
    const value = await loss.item();
    loss.dispose();
    return value;
  }

  /** Has the backend compile a step's kernels beforehand; null where it does not offer that. */
  warmUp(size: number): Promise<unknown> | null {
    const { warmup } = this.backend as Partial<WebglBackend>;
    const { x, targets } = this.batch(size);
    return warmup?.(this.model, x.shape, { loss: (y) => this.loss.forward(y, targets) }) ?? null;
  }

  dispose(): void {
    for (const { x, targets } of this.batches.values()) {
      x.dispose();
      targets.dispose();
    }
  }
}

/** A training step: until all is done or, where the task says so, until the loss has been read. */
export function lenetRunner(backend: Backend, { batch, read }: Of<'lenet'>, clock: Clock = untilSynced(backend)): Runner {
  const training = new LeNetTraining(backend, 'given');
  return {
    run: async () => {
      // Freeing is part of a step.
      if (!read) return clock(() => training.step(batch).dispose());
      const start = performance.now();
      await training.stepAndRead(batch);
      return performance.now() - start;
    },
    result: async () => {
      const losses = new Float32Array(comparedSteps);
      for (let i = 0; i < comparedSteps; i++) losses[i] = await training.stepAndRead(batch);
      return losses;
    },
    dispose: () => training.dispose(),
  };
}

/** Forward and backward through autograd, to all parameters and to the input. */
export function resnetRunner(backend: Backend, task: Of<'resnet'>, clock: Clock = untilSynced(backend)): Runner {
  useBackend(backend.name);
  const shape: Shape = [task.batch, task.channels, task.size, task.size];
  const block = new BasicBlock(task.channels);
  const x = filled(backend, shape, true);
  const dy = filled(backend, shape);
  return {
    run: () => {
      useBackend(backend.name);
      return clock(() => {
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

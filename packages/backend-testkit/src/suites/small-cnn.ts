import { manualSeed, type Tensor } from '@konv/core-tensor';
import { optim, Trainer } from '@konv/trainer';
import { trainingFixtures } from '../fixtures/training.js';
import type { TrainingRun } from '../fixtures/types.js';
import { nn } from '../harness/nn.js';
import { place } from '../harness/place.js';

/** The network of the training fixtures on the current backend, with PyTorch's initial parameters. */
export async function smallCnn(dtype: 'float32' | 'float64'): Promise<nn.Sequential> {
  manualSeed(Number(trainingFixtures.header.seed));
  const net = new nn.Sequential(
    new nn.Conv2d(2, 4, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(64, 3),
  );
  return dtype === 'float64' ? ((await net.double()) as nn.Sequential) : net;
}

/** Pixel i of all is sin(i^2 / 50); the label of image n is n^2 mod 3. */
export function smallBatch(backend: string, dtype: 'float32' | 'float64'): [Tensor, Tensor] {
  const pixels = Float64Array.from({ length: 6 * 2 * 8 * 8 }, (_, i) => Math.sin((i * i) / 50));
  const labels = Int32Array.from({ length: 6 }, (_, n) => (n * n) % 3);
  return [place(backend, dtype, [6, 2, 8, 8], pixels), place(backend, 'int32', [6], labels)];
}

export function optimizerFor(run: TrainingRun, net: nn.Module): optim.Optimizer {
  return run.optimizer === 'SGD' ? new optim.SGD(net.parameters(), run.options) : new optim.Adam(net.parameters(), run.options);
}

export interface Trained {
  readonly losses: readonly number[];
  readonly convBias: ArrayLike<number>;
  readonly linearBias: ArrayLike<number>;
}

/** Trains as the fixture says, through `Trainer.fit`, on the current backend, whose name is given. Frees everything. */
export async function train(run: TrainingRun, backend: string): Promise<Trained> {
  const net = await smallCnn(run.dtype);
  const optimizer = optimizerFor(run, net);
  const batch = smallBatch(backend, run.dtype);
  try {
    const trainer = new Trainer({ model: net, loss: new nn.CrossEntropyLoss(), optimizer });
    const { losses } = await trainer.fit([batch], { epochs: run.losses.length });
    const state = net.stateDict();
    return { losses, convBias: await state['0.bias'].data(), linearBias: await state['4.bias'].data() };
  } finally {
    optimizer.dispose();
    net.zeroGrad();
    net.dispose();
    for (const t of batch) t.dispose();
  }
}

import { cpuJs } from '@konv/backend-cpu-js';
import { manualSeed, rand, randint, registerBackend, type Tensor } from '@konv/core-tensor';
import * as nn from '@konv/layers';
import { type Loader, optim, Trainer } from '@konv/trainer';

registerBackend(cpuJs());

export function smallNet(): nn.Sequential {
  manualSeed(1);
  return new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(18, 3));
}

/** `n` batches of 8 pictures, the same in every pass. They belong to the caller. */
export function batches(n: number, seed = 2): [Tensor, Tensor][] {
  manualSeed(seed);
  return Array.from({ length: n }, () => [rand([8, 1, 8, 8]), randint(0, 3, [8])]);
}

export function dispose(list: readonly (readonly Tensor[])[]): void {
  for (const pair of list) for (const t of pair) t.dispose();
}

export function trainerFor(net: nn.Module, options: Partial<ConstructorParameters<typeof Trainer>[0]> = {}): Trainer {
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  return new Trainer({ model: net, loss: new nn.CrossEntropyLoss(), optimizer, ...options });
}

export const asLoader = (list: readonly (readonly Tensor[])[]): Loader => list as unknown as Loader;

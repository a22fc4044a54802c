// What worker.test.ts runs in a worker: the article's ten steps.
import { manualSeed, nn, noGrad, ones, registerBackend, useBackend, webgl } from 'konv';

declare const self: { onmessage: (() => void) | null; postMessage(message: unknown): void };

self.onmessage = async () => {
  const made = await webgl();
  if ('unavailable' in made) throw new Error(made.unavailable);
  registerBackend(made);
  useBackend(made.name);
  const x = ones([1, 1, 6, 8]);
  x.slice(null, null, null, [2, 6]).zero_();
  const y = x.slice(null, null, null, [0, 7]).sub(x.slice(null, null, null, [1, 8]));
  manualSeed(0);
  const conv = new nn.Conv2d(1, 1, [1, 2], { bias: false });
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) {
    const loss = conv.forward(x).sub(y).square().sum();
    conv.zeroGrad();
    loss.backward();
    noGrad(() => conv.weight.sub_(conv.weight.grad?.mul(3e-2) ?? 0));
    losses.push(await loss.item());
  }
  self.postMessage({ backend: made.name, losses, inPage: 'document' in globalThis });
};

// A user's program: a small convolutional network learns whether a bright bar goes across or down.
import { manualSeed, nn, optim, rand, ready, registerBackend, scope, tensor, webgl } from 'konv';

/** The backend that `ready()` chose, and the loss of every step. `prefer`: 'webgl', or nothing for the default. */
export async function train(prefer) {
  if (prefer === 'webgl') registerBackend(await webgl());
  const backend = await ready({ prefer });
  manualSeed(0);
  const pictures = rand([64, 1, 12, 12]).mul(0.3);
  const down = Int32Array.from({ length: 64 }, (_, i) => i & 1);
  down.forEach((d, i) => {
    pictures.set_(d ? [i, 0, null, i % 12] : [i, 0, i % 12, null], 1);
  });
  const labels = tensor(down);
  const net = new nn.Sequential(
    new nn.Conv2d(1, 8, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(4),
    new nn.Flatten(),
    new nn.Linear(32, 2),
  );
  const adam = new optim.Adam(net.parameters(), { lr: 0.05 });
  const losses = [];
  for (let i = 0; i < 12; i++) {
    const step = scope();
    const loss = nn.functional.crossEntropy(net.forward(pictures), labels);
    adam.zeroGrad();
    loss.backward();
    adam.step();
    losses.push(await loss.item());
    step.dispose();
  }
  return { backend, losses };
}

// One network, several backends: swapping is one line.
import { strangerBackend } from '@konv/backend-testkit';
import * as konv from 'konv';
import { backends, nn, noGrad, registerBackend, tensor, useBackend, wasm, webgl } from 'konv';

/** What a factory returns where its backend cannot run. */
const acmeGpu = (): konv.Unavailable => ({ name: 'acme-gpu', unavailable: 'no Acme card in this machine' });

// cpu-js is there by itself.
if (!backends().includes('wasm')) registerBackend(await wasm({ threads: 2 })); // SIMD, one memory, two threads
registerBackend(await webgl()); // the GPU of a browser; in Node: noted, skipped
registerBackend(strangerBackend('acme')); // a stranger's: any object that fits the interface
registerBackend(acmeGpu()); // noted, skipped
for (const [name, reason] of Object.entries(konv.unavailableBackends())) console.log(`${name}: ${reason}`);

konv.manualSeed(0);
const pixels = await konv.rand([4, 1, 28, 28]).data();
const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(6 * 14 * 14, 10),
);

for (const name of backends()) {
  await net.to(name);
  useBackend(name); // where new tensors are made
  const scores = noGrad(() => net.forward(tensor(pixels, { shape: [4, 1, 28, 28] })));
  console.log(name, Array.from(await scores.select(0, 0).data(), (v) => v.toFixed(4)).join(' '));
}

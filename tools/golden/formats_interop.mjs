#!/usr/bin/env node
// The konv half of `npm run golden -- --interop`: reads what Python wrote into a folder, and writes it again in every
// format, and a network of its own. formats_interop.py compares.
import { join } from 'node:path';
import { formats, manualSeed, nn } from 'konv';

const folder = process.argv[2];
const at = (name) => join(folder, name);

const state = await formats.loadSafetensors(at('in.safetensors'));
const arrays = await formats.loadNpz(at('in.npz'));
const deflated = await formats.loadNpz(at('in-compressed.npz'));

await formats.writeSafetensors(at('safetensors.safetensors'), state, { metadata: { format: 'pt' } });
await formats.writeNpz(at('safetensors.npz'), state);
await formats.writeNpz(at('safetensors-compressed.npz'), state, { compressed: true });
await formats.writeSafetensors(at('npz.safetensors'), arrays);
await formats.writeNpz(at('npz.npz'), arrays);
await formats.writeNpz(at('npz-compressed.npz'), deflated, { compressed: true });
let k = 0;
for (const t of Object.values(arrays)) await formats.writeNpy(at(`${k++}.npy`), t);

manualSeed(0);
const net = new nn.Sequential(
  new nn.Conv2d(1, 6, 5, { padding: 2 }),
  new nn.BatchNorm2d(6),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(6 * 14 * 14, 10),
);
await formats.writeSafetensors(at('net.safetensors'), net.stateDict());

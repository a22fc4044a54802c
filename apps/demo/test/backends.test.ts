import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data, getBackend, isKonvError, registerBackend, unregisterBackend, useBackend } from 'konv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../src/backends.js';
import { run } from '../src/main.js';

const embedded = fileURLToPath(new URL('../data', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konv-demo-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('--backend', () => {
  it('says why another one runs than was asked for', async () => {
    registerBackend({ name: 'gpu', unavailable: 'no adapter' });
    expect(await chooseBackend('gpu')).toMatch(/^[\w-]+ \("gpu" does not run here: no adapter\)$/);
    unregisterBackend('gpu');
  });

  it.each(['tfjs', 'cuda'])('does not know %s', async (name) => {
    const e = await chooseBackend(name).catch((cause: unknown) => cause);
    expect(isKonvError(e) && e.message).toMatch(new RegExp(`expected a registered backend \\(.*cpu-js.*\\), got "${name}"`));
  });

  it('trains LeNet on the kernels of TensorFlow.js', async () => {
    const small = {
      train: await data.FashionMNIST.load({ root: embedded, train: true, limit: 320 }),
      test: await data.FashionMNIST.load({ root: embedded, train: false, limit: 100 }),
      source: 'a test',
    };
    const args = { epochs: 1, batch: 32, lr: 0.02, seed: 42, data: null, out: folder, resume: false, given: [] };
    let text = '';
    await run({ ...args, backend: 'tfjs-wasm' }, { write: (t) => void (text += t) }, async () => small);
    expect(getBackend().name).toBe('tfjs-wasm');
    useBackend('cpu-js');
    // The losses of the article: whatever computes them, they are these.
    for (const said of ['konv on tfjs-wasm', 'epoch 2, loss 8.330', 'epoch 10, loss 0.043', 'Done in']) expect(text).toContain(said);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { manualSeed, nn, optim, type Tensor } from 'konv';
import { build, type Rolldown } from 'vite';
import { beforeAll, expect, it } from 'vitest';
import { loadLayersModel, toLayersModel } from '../src/models/index.js';
import { L, random, tf, tfl, toKonv } from './models-support.js';

/** tfjs's gradient rules: their file has imports that Node does not resolve, so it is bundled. They land in a global table. */
beforeAll(async () => {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry, formats: ['es'], fileName: 'gradients' }, rolldownOptions: { treeshake: false } },
  });
  const { output } = (built as Rolldown.RolldownOutput[])[0];
  const folder = await mkdtemp(join(tmpdir(), 'konv-gradients-'));
  await writeFile(join(folder, 'gradients.mjs'), output[0].code);
  await import(/* @vite-ignore */ pathToFileURL(join(folder, 'gradients.mjs')).href);
  await rm(folder, { recursive: true });
  await tf.setBackend('cpu');
});

const x = (): tf.Tensor => tf.tensor(Array.from({ length: 8 * 6 * 5 * 2 }, random(1)), [8, 6, 5, 2]);
const y = (): tf.Tensor => tf.tensor(Array.from({ length: 8 * 3 }, random(2)), [8, 3]);
const STEPS = 5;

/** The losses of steps of SGD on one batch. */
async function theirs(model: L.LayersModel): Promise<number[]> {
  model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) losses.push((await model.trainOnBatch(x(), y())) as number);
  return losses;
}
async function ours(net: nn.Module): Promise<number[]> {
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
  const criterion = new nn.MSELoss();
  const [inputs, wanted] = [toKonv(x(), { channelsMoved: true } as never), toKonv(y(), { channelsMoved: false } as never)];
  net.train();
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    optimizer.zeroGrad();
    const loss = criterion.forward(net.forward(inputs) as Tensor, wanted);
    loss.backward();
    optimizer.step();
    losses.push(loss.itemSync());
  }
  return losses;
}
function equal(a: number[], b: number[]): void {
  expect(a[STEPS - 1]).toBeLessThan(a[0]);
  a.forEach((loss, i) => expect(Math.abs(loss - b[i])).toBeLessThan(2e-5));
}

it('a model of tfjs-layers trains on in konv to the same losses', async () => {
  const input = L.input({ shape: [6, 5, 2] });
  const conv = tfl.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }).apply(input) as L.SymbolicTensor;
  const norm = tfl.batchNormalization().apply(conv) as L.SymbolicTensor;
  const other = tfl.conv2d({ filters: 4, kernelSize: 1 }).apply(input) as L.SymbolicTensor;
  const sum = tfl.add().apply([norm, other]) as L.SymbolicTensor;
  const pooled = tfl.maxPooling2d({ poolSize: 2, padding: 'same' }).apply(sum) as L.SymbolicTensor;
  const flat = tfl.flatten().apply(pooled) as L.SymbolicTensor;
  const model = L.model({ inputs: input, outputs: tfl.dense({ units: 3, activation: 'tanh' }).apply(flat) as L.SymbolicTensor });
  const { artifactsOf } = await import('./models-support.js');
  const net = await loadLayersModel(await artifactsOf(model));
  equal(await theirs(model), await ours(net));
});

it('a network of konv trains on in tfjs-layers to the same losses', async () => {
  manualSeed(2);
  const net = new nn.Sequential(
    new nn.Conv2d(2, 4, 3, { padding: 1, stride: 2 }),
    new nn.BatchNorm2d(4),
    new nn.Tanh(),
    new nn.Flatten(),
    new nn.Linear(4 * 3 * 3, 3),
  );
  const model = await L.loadLayersModel((await toLayersModel(net, { inputShape: [2, 6, 5] })) as never);
  equal(await theirs(model), await ours(net));
});

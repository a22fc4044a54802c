import { join, relative } from 'node:path';
import {
  accuracy,
  ConfusionMatrix,
  data,
  formats,
  type History,
  manualSeed,
  nn,
  noGrad,
  optim,
  progressBar,
  type Tensor,
  Trainer,
  type TrainerState,
} from 'konv';
import type { Args } from '../args.js';
import { grouped, heading, type Output, type Say, table } from '../terminal.js';
import type { Images } from './dataset.js';
import { onInterrupt } from './interrupt.js';
import { leNet } from './lenet.js';
import { discard, keepArguments, save } from './resume.js';
import { kernelPicture, lossPicture, type Tiles, writeWhole } from './pictures.js';

const SIZE = 28;
/** Enough steps to see it learn, few enough for two minutes. */
const IMAGES_TO_SEE = 30_000;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

async function confusion(model: nn.Module, loader: data.DataLoader<unknown>, classes: number): Promise<ConfusionMatrix> {
  const matrix = new ConfusionMatrix(classes);
  model.eval();
  for await (const batch of loader) {
    const [images, labels] = batch as [Tensor, Tensor];
    const scores = noGrad(() => model.forward(images) as Tensor);
    await matrix.add(scores, labels);
    scores.dispose();
  }
  return matrix;
}

function showConfusion(say: Say, matrix: ConfusionMatrix, names: readonly string[]): void {
  const short = names.map((n) => n.slice(0, 5));
  const rows = names.map((name, i) => [
    name,
    ...names.map((_, j) => (matrix.at(i, j) === 0 ? '.' : String(matrix.at(i, j)))),
    percent(matrix.recall(i)),
  ]);
  say('Confusion matrix: a row for each true class, a column for each predicted one.');
  say();
  say(table([['', ...short, 'right'], ...rows], names.map((_, i) => i + 1).concat(names.length + 1)));
}

/**
 * Trains LeNet-5, shows how well it does, and writes pictures (what it sees in `picture`) and the model into `args.out`.
 * At Ctrl-C it saves the training and returns false; `state`, if any, is such a training to go on with.
 */
export async function trainLeNet(
  say: Say,
  out: Output,
  args: Args,
  { train, test, source }: Images,
  picture: Tensor,
  state: TrainerState | null,
): Promise<boolean> {
  heading(say, 3, 'LeNet-5 learns to tell clothes apart');
  say();
  manualSeed(args.seed);
  const model = leNet();
  const optimizer = new optim.SGD(model.parameters(), { lr: args.lr, momentum: 0.9 });
  const trainLoader = new data.DataLoader(train, { batchSize: args.batch, shuffle: true });
  const testLoader = new data.DataLoader(test, { batchSize: Math.max(args.batch, 256) });
  const parameters = [...model.parameters()].reduce((n, p) => n + p.size, 0);
  say(`Fashion-MNIST: ${grouped(train.length)} training and ${grouped(test.length)} test images, from ${source}`);
  say(
    `LeNet-5: ${grouped(parameters)} parameters; SGD, learning rate ${args.lr}, momentum 0.9, batches of ${args.batch}, seed ${args.seed}`,
  );
  if (state?.place) say(`Going on after ${state.place.epoch} epochs and ${state.place.step} of ${trainLoader.length} steps.`);
  say();
  const epochs = args.epochs ?? Math.max(1, Math.round(IMAGES_TO_SEE / train.length));
  const trainer = new Trainer({ model, loss: new nn.CrossEntropyLoss(), optimizer, metrics: { accuracy } });
  const { signal, release } = onInterrupt(() => say('\nStopping after this step, to save it. Once more: at once.'));
  const fitted = trainer.fit(trainLoader, {
    epochs,
    validation: testLoader,
    callbacks: [progressBar({ stream: out }), keepArguments({ ...args, epochs })],
    signal,
    ...(state ? { resume: state } : {}),
  });
  const history = await fitted.finally(release);
  if (history.stopped !== null) {
    await save(say, trainer, args);
    return false;
  }
  await show(say, args.out, model, testLoader, history, picture);
  await discard(args.out);
  return true;
}

async function show(
  say: Say,
  folder: string,
  model: nn.Sequential,
  testLoader: data.DataLoader<unknown>,
  history: History,
  picture: Tensor,
): Promise<void> {
  const names = data.FashionMNIST.classes;
  const matrix = await confusion(model, testLoader, names.length);
  say();
  say(`Test accuracy: ${percent(matrix.accuracy)}`);
  say();
  showConfusion(say, matrix, names);
  await writeResults(say, folder, model, history.losses, picture);
  await reload(say, folder, testLoader, matrix.accuracy, names.length);
}

async function writeResults(say: Say, folder: string, model: nn.Sequential, losses: readonly number[], picture: Tensor): Promise<void> {
  const file = (name: string): string => join(folder, name);
  const [first] = model.children();
  const [weight] = first.parameters();
  const maps = noGrad(() => first.forward(picture.reshape([1, 1, SIZE, SIZE])).relu() as Tensor);
  const tiles = async (t: Tensor, size: number): Promise<Tiles> => ({ values: (await t.data()) as Float32Array, size });
  const [kernels, seen, input] = await Promise.all([tiles(weight, weight.shape[3]), tiles(maps, SIZE), tiles(picture, SIZE)]);
  await writeWhole(file('kernels.png'), kernelPicture(kernels, seen, input));
  await writeWhole(file('loss.png'), lossPicture(losses));
  await formats.writeSafetensors(file('lenet.safetensors'), model.stateDict());
  say();
  say('Written:');
  const where = (name: string): string => relative(process.cwd(), file(name)) || file(name);
  say(`  ${where('kernels.png')}  the ${weight.shape[0]} kernels of the first layer, and what each sees in a boot`);
  say(`  ${where('loss.png')}  the loss of every step`);
  say(`  ${where('lenet.safetensors')}  the model, under PyTorch's names`);
}

/** The file is the model: a fresh network that loads it must do as well. */
async function reload(say: Say, folder: string, loader: data.DataLoader<unknown>, expected: number, classes: number): Promise<void> {
  const copy = leNet();
  copy.loadStateDict(await formats.loadSafetensors(join(folder, 'lenet.safetensors')));
  const again = (await confusion(copy, loader, classes)).accuracy;
  say();
  say(`A fresh LeNet-5 with that file: test accuracy ${percent(again)}${again === expected ? ', the same' : ''}`);
  if (again !== expected) throw new Error(`the saved model reaches ${percent(again)}, the trained one ${percent(expected)}`);
}

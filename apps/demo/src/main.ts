import { mkdir } from 'node:fs/promises';
import { type data, FormatError, isKonvError, memory, type Tensor, tensor } from 'konv';
import { type Args, parseArgs } from './args.js';
import { chooseBackend } from './backends.js';
import { article } from './story/article.js';
import { whyConvolution } from './story/why.js';
import { type Output, speaker } from './terminal.js';
import { loadImages } from './train/dataset.js';
import { interruptedRun, settle } from './train/resume.js';
import { trainLeNet } from './train/train.js';

/** What a shell says of a program that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/** A picture that is easy to recognise: the first ankle boot. */
function samplePicture(images: data.FashionMNIST): Tensor {
  for (let i = 0; i < images.length; i++) {
    const [picture, label] = images.get(i);
    if (label === 9) return tensor(picture.data as Float32Array, { shape: [28, 28] });
  }
  throw new Error('the training images hold no ankle boot');
}

/** The folder of `--out`, made where it is missing. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new FormatError('--out', `expected a folder that can be written, got "${path}" (${code}); name another`, { cause });
  }
}

/** `load` finds the images: by the arguments, but for tests. False: it was interrupted, and its state is saved. */
export async function run(given: Args, out: Output, load: typeof loadImages = loadImages): Promise<boolean> {
  const say = speaker(out);
  const started = performance.now();
  const backend = await chooseBackend(given.backend);
  // What can go wrong with the user's paths goes wrong now, not after the training.
  const interrupted = given.resume ? await interruptedRun(given.out) : null;
  const args = interrupted ? settle(given, interrupted) : given;
  await makeFolder(args.out);
  const images = await load(args.data);
  const picture = samplePicture(images.train);
  say(`konv on ${backend}`);
  if (!interrupted) {
    await article(say);
    whyConvolution(say, picture);
  }
  if (!(await trainLeNet(say, out, args, images, picture, interrupted?.state ?? null))) return false;
  const { bytes } = memory();
  say();
  say(`Done in ${((performance.now() - started) / 1000).toFixed(0)} s; ${(bytes / 2 ** 20).toFixed(1)} MB of tensors alive at the end.`);
  return true;
}

/** Runs the program; a user's mistake is one line, anything else has its stack. */
export async function main(argv: readonly string[]): Promise<number> {
  const args = parseArgs(argv, process.env);
  try {
    return (await run(args, process.stdout)) ? 0 : INTERRUPTED;
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException;
    if (isKonvError(e) || typeof code === 'string') console.error(`error: ${(e as Error).message}`);
    else console.error(e);
    return 1;
  }
}

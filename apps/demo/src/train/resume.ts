import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Callback, FormatError, KonvError, readCheckpoint, type Trainer, type TrainerState } from 'konv';
import type { Args } from '../args.js';
import type { Say } from '../terminal.js';

/** What a run was started with; its numbers follow from these. */
type Kept = Pick<Args, 'epochs' | 'batch' | 'lr' | 'seed' | 'data'>;

export interface Interrupted {
  readonly state: TrainerState;
  readonly kept: Kept;
}

const NAME = 'npm start';
const file = (folder: string): string => join(folder, 'checkpoint.safetensors');

/** Puts the arguments into the checkpoint. */
export function keepArguments({ epochs, batch, lr, seed, data }: Args): Callback {
  return { name: NAME, stateDict: (): Kept => ({ epochs, batch, lr, seed, data: data && resolve(data) }) };
}

/** The training that was interrupted, from the folder of `--out`. Errors: `FormatError` where there is none. */
export async function interruptedRun(folder: string): Promise<Interrupted> {
  const path = file(folder);
  if (!existsSync(path)) {
    throw new FormatError('--resume', `expected an interrupted training in "${path}", got none; leave out --resume, or name its --out`);
  }
  const state = await readCheckpoint(path);
  const kept = state.place?.callbacks.find(({ name }) => name === NAME)?.state as Kept | undefined;
  if (kept === undefined)
    throw new FormatError('--resume', `expected a training of this program in "${path}", got another; name its --out`);
  return { state, kept };
}

/** The arguments to go on with: those of the run, with more epochs if they are asked for. Errors: `KonvError` for others. */
export function settle(args: Args, { kept, state }: Interrupted): Args {
  for (const name of ['batch', 'lr', 'seed', 'data'] as const) {
    const given = name === 'data' && args.data ? resolve(args.data) : args[name];
    if (!args.given.includes(name) || given === kept[name]) continue;
    throw new KonvError(
      '--resume',
      `expected --${name} ${String(kept[name])}, as the training began, got ${String(args[name])}; leave it out`,
    );
  }
  const epochs = args.epochs ?? kept.epochs;
  const done = state.place?.epoch ?? 0;
  if (epochs !== null && epochs <= done) {
    throw new KonvError('--resume', `expected more than the ${done} epochs that are done, got --epochs ${epochs}; leave it out`);
  }
  return { ...args, ...kept, epochs };
}

/** Saves the training, and says how to go on. */
export async function save(say: Say, trainer: Trainer, args: Args): Promise<void> {
  await trainer.saveCheckpoint(file(args.out));
  const out = args.given.includes('out') ? ` --out ${args.out}` : '';
  say();
  say(`Saved: ${relative(process.cwd(), file(args.out)) || file(args.out)}`);
  say(`Go on with: npm start -- --resume${out}`);
}

/** A training that is done has nothing to go on with. */
export async function discard(folder: string): Promise<void> {
  await rm(file(folder), { force: true });
}

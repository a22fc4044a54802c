import { Command, InvalidArgumentError } from 'commander';

export interface Args {
  /** Null: as many as make about 30 000 images, and one at least. */
  epochs: number | null;
  batch: number;
  lr: number;
  backend: string | null;
  seed: number;
  data: string | null;
  out: string;
  /** Go on with the training that was interrupted. */
  resume: boolean;
  /** The flags that were typed, by the names above. */
  given: readonly string[];
}

function whole(name: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (text.trim() !== '' && Number.isInteger(n) && n >= low && n <= high) return n;
    throw new InvalidArgumentError(`expected a whole number from ${low} to ${high} for ${name}, got "${text}".`);
  };
}

function rate(text: string): number {
  const n = Number(text);
  if (text.trim() !== '' && Number.isFinite(n) && n > 0) return n;
  throw new InvalidArgumentError(`expected a number above 0 for --lr, got "${text}".`);
}

function path(name: string): (text: string) => string {
  return (text) => {
    if (text.trim() !== '') return text;
    throw new InvalidArgumentError(`expected a path for ${name}, got nothing.`);
  };
}

/** Reads the command line. Prints help or a clear error and exits for `--help` and bad values. */
export function parseArgs(argv: readonly string[], env: NodeJS.ProcessEnv): Args {
  const program = new Command('npm start --')
    .description('What a convolution layer does, why it is there, and LeNet-5 trained on real images of clothes.')
    .option('--epochs <n>', 'passes over the training images (default: 3 over the subset, 1 over all)', whole('--epochs', 1, 1000))
    .option('--batch <n>', 'images a step', whole('--batch', 1, 10_000), 64)
    .option('--lr <x>', 'learning rate of SGD with momentum 0.9', rate, 0.05)
    .option('--backend <name>', 'the backend to run on: cpu-js, or tfjs-wasm for TensorFlow.js’s kernels (default: the fastest here)')
    .option('--seed <n>', 'seed of weights and order', whole('--seed', 0, 2 ** 32 - 1), 42)
    .option('--data <dir>', 'a folder with Fashion-MNIST (default: KONV_DATA, the system’s copy, the embedded subset)', path('--data'))
    .option('--out <dir>', 'where pictures and the model go', path('--out'), 'out')
    .option('--resume', 'go on with the training that Ctrl-C interrupted, to the same numbers')
    .helpOption('--help', 'show this text')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the flags)')
    .parse(argv, { from: 'user' });
  const o = program.opts<Partial<Args> & Pick<Args, 'batch' | 'lr' | 'seed' | 'out'>>();
  const given = Object.keys(o).filter((name) => program.getOptionValueSource(name) === 'cli');
  return {
    ...o,
    given,
    resume: o.resume ?? false,
    epochs: o.epochs ?? null,
    backend: o.backend ?? null,
    data: o.data ?? (env.KONV_DATA || null),
  };
}

import { KonvError } from '@konv/core-tensor';
import type { Source } from '@konv/formats';
import type { Callback } from '../callback.js';
import type { TrainerState } from '../checkpoint/state.js';
import { checkNames, checkOneOf, checkPositive, checkWhole } from '../options.js';
import { checkLoader, limited, type Loader } from './loader.js';

export interface FitOptions {
  epochs: number;
  /** Evaluated after each epoch. */
  validation?: Loader;
  callbacks?: readonly Callback[];
  /**
   * Aborting ends the training after the current step, or within the validation. `trainer.saveCheckpoint(path)` then
   * keeps all that `resume` needs.
   */
  signal?: AbortSignal;
  /**
   * A checkpoint (its file, or what `trainer.stateDict()` gave) to go on from, with the same numbers as if the training
   * had not been interrupted: the weights, the optimizer, the global generator, the place in the epoch, the history and
   * the callbacks' states. Model, optimizer, loaders and callbacks must be made as they were; `epochs` counts in all.
   */
  resume?: Source | TrainerState;
  /** Runs one batch (or that many) of training and validation, once, without callbacks that write files: a try. */
  fastDevRun?: boolean | number;
  /**
   * Trains on the first batches only, that many or (below 1) that share of them, in the dataset's order: a network that
   * cannot learn these by heart has a mistake. The validation has as many batches.
   */
  overfitBatches?: number;
  /** Moves the parameters once in that many steps, by the mean of their gradients. Default: 1. */
  accumulateGradBatches?: number;
  /** Clips the gradients before each move: to that norm, or (`gradientClipAlgorithm: 'value'`) to that magnitude. */
  gradientClipVal?: number;
  /** Default: 'norm'. */
  gradientClipAlgorithm?: 'norm' | 'value';
}

/** What `fit` was asked for, after its checks. */
export interface Plan {
  readonly loader: Loader;
  readonly validation: Loader | null;
  readonly epochs: number;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | null;
  readonly resume: Source | TrainerState | null;
  readonly accumulate: number;
  readonly clip: { readonly limit: number; readonly by: 'norm' | 'value' } | null;
}

const NAMES: readonly (keyof FitOptions)[] = [
  'epochs',
  'validation',
  'callbacks',
  'signal',
  'resume',
  'fastDevRun',
  'overfitBatches',
  'accumulateGradBatches',
  'gradientClipVal',
  'gradientClipAlgorithm',
];

/** Errors: `KonvError` for anything that `fit` cannot do. */
export function makePlan(loader: Loader, options: FitOptions): Plan {
  const op = 'fit';
  checkLoader(op, 'the loader', loader);
  checkNames(op, options, NAMES);
  const { epochs, validation, callbacks = [], signal, resume, gradientClipVal, gradientClipAlgorithm = 'norm' } = options;
  if (!Number.isSafeInteger(epochs) || epochs < 0) throw new KonvError(op, `expected a whole number of epochs >= 0, got ${String(epochs)}`);
  if (validation !== undefined) checkLoader(op, 'validation', validation);
  checkCallbacks(op, callbacks);
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw new KonvError(op, `expected signal to be an AbortSignal, got ${String(signal)}; pass controller.signal`);
  }
  const accumulate = options.accumulateGradBatches ?? 1;
  checkWhole(op, 'accumulateGradBatches', accumulate, 1);
  if (gradientClipVal !== undefined) checkPositive(op, 'gradientClipVal', gradientClipVal);
  checkOneOf(op, 'gradientClipAlgorithm', gradientClipAlgorithm, ['norm', 'value']);
  if (resume === null) throw new KonvError(op, 'expected a checkpoint in resume, got null; leave it out');
  const tries = fastDevBatches(op, options.fastDevRun ?? false);
  if (tries !== null && resume !== undefined) throw new KonvError(op, 'expected fastDevRun or resume, got both; leave one out');
  if (tries !== null && options.overfitBatches !== undefined)
    throw new KonvError(op, 'expected fastDevRun or overfitBatches, got both; leave one out');
  const limit = tries ?? overfitLimit(op, options.overfitBatches, loader);
  return {
    loader: limit === null ? loader : limited(loader, limit),
    validation: validation === undefined ? null : limit === null ? validation : limited(validation, limit),
    epochs: tries === null ? epochs : Math.min(1, epochs),
    callbacks: tries === null ? [...callbacks] : callbacks.filter((c) => !c.skippedInFastDevRun),
    signal: signal ?? null,
    resume: resume ?? null,
    accumulate,
    clip: gradientClipVal === undefined ? null : { limit: gradientClipVal, by: gradientClipAlgorithm },
  };
}

function checkCallbacks(op: string, callbacks: unknown): void {
  if (!Array.isArray(callbacks)) throw new KonvError(op, `expected callbacks in an array, got ${typeof callbacks}; write [callback]`);
  for (const c of callbacks) {
    if (typeof c !== 'object' || c === null) {
      throw new KonvError(
        op,
        `expected callbacks to be objects, got ${c === null ? 'null' : typeof c}; call what makes it: earlyStopping()`,
      );
    }
  }
}

function fastDevBatches(op: string, value: boolean | number): number | null {
  if (value === false) return null;
  if (value === true) return 1;
  checkWhole(op, 'fastDevRun', value, 1);
  return value;
}

function overfitLimit(op: string, value: number | undefined, loader: Loader): number | null {
  if (value === undefined) return null;
  if (typeof value === 'number' && value > 0 && value < 1) {
    if (loader.length === undefined) {
      throw new KonvError(op, `expected a loader with a length for overfitBatches ${value}, got one without; say how many batches`);
    }
    return Math.max(1, Math.floor(value * loader.length));
  }
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new KonvError(op, `expected overfitBatches to be a whole number >= 1 or a share in (0, 1), got ${String(value)}`);
}

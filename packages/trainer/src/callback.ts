import type { EpochRecord, History } from './history.js';
import type { Trainer } from './trainer.js';

/** Where a training stands, as callbacks see it. */
export interface Progress {
  readonly trainer: Trainer;
  /** Counts from 1. */
  epoch: number;
  epochs: number;
  /** Steps done in this epoch, and how many it has where that is known. */
  step: number;
  steps: number | null;
  /** Steps done in all epochs. */
  totalSteps: number;
  /** Whether the last step moved the parameters; not all do with `accumulateGradBatches`. */
  updated: boolean;
  /** Whether the training goes on from a checkpoint. */
  readonly resumed: boolean;
  /** Samples read back in this epoch, and the means over them. */
  samples: number;
  loss: number;
  metrics: Record<string, number>;
  /** Since the epoch began. */
  seconds: number;
  readonly history: History;
  /** Ends the training after this step; `reason` goes into the history. */
  stop(reason: string): void;
}

/** Every method may be asynchronous; `fit` waits for it. An error in one ends the training and is thrown by `fit`. */
export interface Callback {
  /** What its state goes by in a checkpoint. */
  readonly name?: string;
  /** Left out of a `fastDevRun`: it writes files, or needs more than a few steps. */
  readonly skippedInFastDevRun?: boolean;
  onFitStart?(p: Progress): void | Promise<void>;
  /** Also where the training goes on inside an epoch: `p.step` is not 0 then. */
  onEpochStart?(p: Progress): void | Promise<void>;
  onStep?(p: Progress): void | Promise<void>;
  /** Also where the epoch was stopped: `record.complete` is false then. */
  onEpochEnd?(p: Progress, record: EpochRecord): void | Promise<void>;
  /** After every `onStep` (then `record` is null) and `onEpochEnd` of all callbacks: the moment to write a checkpoint. */
  onSave?(p: Progress, record: EpochRecord | null): void | Promise<void>;
  /** Also after an error or a stop. */
  onFitEnd?(p: Progress): void | Promise<void>;
  /** What must survive an interruption: plain values and `HostEntry`s, no tensors. Needs `loadStateDict` and `name`. */
  stateDict?(): unknown;
  /** Goes on from a state, before `onFitStart`. Errors: `FormatError` for anything else; nothing has changed then. */
  loadStateDict?(state: unknown): void | Promise<void>;
}

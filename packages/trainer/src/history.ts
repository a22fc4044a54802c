/** What one epoch came to. Keys of `validation`: `loss` and the names of the metrics. */
export interface EpochRecord {
  /** Counts from 1. */
  epoch: number;
  /** The mean over all samples seen, as the parameters were at each step. */
  loss: number;
  metrics: Record<string, number>;
  validation: ({ loss: number } & Record<string, number>) | null;
  samples: number;
  /** Of the training; interruptions do not count. */
  seconds: number;
  /** False where the training was stopped before the epoch's end. */
  complete: boolean;
}

/** The course of a training: plain data, fit for JSON. */
export interface History {
  epochs: EpochRecord[];
  /** The loss of every step. */
  losses: number[];
  /** Why the training ended before its last epoch; null where it did not. */
  stopped: string | null;
}

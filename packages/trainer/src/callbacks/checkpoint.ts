import { KonvError } from '@konv/core-tensor';
import { writeSafetensors } from '@konv/formats';
import type { Callback, Progress } from '../callback.js';
import type { EpochRecord } from '../history.js';
import { checkBoolean, checkPath, checkWhole } from '../options.js';
import { checkNumbers, Monitor, type MonitorOptions } from './monitor.js';

export interface CheckpointOptions extends MonitorOptions {
  /** Write only when the monitored number improves (true), or always (false, the default): the best, or the last. */
  best?: boolean;
  /** Write the model only (true, the default), or all that `fit({ resume })` needs (false). */
  weightsOnly?: boolean;
  /** Write after every that many steps, too. Not with `best`. */
  everySteps?: number;
}

const OP = 'checkpoint';

/**
 * Writes a safetensors file after every epoch, whole or not at all. With `weightsOnly` it is the model's state dict and
 * loads in PyTorch under the same keys; the metadata names the epoch and its loss. Without, it is
 * `trainer.saveCheckpoint(path)`. Nothing is written for an interrupted epoch with `best`. Node only.
 */
export function checkpoint(path: string | URL, options: CheckpointOptions = {}): Callback {
  checkPath(OP, path);
  const monitor = new Monitor(OP, options, ['best', 'weightsOnly', 'everySteps']);
  const { best = false, weightsOnly = true, everySteps } = options;
  checkBoolean(OP, 'best', best);
  checkBoolean(OP, 'weightsOnly', weightsOnly);
  if (everySteps !== undefined) checkWhole(OP, 'everySteps', everySteps, 1);
  if (best && everySteps !== undefined)
    throw new KonvError(OP, 'expected best or everySteps, got both; use two callbacks with files of their own');
  const due = (p: Progress, record: EpochRecord | null): boolean => {
    if (record === null) return everySteps !== undefined && p.totalSteps % everySteps === 0;
    return best ? record.complete && monitor.improved(record) : true;
  };
  return {
    name: best ? 'checkpoint of the best' : OP,
    skippedInFastDevRun: true,
    onFitStart: (p) => {
      if (!p.resumed) monitor.reset();
    },
    onSave: async (p, record) => {
      if (!due(p, record)) return;
      if (!weightsOnly) return p.trainer.saveCheckpoint(path);
      const metadata = { format: 'pt', epoch: String(p.epoch), step: String(p.totalSteps), loss: String(record?.loss ?? p.loss) };
      await writeSafetensors(path, p.trainer.model.stateDict(), { metadata });
    },
    stateDict: () => ({ best: monitor.best }),
    loadStateDict: (state) => {
      monitor.best = checkNumbers(OP, state, ['best']).best;
    },
  };
}

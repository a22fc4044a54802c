import { writeSafetensors } from '@konv/formats';
import type { Callback } from '../trainer.js';
import { Monitor, type MonitorOptions } from './early-stopping.js';

export interface CheckpointOptions extends MonitorOptions {
  /** Write only when the monitored number improves (true), or after every epoch (false, the default). */
  best?: boolean;
}

/**
 * Writes the model's state dict to `path` as safetensors after an epoch, whole or not at all. It loads in PyTorch under
 * the same keys; the metadata names the epoch and its loss.
 */
export function checkpoint(path: string, options: CheckpointOptions = {}): Callback {
  const { best = false } = options;
  let monitor = new Monitor(options);
  return {
    onFitStart: () => {
      monitor = new Monitor(options);
    },
    onEpochEnd: async (p, record) => {
      if (best && !monitor.improved(record)) return;
      const metadata = { format: 'pt', epoch: String(record.epoch), loss: String(record.loss) };
      await writeSafetensors(path, p.trainer.model.stateDict(), { metadata });
    },
  };
}

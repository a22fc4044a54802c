import type { Callback, Progress } from '../callback.js';
import { checkBoolean, checkNames, checkPath, checkWhole } from '../options.js';
import { AppendFile } from './append-file.js';
import { StepSeries } from './step-series.js';

export interface JsonlLogOptions {
  /** Add to a file that is there (true, the default), or begin it anew. */
  append?: boolean;
  /** Log every that many steps. Default: 1. */
  everySteps?: number;
}

const OP = 'jsonlLog';

/**
 * Logs a training as JSON, an object a line, as it goes:
 * `{"event":"fit",...}` when it begins or goes on; `{"event":"step","step":1,"epoch":1,"loss":2.3,"lr":0.05}`;
 * `{"event":"epoch",...}`, the epoch's record with the step; `{"event":"end","stopped":null}`. Steps count over all
 * epochs. NaN and infinities are null. After a resume from an older checkpoint later lines hold for repeated steps.
 * Node only. Errors: `FormatError`, where the file cannot be written before the first step.
 */
export function jsonlLog(path: string | URL, options: JsonlLogOptions = {}): Callback {
  checkPath(OP, path);
  checkNames(OP, options, ['append', 'everySteps']);
  const { append = true, everySteps = 1 } = options;
  checkBoolean(OP, 'append', append);
  checkWhole(OP, 'everySteps', everySteps, 1);
  const file = new AppendFile(OP, path);
  const steps = new StepSeries(everySteps);
  const line = (event: string, fields: object): string => `${JSON.stringify({ event, ...fields })}\n`;
  const newSteps = (p: Progress): string => [...steps.take(p)].map((s) => line('step', { ...s, epoch: p.epoch })).join('');
  return {
    skippedInFastDevRun: true,
    onFitStart: async (p) => {
      await file.open(!append && !p.resumed);
      steps.begin(p);
      const { epochs, resumed, totalSteps } = p;
      await file.append(line('fit', { time: new Date().toISOString(), epochs, resumed, step: totalSteps }));
    },
    onEpochStart: (p) => steps.note(p),
    onSave: async (p, record) => {
      steps.note(p);
      const lines = newSteps(p) + (record ? line('epoch', { step: p.totalSteps, ...record }) : '');
      if (lines !== '') await file.append(lines);
    },
    onFitEnd: async (p) => {
      try {
        await file.append(newSteps(p) + line('end', { stopped: p.history.stopped }));
      } finally {
        await file.close();
      }
    },
  };
}

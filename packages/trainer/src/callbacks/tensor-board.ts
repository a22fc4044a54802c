import type { Callback, Progress } from '../callback.js';
import { encodeEvent, tfRecord } from '../events/record.js';
import { checkNames, checkPath, checkWhole } from '../options.js';
import { AppendFile } from './append-file.js';
import { StepSeries } from './step-series.js';

export interface TensorBoardOptions {
  /** Log every that many steps. Default: 1. */
  everySteps?: number;
}

const OP = 'tensorBoard';
let files = 0;

/**
 * Logs scalars for TensorBoard into a new event file in `folder`: `loss/step` and `lr` at every step; `loss/train`,
 * `<metric>/train`, `loss/validation` and `<metric>/validation` at the end of every complete epoch. The horizontal axis
 * is the number of steps. A resumed training takes out what an earlier file in the folder has for later steps.
 * Look at it with `tensorboard --logdir <folder>`. Node only. Errors: `FormatError`, where the file cannot be written
 * before the first step. Source: torch.utils.tensorboard.SummaryWriter.
 */
export function tensorBoard(folder: string | URL, options: TensorBoardOptions = {}): Callback {
  checkPath(OP, folder);
  checkNames(OP, options, ['everySteps']);
  const { everySteps = 1 } = options;
  checkWhole(OP, 'everySteps', everySteps, 1);
  const steps = new StepSeries(everySteps);
  let file: AppendFile;
  const now = (): number => Date.now() / 1000;
  const event = (step: number, scalars: Record<string, number>): Uint8Array => tfRecord(encodeEvent({ wallTime: now(), step, scalars }));
  const newSteps = (p: Progress): Uint8Array[] => [...steps.take(p)].map(({ step, loss, lr }) => event(step, { 'loss/step': loss, lr }));
  return {
    skippedInFastDevRun: true,
    onFitStart: async (p) => {
      file = new AppendFile(OP, await eventFile(folder));
      await file.open(true);
      steps.begin(p);
      const head = [tfRecord(encodeEvent({ wallTime: now(), step: 0, fileVersion: 'brain.Event:2' }))];
      if (p.resumed) head.push(tfRecord(encodeEvent({ wallTime: now(), step: p.totalSteps + 1, start: true })));
      await file.append(joined(head));
    },
    onEpochStart: (p) => steps.note(p),
    onSave: async (p, record) => {
      steps.note(p);
      const events = newSteps(p);
      if (record?.complete) {
        const { loss, metrics, validation } = record;
        events.push(event(p.totalSteps, { ...tagged({ loss, ...metrics }, 'train'), ...tagged(validation ?? {}, 'validation') }));
      }
      if (events.length > 0) await file.append(joined(events));
    },
    onFitEnd: async (p) => {
      try {
        await file?.append(joined(newSteps(p)));
      } finally {
        await file?.close();
      }
    },
  };
}

function tagged(values: Record<string, number>, where: string): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, v]) => [`${name}/${where}`, v]));
}

/** A name that no other file has, with the time first, as TensorBoard reads them in order. */
async function eventFile(folder: string | URL): Promise<string> {
  const { join } = process.getBuiltinModule('node:path');
  const { hostname } = process.getBuiltinModule('node:os');
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  const name = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}.${files++}`;
  return join(folder instanceof URL ? fileURLToPath(folder) : folder, name);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

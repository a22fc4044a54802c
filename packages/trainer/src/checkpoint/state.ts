import type { HostEntry } from '@konv/formats';
import type { EpochRecord } from '../history.js';
import { isEntry, isRecord, refuse } from './tree.js';

/** Where in the epochs a training stands, and what it needs to go on from there. Plain values and `HostEntry`s. */
export interface Place {
  /** Complete epochs. */
  epoch: number;
  /** Steps done of the next epoch, and in all. */
  step: number;
  totalSteps: number;
  /** Steps whose gradients wait for a move of the parameters. */
  waiting: number;
  /** All steps of the epoch are done; its validation is not. */
  validating: boolean;
  /** Steps of an epoch, where that is known. */
  steps: number | null;
  /** The global generator: now, and (inside an epoch) when the epoch began. */
  rng: HostEntry;
  epochRng: HostEntry | null;
  /** The loaders' states, where they have one. */
  loader: unknown;
  validation: unknown;
  /** Of the epoch that is not complete: what has been measured, and the seconds. */
  measures: MeasuresState | null;
  seconds: number;
  epochs: EpochRecord[];
  /** Of all steps; float64. */
  losses: HostEntry;
  callbacks: { name: string; state: unknown }[];
}

/** Sums so far; plain values. */
export interface MeasuresState {
  samples: number;
  /** Of the loss and the metrics that are means over samples, times the samples. */
  totals: Record<string, number>;
  /** The states of the other metrics. */
  metrics: Record<string, unknown>;
}

/** All of a training: what `fit` needs to go on with the same numbers. */
export interface TrainerState {
  version: 1;
  /** The model's state dict. */
  model: Record<string, HostEntry>;
  optimizer: OptimizerPart;
  /** Gradients that are being accumulated, by the parameter's position over all groups. */
  gradients: Record<string, HostEntry>;
  /** Null where the trainer has not trained. */
  place: Place | null;
}

export interface OptimizerPart {
  /** `optimizer.name`. */
  kind: string;
  /** By the parameter's position over all groups. */
  state: Record<string, Record<string, HostEntry | number>>;
  paramGroups: (Record<string, unknown> & { params: number[] })[];
}

type Check = (x: unknown) => boolean;
const count: Check = (x) => Number.isSafeInteger(x) && (x as number) >= 0;
const number: Check = (x) => typeof x === 'number';
const text: Check = (x) => typeof x === 'string';
const flag: Check = (x) => typeof x === 'boolean';
const any: Check = () => true;
const maybe =
  (check: Check): Check =>
  (x) =>
    x === null || check(x);
const list =
  (check: Check): Check =>
  (x) =>
    Array.isArray(x) && x.every(check);
const values =
  (check: Check): Check =>
  (x) =>
    isRecord(x) && Object.values(x).every(check);
const record =
  (fields: Record<string, Check>): Check =>
  (x) =>
    isRecord(x) && firstWrong(x, fields) === undefined;
const series =
  (dtype: string): Check =>
  (x) =>
    isEntry(x) && x.dtype === dtype && x.shape.length === 1;

const epoch = record({
  epoch: count,
  loss: number,
  metrics: values(number),
  validation: maybe(values(number)),
  samples: count,
  seconds: number,
  complete: (x) => x === true,
});
const place: Record<keyof Place, Check> = {
  epoch: count,
  step: count,
  totalSteps: count,
  waiting: count,
  validating: flag,
  steps: maybe(count),
  rng: series('int32'),
  epochRng: maybe(series('int32')),
  loader: any,
  validation: any,
  measures: maybe(record({ samples: count, totals: values(number), metrics: values(any) })),
  seconds: number,
  epochs: list(epoch),
  losses: series('float64'),
  callbacks: list(record({ name: text, state: any })),
};
const parts: Record<keyof TrainerState, Check> = {
  version: (x) => x === 1,
  model: values(isEntry),
  optimizer: record({
    kind: text,
    state: values(values((v) => isEntry(v) || number(v))),
    paramGroups: list((g) => isRecord(g) && list(count)(g.params)),
  }),
  gradients: values(isEntry),
  place: maybe(isRecord),
};

function firstWrong(x: Record<string, unknown>, fields: Record<string, Check>): string | undefined {
  return Object.keys(fields).find((key) => !Object.hasOwn(x, key) || !fields[key](x[key]));
}

/** Whether this is a state that `Trainer.stateDict()` may have given. Errors: `FormatError` naming what is wrong. */
export function checkState(x: unknown): TrainerState {
  if (!isRecord(x)) throw refuse("a trainer's state", x === null ? 'null' : typeof x, 'pass what trainer.stateDict() gave');
  const wrong = firstWrong(x, parts) ?? (isRecord(x.place) ? firstWrong(x.place, place) : undefined);
  if (wrong !== undefined) {
    const got = wrong === 'version' ? `version ${String(x.version)}` : `one whose ${wrong} is missing or of another form`;
    throw refuse("a trainer's state of version 1", got, 'save the checkpoint again');
  }
  const state = x as unknown as TrainerState;
  const p = state.place;
  if (p !== null && !agrees(p)) {
    const got = `${p.epochs.length} of ${p.epoch} epochs, step ${p.step}, ${p.losses.data.length} losses of ${p.totalSteps} steps`;
    throw refuse("a trainer's state whose counts agree", got, 'save the checkpoint again');
  }
  return state;
}

function agrees(p: Place): boolean {
  const inside = p.step > 0 || p.validating;
  return (
    p.epochs.length === p.epoch &&
    p.epochs.every((e, i) => e.epoch === i + 1) &&
    inside === (p.measures !== null) &&
    inside === (p.epochRng !== null) &&
    p.waiting <= p.step &&
    p.step <= p.totalSteps &&
    p.losses.data.length === p.totalSteps
  );
}

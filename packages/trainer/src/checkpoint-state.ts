import type { HostEntry } from '@konv/formats';
import { isEntry, isRecord, refuse } from './checkpoint-tree.js';
import type { EpochRecord } from './history.js';
import type { MeansState } from './means.js';

/** Where in the epochs a training stands, and what it needs to go on from there. Plain values and `HostEntry`s. */
export interface Place {
  /** Complete epochs. */
  epoch: number;
  /** Steps done of the next epoch, and in all. */
  step: number;
  totalSteps: number;
  /** All steps of the epoch are done; its validation is not. */
  validating: boolean;
  /** Steps of an epoch, where that is known, and the samples of the dataset. */
  steps: number | null;
  samples: number | null;
  /** The global generator, in base64. */
  rng: string;
  loader: unknown;
  validation: unknown;
  /** Of the epoch that is not complete: the losses and metrics so far, and the seconds. */
  means: MeansState | null;
  metrics: Record<string, unknown>;
  seconds: number;
  epochs: EpochRecord[];
  /** Of the complete epochs' steps; float64. */
  losses: HostEntry;
  callbacks: { name: string; state: unknown }[];
}

/** All of a training: what `fit` needs to go on with the same numbers. */
export interface TrainerState {
  version: 1;
  /** The model's state dict. */
  model: Record<string, HostEntry>;
  optimizer: OptimizerPart;
  /** Gradients of parameters that are being accumulated. */
  gradients: Record<string, HostEntry>;
  /** Null where the trainer has not trained. */
  place: Place | null;
}

export interface OptimizerPart {
  /** The name of the class, which a minifier may have changed. */
  kind: string;
  /** By the parameter's position over all groups. */
  state: Record<string, Record<string, HostEntry | number>>;
  paramGroups: (Record<string, unknown> & { params: number[] })[];
}

type Check = (x: unknown) => boolean;
const count: Check = (x) => Number.isSafeInteger(x) && (x as number) >= 0;
const number: Check = (x) => typeof x === 'number';
const text: Check = (x) => typeof x === 'string';
const any: Check = () => true;
const maybe =
  (check: Check): Check =>
  (x) =>
    x === null || check(x);
const all =
  (check: Check): Check =>
  (x) =>
    Array.isArray(x) ? x.every(check) : isRecord(x) && Object.values(x).every(check);
const list =
  (check: Check): Check =>
  (x) =>
    Array.isArray(x) && x.every(check);
const record =
  (fields: Record<string, Check>): Check =>
  (x) =>
    isRecord(x) && Object.entries(fields).every(([key, check]) => Object.hasOwn(x, key) && check(x[key]));
const numbers: Check = (x) => isRecord(x) && Object.values(x).every(number);
const series: Check = (x) => isEntry(x) && x.dtype === 'float64' && x.shape.length === 1;

const means = record({ samples: count, totals: list(number), series });
const epoch = record({
  epoch: count,
  loss: number,
  metrics: numbers,
  validation: maybe(numbers),
  samples: count,
  seconds: number,
  complete: (x) => x === true,
});
const place: Record<keyof Place, Check> = {
  epoch: count,
  step: count,
  totalSteps: count,
  validating: (x) => typeof x === 'boolean',
  steps: maybe(count),
  samples: maybe(count),
  rng: text,
  loader: any,
  validation: any,
  means: maybe(means),
  metrics: isRecord,
  seconds: number,
  epochs: list(epoch),
  losses: series,
  callbacks: list(record({ name: text, state: any })),
};
const parts: Record<keyof TrainerState, Check> = {
  version: (x) => x === 1,
  model: (x) => isRecord(x) && all(isEntry)(x),
  optimizer: record({
    kind: text,
    state: (x) => isRecord(x) && all((s) => isRecord(s) && all((v) => isEntry(v) || number(v))(s))(x),
    paramGroups: list((g) => isRecord(g) && list(count)(g.params)),
  }),
  gradients: (x) => isRecord(x) && all(isEntry)(x),
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
  if (p !== null) {
    const inside = p.step > 0 || p.validating;
    if (p.epochs.length !== p.epoch || inside !== (p.means !== null) || p.totalSteps < p.step || p.losses.data.length > p.totalSteps) {
      throw refuse("a trainer's state whose counts agree", `${p.epochs.length} of ${p.epoch} epochs, step ${p.step}`, 'save it again');
    }
  }
  return state;
}

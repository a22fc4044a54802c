import type { Row } from '../report/rows.js';
import type { pagePeerNames, pageSuiteNames } from './names.js';
import type { Counts } from './counting/counts.js';

/** What Node asks of the page, and what comes back: plain data. */
export interface PageApi {
  device(): Device;
  /** Loads the contenders of a comparison. Errors: one of ours cannot run here. */
  load(job: ComparisonJob): Promise<{ name: string; about: string }[]>;
  compare(job: ComparisonJob): Promise<void>;
  train(job: TrainingJob): Promise<Training>;
}

/** Who draws. */
export interface Device {
  renderer: string;
  version: string;
  maxTextureSize: number;
  isolated: boolean;
}

/** Suites in turns, as elsewhere; rows and lines are told while it runs. */
export interface ComparisonJob {
  suites: (typeof pageSuiteNames)[number][];
  backends: string[];
  peers: (typeof pagePeerNames)[number][];
  quick: boolean;
  /** Images of the large convolutions; null: as many as elsewhere. */
  images: number | null;
}

export type Told =
  | { kind: 'heading'; suite: string; about: string; columns: string[] }
  | { kind: 'row'; row: Row }
  | { kind: 'failure'; name: string; why: string }
  | { kind: 'say'; line: string };

/** LeNet-5 from a bare page on: one contender, alone. */
export interface TrainingJob {
  /** A backend of ours, or `tfjs-webgl`. */
  contender: string;
  batch: number;
  /** Then so many at once, without anything else being new; null: no more. */
  otherBatch: number | null;
  /** Steps of which the later phases are the mean. */
  steps: number;
  /** Has the backend compile beforehand what it can, where it offers that. */
  warmUp: boolean;
}

/** Steps after the first, until everybody does always the same. */
export const settlingSteps = 12;

export interface Phase {
  /** Milliseconds; of several steps, the median. */
  ms: number;
  /** Of several steps, the mean; null where the page does not count. */
  counts: Counts | null;
}

export interface Training {
  contender: string;
  /** It was asked to compile beforehand, and did. */
  warmed: boolean;
  /** Scripts, backend, initial values. */
  setUp: Phase;
  warmUp: Phase | null;
  first: Phase;
  /** All of the `settlingSteps`. */
  settling: Phase;
  later: Phase;
  /** At the other batch size. */
  otherFirst: Phase | null;
  otherLater: Phase | null;
  losses: number[];
  memory: Memory;
}

/** After a step at the first batch size: what lives between steps. */
export interface Memory {
  tensors: number;
  /** By the contender's own account: konv's `memory()`, tfjs's `memory().numBytesInGPU`. */
  bytes: number;
  /** Textures, with those kept for reuse; null where the page does not count. */
  textureBytes: number | null;
}

declare global {
  /** In the page. */
  var konvBench: PageApi;
  /** In the page, offered by Node. */
  var konvBenchTold: ((told: Told) => Promise<void>) | undefined;
  /** In a page that counts. */
  var konvBenchCounts: { readonly counts: Counts } | undefined;
}

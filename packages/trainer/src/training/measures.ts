import { noGrad, type Tensor } from '@konv/core-tensor';
import type { MeasuresState } from '../checkpoint/state.js';
import { refuse } from '../checkpoint/tree.js';
import { type AnyMetric, isStateful, type Metric, type StatefulMetric } from '../metrics/metric.js';
import { RunningMeans } from './means.js';

/** The loss and the metrics of one pass over the data. */
export class Measures {
  readonly #means: RunningMeans;
  readonly #metrics: [string, AnyMetric][];
  readonly #functions: [string, Metric][];
  readonly #stateful: [string, StatefulMetric][];

  /** The loss of every step goes to `losses`. Begins the pass: metrics that keep a state forget it. */
  constructor(metrics: Readonly<Record<string, AnyMetric>>, losses: number[] | null = null) {
    this.#metrics = Object.entries(metrics);
    this.#functions = this.#metrics.filter((m): m is [string, Metric] => !isStateful(m[1]));
    this.#stateful = this.#metrics.filter((m): m is [string, StatefulMetric] => isStateful(m[1]));
    this.#means = new RunningMeans(['loss', ...this.#functions.map(([name]) => name)], losses);
    for (const [, metric] of this.#stateful) metric.reset();
  }

  get samples(): number {
    return this.#means.samples;
  }
  /** Steps that have not been read back. */
  get pending(): number {
    return this.#means.pending;
  }

  /** Measures a step. Without gradients; inside the step's scope. */
  add(loss: Tensor, output: Tensor, targets: Tensor, samples: number): void {
    noGrad(() => {
      const scores = output.detach();
      const values = [loss.detach(), ...this.#functions.map(([, metric]) => metric(scores, targets))];
      const also = this.#stateful.map(([, metric]) => metric.add(scores, targets));
      this.#means.push(
        values.map((v) => v.keep()),
        samples,
        also.length === 0 ? null : Promise.all(also),
      );
    });
  }

  flush(): Promise<void> {
    return this.#means.flush();
  }

  get loss(): number {
    return this.#means.mean('loss');
  }
  /** Of what has been read, in the order of the metrics. */
  async values(): Promise<Record<string, number>> {
    const named = this.#metrics.map(async ([name, m]) => [name, isStateful(m) ? await m.value() : this.#means.mean(name)] as const);
    return Object.fromEntries(await Promise.all(named));
  }

  /** Flush first. */
  state(): MeasuresState {
    return { ...this.#means.state(), metrics: Object.fromEntries(this.#stateful.map(([name, m]) => [name, m.stateDict()])) };
  }
  /** Goes on from a state. Errors: `FormatError` for one of other metrics. */
  load(state: MeasuresState): void {
    const own = ['loss', ...this.#functions.map(([n]) => n)].sort().join(', ');
    const got = Object.keys(state.totals).sort().join(', ');
    const [ownStates, gotStates] = [this.#stateful.map(([n]) => n), Object.keys(state.metrics)].map((l) => l.sort().join(', '));
    if (own !== got || ownStates !== gotStates) {
      const all = (a: string, b: string): string => [a, b].filter((t) => t !== '').join(', ');
      throw refuse(`measures of ${all(own, ownStates)}`, all(got, gotStates), 'give the Trainer the metrics that it had');
    }
    for (const [name, metric] of this.#stateful) metric.loadStateDict(state.metrics[name]);
    this.#means.load(state);
  }

  dispose(): void {
    this.#means.dispose();
  }
}

/** Runs `fn`, which may use the metrics for another pass; what they had counted is there again afterwards. */
export async function apart<T>(metrics: Readonly<Record<string, AnyMetric>>, fn: () => Promise<T>): Promise<T> {
  const stateful = Object.values(metrics).filter(isStateful);
  const states = stateful.map((m) => m.stateDict());
  try {
    return await fn();
  } finally {
    stateful.forEach((m, i) => {
      m.loadStateDict(states[i]);
    });
  }
}

import { forwardFlops, stepFlops } from '../../../model/costs.js';
import type { BenchProgress, BenchRow } from '../../../model/protocol.js';
import type { Settings } from '../../../model/settings.js';
import { batchOf, trainImages } from '../../data.js';
import { konvBackends } from '../../konv-backends.js';
import { turn } from '../../turn.js';
import { type Computed, compute, type Contender, disagreement, type Start } from './contender.js';
import { konvContender, startOf } from './konv.js';
import { inTurns, median, Timed } from './measure.js';
import { type TfModule, tfjsContender } from './tfjs-lenet.js';

const tfjsBackends = ['cpu', 'wasm', 'webgl'] as const;
const BATCH = 32;
const TELL_MS = 150;

/** One to be: who it is, and how it is made. */
interface Entry {
  readonly library: BenchRow['library'];
  readonly backend: string;
  make(start: Start): Promise<Contender>;
}

class TimedRow extends Timed {
  constructor(
    readonly contender: Contender,
    readonly what: BenchRow['what'],
    run: () => Promise<unknown>,
  ) {
    super(run);
  }
}

/** One measurement of everything, from setting up to the last round. */
export class Bench {
  readonly #settings: Settings;
  readonly #rows: BenchRow[] = [];
  readonly #made: Contender[] = [];
  #stopped = false;
  #toldAt = 0;

  constructor(
    settings: Settings,
    private readonly tell: (progress: BenchProgress) => void,
    private readonly tf: TfModule | null,
  ) {
    this.#settings = { ...settings, architecture: 'lenet', batch: BATCH };
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<BenchProgress> {
    try {
      const tasks = await this.#setUp();
      await inTurns(
        tasks,
        () => this.#stopped,
        (task, round) => this.#measured(task, round),
      );
    } finally {
      for (const contender of this.#made) contender.dispose();
    }
    return this.#say(this.#stopped ? 'Cancelled.' : 'Done.');
  }

  #entries(): Entry[] {
    const settings = this.#settings;
    const { tf } = this;
    const ours = konvBackends().map(
      ({ name, threads, label, unavailable }): Entry => ({
        library: 'konv',
        backend: label,
        make: async (start) => {
          if (unavailable !== null) throw new Error(unavailable);
          return konvContender(name, threads, label, settings, start);
        },
      }),
    );
    const theirs = (tf ? tfjsBackends : []).map(
      (name): Entry => ({
        library: 'TensorFlow.js',
        backend: name === 'wasm' ? 'wasm, 1 thread' : name,
        make: (start) => tfjsContender(tf as TfModule, name, name === 'wasm' ? 'wasm, 1 thread' : name, settings, start),
      }),
    );
    return [...ours, ...theirs];
  }

  /** Makes everybody, has them compute the same thing and compares, and warms them up. */
  async #setUp(): Promise<TimedRow[]> {
    this.#say('Loading pictures and weights.');
    const start = await this.#start();
    const tasks: TimedRow[] = [];
    let reference: Computed | null = null;
    for (const entry of this.#entries()) {
      await turn();
      if (this.#stopped) return [];
      const { library, backend } = entry;
      this.#say(`Setting up ${library}, ${backend}.`);
      try {
        const contender = await entry.make(start);
        this.#made.push(contender);
        const computed = await compute(contender);
        // The first is konv in plain JavaScript.
        reference ??= computed;
        const wrong = disagreement(computed, reference);
        if (wrong !== null) throw new Error(wrong);
        tasks.push(...(await this.#warm(contender)));
      } catch (e) {
        const why = e instanceof Error ? e.message : String(e);
        for (const what of ['training step', 'forward'] as const) this.#put({ ...blank, library, backend, what, unavailable: why });
      }
    }
    return tasks;
  }

  async #start(): Promise<Start> {
    const { pixels, labels } = batchOf(await trainImages(800), BATCH);
    return startOf(this.#settings, pixels, labels);
  }

  async #warm(contender: Contender): Promise<TimedRow[]> {
    const { library, backend, step, forward } = contender;
    const out: TimedRow[] = [];
    if (typeof step === 'string') this.#put({ ...blank, library, backend, what: 'training step', unavailable: step });
    else out.push(new TimedRow(contender, 'training step', step));
    out.push(new TimedRow(contender, 'forward', forward));
    for (const task of out) {
      await task.warmUp();
      this.#put({ ...blank, library, backend, what: task.what });
    }
    return out;
  }

  #measured({ contender: { library, backend }, what, times }: TimedRow, round: number): void {
    const ms = median(times);
    const flops = what === 'forward' ? forwardFlops(this.#settings, BATCH) : stepFlops(this.#settings, BATCH);
    this.#put({ library, backend, what, ms, gflops: flops / ms / 1e6, rounds: times.length, unavailable: null });
    // The page need not draw itself more often than can be read.
    if (performance.now() - this.#toldAt >= TELL_MS) this.#say(`Round ${round + 1}: ${library}, ${backend}, ${what}.`);
  }

  #put(row: BenchRow): void {
    const at = this.#rows.findIndex((r) => r.library === row.library && r.backend === row.backend && r.what === row.what);
    if (at < 0) this.#rows.push(row);
    else this.#rows[at] = row;
  }

  #say(doing: string): BenchProgress {
    this.#toldAt = performance.now();
    const progress: BenchProgress = { rows: [...this.#rows], doing };
    this.tell(progress);
    return progress;
  }
}

const blank = { ms: null, gflops: null, rounds: 0, unavailable: null } as const;

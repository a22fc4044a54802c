import { scope } from '@konv/core-tensor';
import type { Sequential } from '@konv/layers';
import type { Phase, Picture, Saved, Stretch, Update } from '../model/protocol.js';
import type { Settings } from '../model/settings.js';
import { testImagesHere } from './data.js';
import { accuracyOf } from './evaluate.js';
import { firstKernels, probabilities } from './look.js';
import { buildNetwork, unnoticed } from './network.js';
import { decodeSaved, encodeSaved } from './saved.js';
import { Snapshots } from './snapshots.js';
import { modelOf, prepare, tensorsOf, Training } from './training.js';
import { turn } from './turn.js';
import { parseWeights } from './weights.js';

const TELL_MS = 100;
/** Test accuracy is measured after so many steps. */
const MEASURE_EVERY = 50;

type Task = () => Promise<void>;

/** A training that can be talked to: what is asked of it is done between two steps, one thing at a time. */
export class Session {
  readonly #tell: (update: Update) => void;
  #training: Training | null = null;
  #phase: Phase = 'loading';
  #settings: Settings;
  readonly #snapshots = new Snapshots();
  #shown: { step: number; net: Sequential } | null = null;
  #stretches: Stretch[] = [];
  #accuracies: (readonly [number, number])[] = [];
  #notes: string[] = [];
  #error: string | null = null;
  #picture: Picture = { set: 'train', index: 0 };
  readonly #tasks: Task[] = [];
  #wake: (() => void) | null = null;
  #toldLosses = 0;
  #toldWhole = false;
  #toldAt = 0;
  #toldStep = -1;
  #stepAt = 0;
  #times: number[] = [];
  #ended = false;

  constructor(settings: Settings, tell: (update: Update) => void) {
    this.#settings = settings;
    this.#tell = tell;
  }

  /** From the beginning, or from what was saved. Where a backend cannot run, the next best does, and a note says why. */
  async begin(saved: Saved | null): Promise<void> {
    this.#training = (saved && (await this.#resumed(saved))) ?? new Training(await this.#prepareAnyhow());
    const { step, backend } = this.#training;
    if (step === 0) this.#stretches = [{ from: 0, backend, why: 'start' }];
    else this.#stretches.push({ from: step, backend, why: 'resumed' });
    this.#isolationNote();
    this.#snapshots.add(await this.#training.capture());
    this.#phase = 'running';
    await this.tell();
    testImagesHere();
    void this.#loop();
  }

  /** The training that was saved; null where the record is damaged. */
  async #resumed(saved: Saved): Promise<Training | null> {
    const asked = this.#settings;
    const story = decodedOrNull(saved);
    if (!story) return this.#damaged();
    // How many threads there are is up to this visit.
    this.#settings = { ...story.settings, threads: asked.threads };
    const training = new Training(await this.#prepareAnyhow());
    try {
      this.#stretches = [...story.stretches];
      this.#accuracies = [...story.accuracies];
      await training.restore(story);
    } catch {
      await training.dispose();
      this.#settings = asked;
      return this.#damaged();
    }
    return training;
  }

  #damaged(): null {
    this.#accuracies = [];
    this.#notes.push('What the last visit had kept is damaged, so the training begins anew.');
    return null;
  }

  async #prepareAnyhow(): ReturnType<typeof prepare> {
    try {
      return await prepare(this.#settings);
    } catch (e) {
      if (this.#settings.backend === 'cpu-js' || !(e instanceof Error) || e.name === 'TypeError') throw e;
      const instead: Settings = { ...this.#settings, backend: this.#settings.backend === 'webgl' ? 'wasm' : 'cpu-js', threads: 1 };
      this.#notes.push(`${this.#settings.backend} cannot run here: ${e.message} Training goes on with ${instead.backend}.`);
      this.#settings = instead;
      return this.#prepareAnyhow();
    }
  }

  #isolationNote(): void {
    if (!crossOriginIsolated) this.#notes.push('This page is served without isolation headers, so wasm has one thread.');
  }

  get training(): Training {
    if (this.#training === null) throw new Error('The training has not begun yet; wait for it.');
    return this.#training;
  }

  /** The network that is looked at: the latest, or the one of the snapshot shown. */
  get net(): Sequential {
    return this.#shown?.net ?? this.training.net;
  }

  /** The step whose weights `net` has. */
  get shownStep(): number {
    return this.#shown?.step ?? this.training.step;
  }

  get picture(): Picture {
    return this.#picture;
  }

  /** Does it between two steps. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#tasks.push(async () => {
        try {
          resolve(await work());
        } catch (e) {
          reject(plainError(e));
        }
      });
      this.#wake?.();
    });
  }

  async #loop(): Promise<void> {
    while (!this.#ended) {
      const task = this.#tasks.shift();
      if (task) {
        await task();
        continue;
      }
      const wait = this.#phase === 'running' ? this.#waitMs() : Number.POSITIVE_INFINITY;
      if (wait > 1) {
        await this.#sleep(wait);
        continue;
      }
      await this.#advance();
      await turn();
    }
  }

  #waitMs(): number {
    const { pace } = this.#settings;
    return pace === 0 ? 0 : this.#stepAt + 1000 / pace - performance.now();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => this.#wake?.(), ms) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }

  async #advance(): Promise<void> {
    const { training } = this;
    try {
      const started = performance.now();
      this.#stepAt = started;
      await training.advance();
      this.#times.push(performance.now() - started);
      if (this.#times.length > 20) this.#times.shift();
      if (this.#snapshots.due(training.step)) this.#snapshots.add(await training.capture());
      if (training.step % MEASURE_EVERY === 0 && testImagesHere()) await this.#measure();
      if (performance.now() - this.#toldAt >= TELL_MS) await this.tell();
    } catch (e) {
      this.#phase = 'failed';
      this.#error = plainError(e).message;
      await this.tell();
    }
  }

  /** Test accuracy, unless something else is asked for meanwhile. */
  async #measure(): Promise<void> {
    const accuracy = await accuracyOf(this.training.net, this.training.backend, () => this.#tasks.length > 0);
    if (accuracy !== null) this.#accuracies.push([this.training.step, accuracy]);
  }

  async tell(): Promise<void> {
    const training = this.#training;
    this.#toldAt = performance.now();
    const losses = training?.losses ?? [];
    const changed = this.#shownKey() !== this.#toldStep;
    this.#toldStep = this.#shownKey();
    const fresh = Float32Array.from(losses.slice(this.#toldWhole ? this.#toldLosses : 0));
    this.#tell({
      phase: this.#phase,
      settings: this.#settings,
      step: training?.step ?? 0,
      epoch: training?.epoch ?? 0,
      losses: fresh,
      whole: !this.#toldWhole,
      stretches: this.#stretches,
      running: training ? runningText(training.backend) : '',
      msPerStep: median(this.#times),
      kernels: changed && training ? await firstKernels(this.net) : null,
      guess: training ? await probabilities(this.net, training.backend, this.#picture) : null,
      accuracies: this.#accuracies,
      snapshots: this.#snapshots.list(),
      shown: this.#shown?.step ?? null,
      notes: this.#notes,
      error: this.#error,
    });
    this.#toldLosses = losses.length;
    this.#toldWhole = true;
  }

  #shownKey(): number {
    return this.#shown ? -2 - this.#shown.step : (this.#training?.step ?? -1);
  }

  // --- what a visitor does ---------------------------------------------------------------------------------------------

  async setPhase(phase: 'running' | 'paused' | 'stopped'): Promise<void> {
    if (phase === 'running') this.#hide();
    this.#phase = phase;
    await this.tell();
  }

  async oneStep(): Promise<void> {
    this.#hide();
    this.#phase = 'paused';
    await this.#advance();
    await this.tell();
  }

  async restart(): Promise<void> {
    const prepared = await prepare(this.#settings);
    this.#hide();
    await this.#training?.dispose();
    this.#training = new Training(prepared);
    this.#forget(0);
    this.#stretches = [{ from: 0, backend: prepared.backend, why: 'start' }];
    this.#snapshots.add(await this.training.capture());
    this.#phase = 'running';
    this.#error = null;
    await this.tell();
  }

  /** Of the curve and the snapshots, what comes after a step. */
  #forget(step: number): void {
    if (step === 0) this.#snapshots.clear();
    else this.#snapshots.rewind(step);
    this.#accuracies = this.#accuracies.filter(([at]) => at <= step);
    this.#stretches = this.#stretches.filter(({ from }) => from <= step);
    this.#toldWhole = false;
    this.#toldStep = -1;
    this.#times = [];
  }

  async change(prepared: Awaited<ReturnType<typeof prepare>>): Promise<void> {
    const { training } = this;
    this.#hide();
    const why = await training.change(prepared);
    this.#settings = prepared.settings;
    if (why !== null) {
      this.#stretches = [...this.#stretches, { from: training.step, backend: training.backend, why }];
      this.#times = [];
      this.#toldStep = -1;
    }
    if (why === 'architecture') this.#snapshots.clear();
    if (why !== null) this.#snapshots.add(await training.capture());
    if (this.#phase === 'failed') this.#phase = 'paused';
    this.#error = null;
    await this.tell();
  }

  async look(picture: Picture): Promise<void> {
    this.#picture = picture;
    await this.tell();
  }

  #hide(): void {
    this.#shown?.net.dispose();
    this.#shown = null;
  }

  async show(step: number | null): Promise<void> {
    this.#hide();
    if (step !== null) {
      const captured = this.#snapshots.at(step);
      if (!captured) throw new Error(`There is no snapshot of step ${step} any more.`);
      // Only its values are wanted: the order of the pictures must not notice.
      const { training } = this;
      const net = unnoticed(training.backend, () => buildNetwork(captured.settings));
      using _ = scope();
      net.loadStateDict(modelOf(captured.entries, training.backend));
      this.#shown = { step, net };
      if (this.#phase === 'running') this.#phase = 'paused';
    }
    await this.tell();
  }

  async rewind(): Promise<void> {
    const captured = this.#shown && this.#snapshots.at(this.#shown.step);
    if (!captured) throw new Error('Choose a snapshot first.');
    const { training } = this;
    // Those of the backend and of the pace stay as they are now.
    const { backend, threads, pace } = this.#settings;
    this.#hide();
    await training.change(await prepare({ ...captured.settings, backend, threads, pace }));
    this.#settings = training.settings;
    await training.restore(captured);
    this.#forget(captured.step);
    this.#stretches = [...this.#stretches, { from: captured.step, backend: training.backend, why: 'rewound' }];
    this.#phase = 'running';
    await this.tell();
  }

  async save(): Promise<Saved> {
    return encodeSaved(await this.training.capture(), { stretches: this.#stretches, accuracies: this.#accuracies });
  }

  async loadWeights(bytes: Uint8Array): Promise<void> {
    const { training } = this;
    const entries = parseWeights(bytes, training.net);
    this.#hide();
    {
      using _ = scope();
      training.net.loadStateDict(tensorsOf(entries, training.backend));
    }
    this.#stretches = [...this.#stretches, { from: training.step, backend: training.backend, why: 'loaded' }];
    this.#toldStep = -1;
    this.#snapshots.add(await training.capture());
    await this.tell();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

function decodedOrNull(saved: Saved): ReturnType<typeof decodeSaved> | null {
  try {
    return decodeSaved(saved);
  } catch {
    return null;
  }
}

function median(times: readonly number[]): number {
  if (times.length === 0) return Number.NaN;
  return [...times].sort((a, b) => a - b)[times.length >> 1];
}

function runningText(name: string): string {
  const threads = /^wasm-(\d+)$/.exec(name)?.[1];
  return threads === undefined ? name : `wasm, ${threads} ${threads === '1' ? 'thread' : 'threads'}`;
}

/** Errors cross to the page as text only. */
export function plainError(e: unknown): Error {
  return new Error(e instanceof Error ? e.message : String(e));
}

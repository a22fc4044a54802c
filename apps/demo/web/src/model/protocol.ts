/** What the page and its workers say to each other: plain values and typed arrays only. */
import type { BackendName, Settings } from './settings.js';

/** A picture to be looked at: one of the data, or 784 values in 0 ... 1 of one's own. */
export type Picture = { readonly set: 'train' | 'test'; readonly index: number } | { readonly pixels: Float32Array };

export interface LabelledPicture {
  readonly pixels: Float32Array;
  /** 0 ... 9; null for one's own. */
  readonly label: number | null;
}

/** A tensor on its way. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type Phase = 'loading' | 'running' | 'paused' | 'stopped' | 'failed';

/** A piece of the loss curve that one backend has computed. */
export interface Stretch {
  readonly from: number;
  readonly backend: string;
  /** Why it begins here: 'start', 'backend', 'architecture', 'optimizer', 'batch', 'images', 'loaded', 'resumed', 'rewound'. */
  readonly why: string;
}

/** What the trainer tells about itself, at most ten times a second. */
export interface Update {
  readonly phase: Phase;
  readonly settings: Settings;
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  /** Losses of the steps `step - losses.length ... step - 1`: those since the last update. */
  readonly losses: Float32Array;
  /** True where `losses` are all from the beginning (after a restart or a resumption). */
  readonly whole: boolean;
  readonly stretches: readonly Stretch[];
  /** What runs, in words: `wasm, 2 threads, simd`. */
  readonly running: string;
  readonly msPerStep: number;
  /** The first layer's weights; null where nothing has changed or there is no convolution. */
  readonly kernels: Values | null;
  /** Probabilities of the ten classes for the picture that is looked at, by the weights of now (or of the snapshot shown). */
  readonly guess: Float32Array | null;
  /** Test accuracy, 0 ... 1, by the step at which it was measured. */
  readonly accuracies: readonly (readonly [step: number, accuracy: number])[];
  readonly snapshots: readonly SnapshotInfo[];
  /** The step whose weights are shown instead of the latest; null: the latest. */
  readonly shown: number | null;
  /** What the visitor should know, once: no isolation, a backend that cannot run and why. */
  readonly notes: readonly string[];
  /** Why the phase is 'failed'. */
  readonly error: string | null;
}

export interface SnapshotInfo {
  readonly step: number;
  readonly loss: number;
}

/** Layer `layer` of `layersOf(settings)`, and a position in its output. */
export interface UnitRef {
  readonly layer: number;
  readonly index: readonly number[];
}

export interface Term {
  /** `x[0, 3, 4] * w[2, 0, 1, 1]`. */
  readonly what: string;
  readonly factors: readonly number[];
  readonly product: number;
}

/** Terms that add up to the tensor's value, within the backend's tolerance. */
export interface Arithmetic {
  /** In words and symbols: how this layer makes the value. */
  readonly formula: string;
  readonly terms: readonly Term[];
  /** The terms' sum in double precision, after what the formula does to it. */
  readonly sum: number;
  /** What stands in the tensor. */
  readonly value: number;
  /** |sum - value| may be this much. */
  readonly tolerance: number;
}

export interface UnitReport {
  readonly unit: UnitRef;
  readonly kind: string;
  readonly step: number;
  /** Of all layers, at the same moment. */
  readonly maps: readonly LayerMaps[];
  readonly forward: Arithmetic;
  /** d loss / d value, by what the next layer makes of it. */
  readonly backward: Arithmetic;
}

/** Everything that the network holds of one picture: its output and its gradient, layer by layer. */
export interface LayerMaps {
  readonly layer: number;
  readonly kind: string;
  readonly values: Values;
  readonly gradients: Values;
}

export interface Mistake {
  readonly index: number;
  readonly label: number;
  readonly guess: number;
  readonly loss: number;
  /** The probability that it gives to its guess. */
  readonly sure: number;
}

export interface Evaluation {
  readonly step: number;
  readonly images: number;
  readonly accuracy: number;
  /** counts[label * 10 + guess]. */
  readonly counts: Int32Array;
  /** The guess of each test image. */
  readonly guesses: Uint8Array;
  /** The true class of each test image. */
  readonly labels: Uint8Array;
  /** The worst of the wrong ones first, at most 24. */
  readonly mistakes: readonly Mistake[];
}

/** How far a backend's step is from that of plain JavaScript in double precision, from the same weights and pictures. */
export interface Agreement {
  readonly backend: string;
  readonly unavailable: string | null;
  readonly loss: number;
  /** Greatest difference over the greatest magnitude, parameter by parameter. */
  readonly gradients: readonly { readonly parameter: string; readonly difference: number }[];
}

/** Bytes of everything that a training needs to go on exactly: a safetensors file of its own. */
export interface Saved {
  readonly settings: Settings;
  readonly step: number;
  readonly bytes: Uint8Array;
}

/** The worker that trains. All methods resolve between two steps. */
export interface TrainerApi {
  /** Begins, or begins anew; from `saved` where it is given and whole. `tell` gets the updates. */
  start(settings: Settings, saved: Saved | null, tell: (update: Update) => void): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** One step, and pauses. */
  step(): Promise<void>;
  /** Ends the training; `restart` begins it anew. */
  stop(): Promise<void>;
  /** From the seed of the settings. */
  restart(): Promise<void>;
  /** Goes on with other settings: what need not change stays. Rejects, with nothing changed, where they cannot be had. */
  change(settings: Settings): Promise<void>;
  /** Whose guess is told. */
  look(picture: Picture): Promise<void>;
  picture(picture: Picture): Promise<LabelledPicture>;
  unit(unit: UnitRef, picture: Picture): Promise<UnitReport>;
  maps(picture: Picture): Promise<readonly LayerMaps[]>;
  evaluate(): Promise<Evaluation>;
  agreement(): Promise<readonly Agreement[]>;
  /** Shows the weights of a snapshot, and pauses; null: the latest again. */
  show(step: number | null): Promise<void>;
  /** Goes on from the snapshot shown. */
  rewind(): Promise<void>;
  /** The weights as a safetensors file with PyTorch's names. */
  weights(): Promise<Uint8Array>;
  /** Takes weights from a safetensors file, also one of PyTorch's. Rejects with a clear message, and with nothing changed. */
  loadWeights(bytes: Uint8Array): Promise<void>;
  save(): Promise<Saved>;
}

// --- the laboratory: a worker beside the training one -----------------------------------------------------------------

export interface ConvRequest {
  readonly image: Values;
  readonly kernel: Values;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** One line of the article's ten steps. */
export interface LearnStep {
  readonly step: number;
  readonly kernel: readonly number[];
  readonly output: Values;
  readonly loss: number;
}

export interface BenchRow {
  readonly library: 'konv' | 'TensorFlow.js';
  readonly backend: string;
  readonly what: 'training step' | 'forward';
  /** The median of the rounds so far; null: none yet, or `unavailable` says why there is none. */
  readonly ms: number | null;
  readonly gflops: number | null;
  /** Rounds that the median is of. */
  readonly rounds: number;
  readonly unavailable: string | null;
}

/** What the bench tells while it measures. */
export interface BenchProgress {
  readonly rows: readonly BenchRow[];
  /** What is done right now, in words. */
  readonly doing: string;
}

/** TensorFlow.js as it arrived. */
export interface LoadedTfjs {
  readonly version: string;
  /** Bytes that came over the network, where the browser tells; null where it does not. */
  readonly bytes: number | null;
}

export interface BackendState {
  readonly name: BackendName | string;
  readonly unavailable: string | null;
}

export interface LabApi {
  /** Cross-correlation of a [height, width] or [length] image with a kernel of the same rank, zero-padded. */
  correlate(request: ConvRequest): Promise<Values>;
  /** The article's training of the kernel [1, -1], `steps` steps. */
  learnKernel(lr: number, steps: number): Promise<readonly LearnStep[]>;
  backends(): Promise<readonly BackendState[]>;
  /** Who draws for WebGL, as the browser names it; null where there is no WebGL2 or the browser keeps it to itself. */
  renderer(): Promise<string | null>;
  /** Fetches TensorFlow.js; from then on `bench` measures it too. */
  loadTfjs(): Promise<LoadedTfjs>;
  /** Times LeNet-5 with the settings' channels and kernels on every backend, in turns. Resolves to the last progress. */
  bench(settings: Settings, tell: (progress: BenchProgress) => void): Promise<BenchProgress>;
  /** Ends `bench` after what it is at. */
  stopBench(): Promise<void>;
}

import { BackendError } from '@konv/core-tensor';
import { Engine, type Runner, singleThread } from '@konv/backend-wasm/families';
import { instantiateKernels, type WasmModule } from '@konv/wasm-kernels';
import { type ChannelsLastKernels, instantiateChannelsLast } from '@konv/wasm-kernels/channels-last';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { isShared, openModule } from './check.js';
import { TfjsHeap } from './heap.js';

/** konv's families over tfjs's heap, and kernels for images as they lie there. */
export class TrainingEngine extends Engine<TfjsHeap> {
  constructor(
    heap: TfjsHeap,
    runner: Runner,
    strictNumerics: boolean,
    readonly channelsLast: ChannelsLastKernels,
  ) {
    super(heap, runner, strictNumerics);
  }
}

export interface CompiledKernels {
  readonly families: WasmModule;
  readonly channelsLast: WasmModule;
}

/** The kernels, compiled, and an engine over each backend that calls them: `tf.removeBackend` and a new start make another. */
export class Engines {
  readonly #engines = new Map<BackendWasm, TrainingEngine>();

  constructor(
    private readonly compiled: CompiledKernels,
    /** What kind of memory the kernels were compiled for. */
    private readonly shared: boolean,
    private readonly strictNumerics: boolean,
  ) {}

  of(backend: BackendWasm): TrainingEngine {
    let engine = this.#engines.get(backend);
    if (!engine) {
      engine = this.#over(backend);
      this.#engines.set(backend, engine);
    }
    return engine;
  }

  /** Before a backend is disposed: its memory goes with it. */
  forget(backend: BackendWasm): void {
    this.#engines.get(backend)?.dispose();
    this.#engines.delete(backend);
  }

  dispose(): void {
    for (const engine of this.#engines.values()) engine.dispose();
    this.#engines.clear();
  }

  #over(backend: BackendWasm): TrainingEngine {
    const module = openModule(backend);
    if (isShared(module.memory) !== this.shared) {
      throw new BackendError(
        'enableWasmTraining',
        `expected the ${this.shared ? 'threaded' : 'single-threaded'} build of TensorFlow.js's wasm backend, as when training was ` +
          'enabled, got the other one; call disable() and enableWasmTraining() again after the backend has started',
      );
    }
    const heap = new TfjsHeap(module, module.memory);
    const { families, channelsLast } = this.compiled;
    const runner = singleThread(heap, instantiateKernels(families, module.memory));
    return new TrainingEngine(heap, runner, this.strictNumerics, instantiateChannelsLast(channelsLast, module.memory));
  }
}

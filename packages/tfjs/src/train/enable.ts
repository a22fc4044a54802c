import { BackendError } from '@konv/core-tensor';
import { bestLevel, compileKernels, type SimdLevel } from '@konv/wasm-kernels';
import { compileChannelsLast } from '@konv/wasm-kernels/channels-last';
import { type BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import * as core from '@tensorflow/tfjs-core';
import { Call } from './call.js';
import { disarmFused } from './conv/fused.js';
import { checkVersions, isShared, openModule } from './check.js';
import { Engines } from './engines.js';
import { gradients } from './gradients.js';
import type { TrainingKernel } from './kernel.js';
import { kernels } from './kernels.js';
import { Registrations } from './registry.js';
import { startWasm } from './start.js';

export interface WasmTrainingOptions {
  /** No Winograd: every gradient is a plain sum of products. Slower; default false. */
  readonly strictNumerics?: boolean;
  /** Which of konv's binaries; default: the highest SIMD level that the engine has. */
  readonly level?: SimdLevel;
}

/** What `enableWasmTraining` resolves to. */
export interface WasmTraining {
  /** tfjs's names of the kernels and gradients that are konv's now. */
  readonly kernels: readonly string[];
  readonly gradients: readonly string[];
  readonly level: SimdLevel;
  /** False after `disable()`. */
  readonly enabled: boolean;
  /** Puts back the kernels and gradients that were registered before. Twice is once. */
  disable(): void;
}

/** One for all copies of this package: kernels are registered for all copies of tfjs, too. */
const slot = Symbol.for('konv.tfjs.training.1');
interface Slot {
  [slot]?: Promise<WasmTraining>;
}

/**
 * Makes TensorFlow.js's wasm backend train: registers the kernels that it lacks or computes slowly or wrongly, on its own
 * heap, and the gradients of dilated convolutions. Before or after `tf.setBackend('wasm')`; the backend is started where it
 * has not been, and the current backend, if there is one, stays the same.
 *
 *     await tf.setBackend('wasm');
 *     await enableWasmTraining();
 *     await model.fit(x, y);
 *
 * A second call gives the same handle, whatever its options, until `disable()`.
 *
 * Errors: `BackendError` where TensorFlow.js is of another version than the one that was tested, where its wasm backend is
 * missing or does not start, and where the engine has no WebAssembly SIMD. Nothing is registered then.
 */
export function enableWasmTraining(options: WasmTrainingOptions = {}): Promise<WasmTraining> {
  const holder = globalThis as Slot;
  if (holder[slot]) return holder[slot];
  const forget = (): void => {
    if (holder[slot] === enabling) delete holder[slot];
  };
  const enabling = enable(options, forget);
  holder[slot] = enabling;
  enabling.catch(forget);
  return enabling;
}

async function enable(options: WasmTrainingOptions, whenDisabled: () => void): Promise<WasmTraining> {
  checkVersions({ '@tensorflow/tfjs-core': core.version_core, '@tensorflow/tfjs-backend-wasm': version_wasm });
  const best = bestLevel();
  if (best === null) {
    throw new BackendError('enableWasmTraining', 'expected an engine with WebAssembly SIMD, got one without; train on the backend "cpu"');
  }
  const level = options.level ?? best;
  const backend = await startWasm();
  const shared = isShared(openModule(backend).memory);
  const [families, channelsLast] = await Promise.all([compileKernels(level, shared), compileChannelsLast(level, shared)]);
  const engines = new Engines({ families, channelsLast }, shared, options.strictNumerics ?? false);
  // Now rather than in the first step: what can fail has failed before anything is registered.
  engines.of(backend);
  const registrations = new Registrations();
  for (const kernel of kernels) registrations.kernel(configOf(kernel, engines));
  for (const gradient of gradients()) registrations.gradient(gradient);
  let enabled = true;
  return {
    kernels: registrations.kernelNames,
    gradients: registrations.gradientNames,
    level,
    get enabled() {
      return enabled;
    },
    disable() {
      if (!enabled) return;
      enabled = false;
      registrations.undo();
      disarmFused();
      engines.dispose();
      whenDisabled();
    },
  };
}

/** A kernel as tfjs registers it. The one before it is set up with every backend that starts, so that it can come back. */
function configOf({ name, run, leaves, after }: TrainingKernel, engines: Engines): core.KernelConfig {
  const before: core.KernelConfig | undefined = core.getKernel(name, 'wasm');
  return {
    kernelName: name,
    backendName: 'wasm',
    setupFunc: before?.setupFunc,
    disposeFunc: (backend) => {
      before?.disposeFunc?.(backend);
      engines.forget(backend as BackendWasm);
    },
    kernelFunc: ({ inputs, attrs = {}, backend: any }) => {
      const backend = any as BackendWasm;
      const given = { inputs, attrs };
      const ours = run !== undefined && !(before && leaves?.(given));
      const result = ours
        ? Call.run(name, engines.of(backend), backend, (call) => run(call, given))
        : before?.kernelFunc({ inputs, attrs, backend });
      if (result === undefined)
        throw new BackendError(name, 'expected a kernel of TensorFlow.js under this name, got none; import its wasm backend');
      after?.(given);
      return result;
    },
  };
}

import { BackendError } from '@konv/core-tensor';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as core from '@tensorflow/tfjs-core';
import { withoutErrorListeners } from '../backend/listeners.js';

/**
 * tfjs's wasm backend, started where it was not. The backend that was current stays so; where none was chosen yet, wasm
 * becomes it.
 *
 * Errors: `BackendError` where it is not registered or does not start.
 */
export async function startWasm(): Promise<BackendWasm> {
  if (core.findBackendFactory('wasm') === null) {
    throw new BackendError(
      'enableWasmTraining',
      'expected a registered backend "wasm", got none; import "@tensorflow/tfjs-backend-wasm" first',
    );
  }
  const engine = core.engine();
  const before: string | undefined = engine.backendName ?? undefined;
  // Somebody's `setBackend` is under way: a second one at the same time would make the first one fail. If it fails by itself,
  // the start below says so.
  if (before !== undefined) await core.ready().catch(() => {});
  const running = before === 'wasm' || 'wasm' in engine.registry ? core.findBackend('wasm') : null;
  if (running) return running as BackendWasm;
  let cause: unknown = 'a refusal, whose reason is on the console';
  try {
    if (await withoutErrorListeners(() => core.setBackend('wasm'))) {
      if (before !== undefined && before !== 'wasm') await core.setBackend(before);
      return core.findBackend('wasm') as BackendWasm;
    }
  } catch (e) {
    cause = e;
  }
  // tfjs takes the name of a backend that did not start for that of the current one.
  if (before !== undefined && before !== 'wasm') await core.setBackend(before);
  else engine.backendName = before as unknown as string;
  throw new BackendError(
    'enableWasmTraining',
    `expected TensorFlow.js's backend "wasm" to start, got ${cause instanceof Error ? cause.message : String(cause)}; in a bundled page ` +
      'say where the .wasm files are: setWasmPaths() of @tensorflow/tfjs-backend-wasm, before this call',
    { cause },
  );
}

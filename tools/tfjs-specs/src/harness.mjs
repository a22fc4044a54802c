// The head of the bundle: what TensorFlow.js's specs want to find before the first of them is read.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import 'tfjs-core-dist/register_all_gradients.js';
import 'tfjs-core-dist/public/chained_ops/register_all_chained_ops.js';
import { setTestEnvs } from 'tfjs-core-dist/jasmine_util.js';

const { backend, wasmFolder } = globalThis.konvSpecs;
setWasmPaths(`${wasmFolder}/dist/`);
setTestEnvs([{ name: 'specs', backendName: backend, isDataSync: true }]);

/**
 * Has `enable` called for every backend object that TensorFlow.js makes: each group of specs ends with a reset of its
 * engine, and with a new heap.
 */
export function withEveryBackend(enable) {
  let enabled;
  beforeEach(async () => {
    const current = tf.getBackend() === backend ? tf.backend() : undefined;
    if (!current || current === enabled) return;
    await enable();
    enabled = current;
  });
}

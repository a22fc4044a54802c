import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-webgl';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import type { TfModule } from './bench/tfjs-lenet.js';

/** Everything of TensorFlow.js that the page uses, set up. */
export async function openTfjs(): Promise<TfModule> {
  tf.enableProdMode();
  // Its threads are workers from blobs, which the page's policy does not let in.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  // All names must be given; the one with threads is never fetched.
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': simdUrl,
  });
  await tf.ready();
  return tf;
}

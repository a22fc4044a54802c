import { createRequire } from 'node:module';
import type { Contender } from '../contender.js';
import { withoutTraces } from './emscripten.js';
import { type TfModule, tfjsConv, tfjsGemm } from './tfjs-kernels.js';

let loaded: Promise<TfModule> | null = null;

async function load(): Promise<TfModule> {
  // Its builds for Node are CommonJS.
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as TfModule;
  require('@tensorflow/tfjs-backend-wasm');
  tf.enableProdMode();
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start its wasm backend');
  await tf.ready();
  return tf;
}

const tfjs = (): Promise<TfModule> => (loaded ??= withoutTraces(load));

/** TensorFlow.js's WebAssembly backend (XNNPACK inside), one thread: in Node it has no more. Its kernels alone. */
export async function tfjsWasm(): Promise<Contender> {
  const tf = await tfjs();
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return {
    name: 'tfjs-wasm',
    about: `TensorFlow.js ${tf.version_core}, wasm backend${simd ? ' with SIMD' : ''}, one thread; kernels called directly, NHWC`,
    kinds: ['gemm', 'conv'],
    prepare: (task) => {
      if (task.kind === 'gemm') return tfjsGemm({ tf, backend: 'wasm' }, task);
      return task.kind === 'conv' ? tfjsConv({ tf, backend: 'wasm' }, task, 'NHWC') : null;
    },
  };
}

/** The same for those whose data are NCHW, as ours and PyTorch's are. */
export async function tfjsWasmNchw(): Promise<Contender> {
  const tf = await tfjs();
  return {
    name: 'tfjs-nchw',
    about: 'the same kernels, each run with the transposes NCHW -> NHWC -> NCHW',
    kinds: ['conv'],
    prepare: (task) => (task.kind === 'conv' ? tfjsConv({ tf, backend: 'wasm' }, task, 'NCHW') : null),
  };
}

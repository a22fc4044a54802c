import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as core from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { enableWasmTraining, type WasmTraining } from '../src/train/index.js';
import { wasmFolder } from './wasm-folder.js';

// Runs in Node and in two pages: in an isolated one, TensorFlow.js takes its threaded build, whose memory is shared.

const isPage = 'document' in globalThis;
const isolated = isPage && (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
let training: WasmTraining;

beforeAll(async () => {
  if (isPage) setWasmPaths(wasmFolder);
  await core.setBackend('wasm');
  training = await enableWasmTraining();
});

afterAll(() => {
  training.disable();
});

const memory = (): ArrayBufferLike => {
  const { wasm } = core.findBackend('wasm') as unknown as { wasm: { HEAPU8: Uint8Array } };
  return wasm.HEAPU8.buffer;
};

it('has the build that this page allows', () => {
  expect(core.env().get('WASM_HAS_MULTITHREAD_SUPPORT')).toBe(isolated);
  expect(memory() instanceof ArrayBuffer).toBe(!isolated);
});

/** Sums of products, one after the other, for some taps of a 3x3 convolution with zeros around, of stride 1; NaN for others. */
function byLoops(x: Float32Array, dy: Float32Array, size: number, inChannels: number, outChannels: number, taps: number[]): Float64Array {
  const each = inChannels * outChannels;
  const out = new Float64Array(9 * each).fill(Number.NaN);
  for (const tap of taps) out.fill(0, tap * each, (tap + 1) * each);
  for (let y = 0; y < size; y++)
    for (let z = 0; z < size; z++)
      for (const tap of taps) {
        const [v, w] = [y + Math.floor(tap / 3) - 1, z + (tap % 3) - 1];
        if (v < 0 || w < 0 || v >= size || w >= size) continue;
        for (let i = 0; i < inChannels; i++)
          for (let o = 0; o < outChannels; o++)
            out[(tap * inChannels + i) * outChannels + o] += x[(v * size + w) * inChannels + i] * dy[(y * size + z) * outChannels + o];
      }
  return out;
}

it.each([
  [8, 3, 5],
  [24, 16, 16],
  // 23 MiB an operand, of the 16 that the memory begins with: it grows on the way.
  [600, 16, 1],
])('gradients of a filter, %i pixels square, %i to %i channels', (size, inChannels, outChannels) => {
  const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => ((i * 7919) % 2003) / 1001 - 1);
  const [a, b] = [numbers(size * size * inChannels), numbers(size * size * outChannels)];
  const before = memory().byteLength;
  const x = core.tensor4d(a, [1, size, size, inChannels]);
  const dy = core.tensor4d(b, [1, size, size, outChannels]);
  const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, inChannels, outChannels] };
  const made = core.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs) as core.Tensor;
  const taps = size === 600 ? [0, 5] : [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const expected = byLoops(a, b, size, inChannels, outChannels, taps);
  const largest = Math.max(...expected.filter((v) => !Number.isNaN(v)).map(Math.abs));
  for (const [i, v] of made.dataSync().entries()) {
    if (!Number.isNaN(expected[i])) expect(Math.abs(v - expected[i])).toBeLessThan(3e-5 * largest);
  }
  if (size === 600) expect(memory().byteLength).toBeGreaterThan(before);
  core.dispose([x, dy, made]);
});

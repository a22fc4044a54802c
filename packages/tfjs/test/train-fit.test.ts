import * as core from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, expect, it, vi } from 'vitest';
import { soak } from '../../../tools/soak.js';
import type { TfjsModule } from '../src/train/heap.js';
import { numbersFrom, randomTensor, trainOnWasm, wasmBackend, wasmMemory } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const l = layers.layers;
const SIDE = 10;

/** A small convolutional network of every kind of layer that such have. Weights from one stream of random numbers. */
function network(): layers.Sequential {
  const model = layers.sequential({
    layers: [
      l.conv2d({ filters: 8, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [SIDE, SIDE, 2] }),
      l.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
      l.batchNormalization(),
      // Before the relu: windows without a positive number, too.
      l.maxPooling2d({ poolSize: 2 }),
      l.activation({ activation: 'relu' }),
      l.conv2d({ filters: 16, kernelSize: 3, strides: 2 }),
      l.flatten(),
      l.dense({ units: 4, activation: 'softmax' }),
    ],
  });
  const next = numbersFrom(99);
  const weights = model.layers.map((layer) => layer.getWeights().map((w) => scaled(w, next, layer.getClassName())));
  model.layers.forEach((layer, i) => layer.setWeights(weights[i]));
  return model;
}

function scaled(w: core.Tensor, next: () => number, name: string): core.Tensor {
  // gamma, beta, mean and variance as tfjs begins with them.
  if (name === 'BatchNormalization') return w;
  return core.mul(randomTensor(w.shape, next), 0.25);
}

function batches(count: number): { x: core.Tensor; y: core.Tensor } {
  const next = numbersFrom(7);
  const x = randomTensor([count, SIDE, SIDE, 2], next);
  const labels = Int32Array.from({ length: count }, (_, i) => (i * 7) % 4);
  return { x, y: core.cast(core.oneHot(core.tensor1d(labels, 'int32'), 4), 'float32') };
}

/** The loss of each of `steps` steps of model.fit. */
async function fit(backend: string, steps: number, batchSize: number): Promise<number[]> {
  await core.setBackend(backend);
  const model = network();
  model.compile({ loss: 'categoricalCrossentropy', optimizer: core.train.sgd(0.05) });
  const { x, y } = batches(batchSize * 4);
  const losses: number[] = [];
  const callbacks = { onBatchEnd: (_: number, logs?: layers.Logs) => void losses.push(logs?.['loss'] as number), yieldEvery: 'never' };
  await model.fit(x, y, { epochs: steps / 4, batchSize, shuffle: false, verbose: 0, callbacks: callbacks as never });
  model.dispose();
  core.dispose([x, y]);
  return losses;
}

it('model.fit has the losses of tfjs-cpu over 20 steps', async () => {
  const wasm = await fit('wasm', 20, 4);
  const cpu = await fit('cpu', 20, 4);
  expect(wasm.length).toBe(20);
  expect(wasm[19]).toBeLessThan(wasm[0]);
  wasm.forEach((loss, step) => expect(Math.abs(loss - cpu[step]), `step ${step}`).toBeLessThan(1e-4));
});

it('memory stays flat', async () => {
  const steps = soak ? 500 : 40;
  await core.setBackend('wasm');
  const model = network();
  model.compile({ loss: 'categoricalCrossentropy', optimizer: core.train.adam(0.001) });
  const { x, y } = batches(8);
  for (let i = 0; i < 10; i++) await model.trainOnBatch(x, y);
  const { numTensors, numBytes, numDataBuffers } = core.memory();
  const { byteLength } = wasmMemory().buffer;
  const { balance, end } = watchMalloc();
  const before = core.engine().backend.numDataIds();
  for (let i = 0; i < steps; i++) {
    const loss = await model.trainOnBatch(x, y);
    expect(Number.isFinite(loss)).toBe(true);
  }
  expect(core.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
  expect(wasmMemory().buffer.byteLength).toBe(byteLength);
  expect(core.engine().backend.numDataIds()).toBe(before);
  expect(balance()).toBe(0);
  end();
  model.dispose();
  core.dispose([x, y]);
});

/** How many more blocks the host has taken of tfjs's heap than it has given back, from now on. */
function watchMalloc(): { balance(): number; end(): void } {
  const malloc = vi.spyOn(wasmBackend().wasm as never as TfjsModule, '_malloc');
  const free = vi.spyOn(wasmBackend().wasm as never as TfjsModule, '_free');
  return { balance: () => malloc.mock.calls.length - free.mock.calls.length, end: () => void vi.restoreAllMocks() };
}

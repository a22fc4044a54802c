// A program of TensorFlow.js alone, but for two lines: the import from @konv/tfjs and the call of what it imports.
import '@tensorflow/tfjs-backend-wasm';
import { enableWasmTraining } from '@konv/tfjs/train';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type Logs, layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';

const SIDE = 12;
const PICTURES = 32;

/** Pictures of a bright bar, across or down, on a ground that looks like noise and is always the same. */
function pictures(): { x: tf.Tensor4D; y: tf.Tensor2D } {
  const pixels = Float32Array.from({ length: PICTURES * SIDE * SIDE }, (_, i) => ((i * 7919) % 1009) / 3000);
  for (let n = 0; n < PICTURES; n++)
    for (let i = 0; i < SIDE; i++) {
      const [row, column] = n % 2 ? [i, n % SIDE] : [n % SIDE, i];
      pixels[(n * SIDE + row) * SIDE + column] = 1;
    }
  const labels = Float32Array.from({ length: PICTURES * 2 }, (_, i) => (i % 2 === (i >> 1) % 2 ? 1 : 0));
  return { x: tf.tensor4d(pixels, [PICTURES, SIDE, SIDE, 1]), y: tf.tensor2d(labels, [PICTURES, 2]) };
}

function network(): Sequential {
  const seeded = (seed: number) => initializers.glorotUniform({ seed });
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [SIDE, SIDE, 1],
        filters: 8,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: seeded(1),
      }),
      layers.depthwiseConv2d({ kernelSize: 3, depthwiseInitializer: seeded(2) }),
      layers.batchNormalization(),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: 'relu', kernelInitializer: seeded(3) }),
      layers.flatten(),
      layers.dense({ units: 2, activation: 'softmax', kernelInitializer: seeded(4) }),
    ],
  });
}

/** The loss of each of 20 batches. */
export async function train(backend: string): Promise<number[]> {
  await tf.setBackend(backend);
  await enableWasmTraining();
  const model = network();
  model.compile({ optimizer: tf.train.sgd(0.05), loss: 'categoricalCrossentropy' });
  const { x, y } = pictures();
  const losses: number[] = [];
  const onBatchEnd = (_: number, logs?: Logs) => void losses.push(Number(logs?.['loss']));
  await model.fit(x, y, { epochs: 5, batchSize: 8, shuffle: false, verbose: 0, callbacks: { onBatchEnd } });
  return losses;
}

import type * as Tf from '@tensorflow/tfjs-core';
import { CLASSES, type PlannedLayer, planOf, SIDE } from '../../../model/layers.js';
import type { Settings } from '../../../model/settings.js';
import { type Contender, RATE, type Start } from './contender.js';
import { forTfjs } from './layout.js';

export type TfModule = typeof Tf;

/** Kernels that a training step of this network needs beside those of a forward pass. */
const trainingKernels = ['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'MaxPoolGrad'];

/** The same network in TensorFlow.js's core operations: images with the channels last, SGD with momentum. */
export async function tfjsContender(tf: TfModule, backend: string, label: string, settings: Settings, start: Start): Promise<Contender> {
  await use(tf, backend);
  const plan = planOf(settings);
  const parameters = parametersOf(tf, plan, start);
  const n = start.labels.length;
  // One channel: first or last is the same.
  const x = tf.tensor4d(start.pixels, [n, SIDE, SIDE, 1]);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(start.labels, 'int32'), CLASSES));
  const optimizer = tf.train.momentum(RATE.lr, RATE.momentum);
  const scores = () => forward(tf, plan, parameters, x);
  const missing = trainingKernels.filter((kernel) => !tf.getKernel(kernel, backend));
  return {
    library: 'TensorFlow.js',
    backend: label,
    step:
      missing.length > 0
        ? `TensorFlow.js cannot train a convolution on its ${backend} backend: it has no ${missing.join(', ')}.`
        : async () => {
            await use(tf, backend);
            const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, scores()) as Tf.Scalar, true) as Tf.Scalar;
            const [value] = await loss.data();
            loss.dispose();
            return value;
          },
    forward: async () => {
      await use(tf, backend);
      const out = tf.tidy(scores);
      const values = (await out.data()) as Float32Array;
      out.dispose();
      return values;
    },
    dispose: () => {
      tf.dispose([x, labels, ...parameters] as Tf.Tensor[]);
      optimizer.dispose();
    },
  };
}

async function use(tf: TfModule, backend: string): Promise<void> {
  if (tf.getBackend() === backend) return;
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js could not start its ${backend} backend in this browser.`);
}

/** Weight and bias of each layer that has them, in the network's order. */
function parametersOf(tf: TfModule, plan: readonly PlannedLayer[], { weights }: Start): Tf.Tensor[] {
  const flat = plan.findIndex(({ kind }) => kind === 'Flatten');
  const firstLinear = 2 * plan.slice(0, flat).filter(({ kind }) => kind === 'Conv2d').length;
  const image = flat > 0 ? plan[flat - 1].shape : null;
  return weights.map((weight, i) => {
    const { shape, data } = forTfjs(weight, i === firstLinear ? image : null);
    const value = tf.tensor(data, [...shape]);
    const variable = tf.variable(value);
    value.dispose();
    return variable as unknown as Tf.Tensor;
  });
}

function forward(tf: TfModule, plan: readonly PlannedLayer[], parameters: readonly Tf.Tensor[], x: Tf.Tensor4D): Tf.Tensor2D {
  let h: Tf.Tensor = x;
  let next = 0;
  for (const { kind, options, args, shape } of plan) {
    switch (kind) {
      case 'Conv2d': {
        const kernel = parameters[next++] as Tf.Tensor4D;
        // `same` is what (k - 1) / 2 zeros on each side give for an odd kernel.
        h = tf.add(tf.conv2d(h as Tf.Tensor4D, kernel, 1, options && options.padding > 0 ? 'same' : 'valid'), parameters[next++]);
        break;
      }
      case 'MaxPool2d':
        h = tf.maxPool(h as Tf.Tensor4D, args[0], args[0], 'valid');
        break;
      case 'ReLU':
        h = tf.relu(h);
        break;
      case 'Flatten':
        h = tf.reshape(h, [x.shape[0], shape[0]]);
        break;
      case 'Linear':
        h = tf.add(tf.matMul(h, parameters[next++]), parameters[next++]);
        break;
      default:
        throw new Error(`The comparison is of LeNet-5, which has no ${kind}; measure with its settings.`);
    }
  }
  return h as Tf.Tensor2D;
}

import type * as Tf from '@tensorflow/tfjs-core';
import { numbers } from '../contender.js';
import { axes, permuted } from '../layout.js';
import { comparedSteps, leNetRate, leNetShapes, leNetTargets, leNetValues } from '../lenet.js';
import type { Task } from '../tasks.js';
import { clocked, type Runner } from '../timing.js';
import type { TfEngine, TfModule } from './tfjs-kernels.js';

/** Parameters `[out, in, height, width]` and `[out, in]`, as tfjs wants them; the first linear layer reads flattened NHWC images. */
function weight(tf: TfModule, values: Float32Array, shape: readonly number[], inner: readonly number[] = shape): Tf.Variable {
  if (shape.length === 1) return tf.variable(tf.tensor(values, [...shape]));
  const order = inner.length === 4 ? axes.oihwToHwio : [1, 0];
  const theirs = shape.length === 4 ? order.map((axis) => shape[axis]) : [shape[1], shape[0]];
  return tf.variable(tf.tensor(permuted(values, inner, order), theirs));
}

/** LeNet-5 in tfjs's core ops, with its data: NHWC, the biases added, SGD with momentum. Its backend is the current one. */
export class TfLeNet {
  private readonly parameters: Tf.Variable[];
  private readonly optimizer: Tf.MomentumOptimizer;
  private readonly batches = new Map<number, { x: Tf.Tensor4D; labels: Tf.Tensor }>();

  constructor(private readonly tf: TfModule) {
    const values = leNetValues();
    this.parameters = leNetShapes.map((shape, i) => weight(tf, values[i], shape, i === 4 ? [120, 16, 5, 5] : shape));
    this.optimizer = tf.train.momentum(leNetRate.lr, leNetRate.momentum);
  }

  private batch(size: number): { x: Tf.Tensor4D; labels: Tf.Tensor } {
    const { tf } = this;
    const made = this.batches.get(size) ?? {
      // One channel: NHWC and NCHW are the same.
      x: tf.tensor4d(numbers(size * 28 * 28), [size, 28, 28, 1]),
      labels: tf.tidy(() => tf.oneHot(tf.tensor1d(leNetTargets(size), 'int32'), 10)),
    };
    this.batches.set(size, made);
    return made;
  }

  private loss(size: number): Tf.Scalar {
    const { tf } = this;
    const { x, labels } = this.batch(size);
    const p = this.parameters as unknown as Tf.Tensor[];
    const convolve = (image: Tf.Tensor4D, i: number, pad: 'same' | 'valid'): Tf.Tensor4D =>
      tf.maxPool(tf.relu(tf.add(tf.conv2d(image, p[i] as Tf.Tensor4D, 1, pad), p[i + 1])) as Tf.Tensor4D, 2, 2, 'valid');
    let h = tf.reshape(convolve(convolve(x, 0, 'same'), 2, 'valid'), [size, 400]) as Tf.Tensor2D;
    for (const i of [4, 6, 8]) {
      h = tf.add(tf.matMul(h, p[i] as Tf.Tensor2D), p[i + 1]);
      if (i < 8) h = tf.relu(h);
    }
    return tf.losses.softmaxCrossEntropy(labels, h);
  }

  /** One step; the loss belongs to the caller. */
  step(size: number): Tf.Scalar {
    this.batch(size);
    return this.optimizer.minimize(() => this.loss(size), true) as Tf.Scalar;
  }

  /** One step, and its loss on the host. */
  async stepAndRead(size: number): Promise<number> {
    const loss = this.step(size);
    const [value] = await loss.data();
    loss.dispose();
    return value;
  }

  dispose(): void {
    this.tf.dispose(this.parameters as unknown as Tf.Tensor[]);
    this.optimizer.dispose();
    for (const { x, labels } of this.batches.values()) this.tf.dispose([x, labels]);
  }
}

/** A training step: until all is done or, where the task says so, until the loss has been read. */
export async function tfjsLeNet({ tf, backend, clock = clocked }: TfEngine, task: Task & { kind: 'lenet' }): Promise<Runner> {
  const { batch, read } = task;
  await tf.setBackend(backend);
  const training = new TfLeNet(tf);
  return {
    run: async () => {
      await tf.setBackend(backend);
      if (!read) return clock(() => training.step(batch).dispose());
      const start = performance.now();
      await training.stepAndRead(batch);
      return performance.now() - start;
    },
    result: async () => {
      const losses = new Float32Array(comparedSteps);
      for (let i = 0; i < comparedSteps; i++) losses[i] = await training.stepAndRead(batch);
      return losses;
    },
    dispose: () => training.dispose(),
  };
}

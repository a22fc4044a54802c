import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Tf from '@tensorflow/tfjs-core';
import { rolldown } from 'rolldown';
import type { Contender } from '../contender.js';
import { oneImage } from '../tasks.js';
import { clocked, type Runner } from '../timing.js';
import { type TfModule, tfjsConv, tfjsGemm } from './tfjs-kernels.js';

/**
 * Bundles tfjs with its cpu backend and all gradients. Plain Node cannot load `register_all_gradients` (imports without
 * extensions), and the CommonJS build has no gradients at all.
 */
async function bundle(): Promise<string> {
  const folder = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules', '.cache');
  const [entry, out] = [join(folder, 'tfjs-entry.mjs'), join(folder, 'tfjs-cpu.mjs')];
  await mkdir(folder, { recursive: true });
  const lines = ['core/dist/register_all_gradients.js', 'backend-cpu'].map((path) => `import '@tensorflow/tfjs-${path}';\n`);
  await writeFile(entry, `${lines.join('')}export * from '@tensorflow/tfjs-core';\n`);
  const build = await rolldown({
    input: entry,
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] },
    // Its packages call files with side effects pure; tree-shaking would drop the gradients.
    treeshake: false,
    logLevel: 'silent',
  });
  await build.write({ file: out, format: 'esm' });
  await build.close();
  return out;
}

/** TensorFlow.js on its cpu backend: plain loops, but all gradients. */
export async function tfjsCpu(): Promise<Contender> {
  const tf = (await import(pathToFileURL(await bundle()).href)) as TfModule;
  tf.enableProdMode();
  await tf.setBackend('cpu');
  await tf.ready();
  return {
    name: 'tfjs-cpu',
    about: `TensorFlow.js ${tf.version_core}, cpu backend (plain JavaScript), NHWC; large shapes on one image, times the batch`,
    kinds: ['gemm', 'conv', 'lenet'],
    prepare: async (task) => {
      // A gemm of 1024 takes it seconds, and tells nothing that 256 did not.
      if (task.kind === 'gemm') return task.size > 512 ? null : tfjsGemm(tf, 'cpu', task);
      if (task.kind === 'lenet') return lenetStep(tf, task.batch);
      if (task.kind !== 'conv') return null;
      const small = oneImage(task);
      const runner = await tfjsConv(tf, 'cpu', small.task as typeof task, 'NHWC');
      return runner && { ...runner, times: small.times };
    },
  };
}

/** One training step of LeNet-5 (SGD with momentum) in tfjs, NHWC. */
async function lenetStep(tf: TfModule, batch: number): Promise<Runner> {
  await tf.setBackend('cpu');
  const variable = (shape: number[]): Tf.Variable => tf.variable(tf.randomUniform(shape, -0.1, 0.1));
  const filters = [
    [5, 5, 1, 6],
    [5, 5, 6, 16],
  ].map((shape) => variable(shape) as unknown as Tf.Tensor4D);
  const matrices = [
    [400, 120],
    [120, 84],
    [84, 10],
  ].map((shape) => variable(shape) as unknown as Tf.Tensor2D);
  const b = [6, 16, 120, 84, 10].map((n) => variable([n]));
  const x = tf.randomUniform([batch, 28, 28, 1]) as Tf.Tensor4D;
  const classes = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % 10),
    'int32',
  );
  const labels = tf.oneHot(classes, 10);
  const optimizer = tf.train.momentum(0.05, 0.9);
  const convolve = (image: Tf.Tensor4D, i: number, pad: 'same' | 'valid'): Tf.Tensor4D =>
    tf.maxPool(tf.relu(tf.add(tf.conv2d(image, filters[i], 1, pad), b[i])) as Tf.Tensor4D, 2, 2, 'valid');
  const loss = (): Tf.Scalar => {
    let h = tf.reshape(convolve(convolve(x, 0, 'same'), 1, 'valid'), [batch, 400]) as Tf.Tensor2D;
    matrices.forEach((w, i) => {
      h = tf.add(tf.matMul(h, w), b[i + 2]);
      if (i < 2) h = tf.relu(h);
    });
    return tf.losses.softmaxCrossEntropy(labels, h);
  };
  return {
    run: async () => {
      await tf.setBackend('cpu');
      return clocked(() => optimizer.minimize(loss)?.dispose());
    },
  };
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Tf from '@tensorflow/tfjs-core';
import { rolldown } from 'rolldown';
import type { ConvShape } from './shapes.js';

type TfModule = typeof Tf;
let loaded: Promise<TfModule> | null = null;

/**
 * Bundles tfjs with its cpu backend and all gradients. Plain Node cannot load `register_all_gradients` (imports without
 * extensions), and the CommonJS build has no gradients at all.
 */
async function bundle(): Promise<string> {
  const folder = join(fileURLToPath(new URL('..', import.meta.url)), 'node_modules', '.cache');
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

/** TensorFlow.js on its cpu backend. */
export function tfjsCpu(): Promise<TfModule> {
  loaded ??= (async () => {
    const tf = (await import(pathToFileURL(await bundle()).href)) as TfModule;
    tf.enableProdMode();
    await tf.setBackend('cpu');
    await tf.ready();
    return tf;
  })();
  return loaded;
}

export type ConvOp = 'forward' | 'input gradient' | 'weight gradient';

/** One call of tfjs's own kernel (NHWC, HWIO). Null where it has none for the shape. */
export async function tfjsConv(s: ConvShape, op: ConvOp): Promise<(() => void) | null> {
  const tf = await tfjsCpu();
  const depthwise = s.groups === s.inChannels && s.groups > 1;
  if (s.groups > 1 && !depthwise) return null;
  const x = tf.randomUniform([s.batch, s.size, s.size, s.inChannels]);
  const filterShape = depthwise ? [s.kernel, s.kernel, s.inChannels, 1] : [s.kernel, s.kernel, s.inChannels, s.outChannels];
  const filter = tf.randomUniform(filterShape);
  const out = Math.floor((s.size + 2 * s.padding - s.kernel) / s.stride) + 1;
  const dy = tf.randomUniform([s.batch, out, out, s.outChannels]);
  const pad =
    s.padding === 0
      ? 'valid'
      : [
          [0, 0],
          [s.padding, s.padding],
          [s.padding, s.padding],
          [0, 0],
        ];
  const attrs = { strides: [s.stride, s.stride], pad, dataFormat: 'NHWC', dilations: [1, 1], filterShape, inputShape: x.shape };
  const names: Record<ConvOp, [string, Record<string, Tf.Tensor>]> = {
    forward: [depthwise ? 'DepthwiseConv2dNative' : 'Conv2D', { x, filter }],
    'input gradient': [depthwise ? 'DepthwiseConv2dNativeBackpropInput' : 'Conv2DBackpropInput', { dy, filter }],
    'weight gradient': [depthwise ? 'DepthwiseConv2dNativeBackpropFilter' : 'Conv2DBackpropFilter', { x, dy }],
  };
  const [kernel, inputs] = names[op];
  const backend = tf.backend();
  const config = tf.getKernel(kernel, 'cpu');
  if (!config) return null;
  return () => {
    const y = config.kernelFunc({ inputs, backend, attrs: attrs as never } as never) as unknown as { dataId: object };
    backend.disposeData(y.dataId);
  };
}

/** One training step of LeNet-5 (SGD with momentum) in tfjs, NHWC. */
export async function tfjsLeNetStep(batch: number): Promise<() => void> {
  const tf = await tfjsCpu();
  const variable = (shape: number[]): Tf.Variable => tf.variable(tf.randomUniform(shape, -0.1, 0.1));
  const w = [
    [5, 5, 1, 6],
    [5, 5, 6, 16],
    [400, 120],
    [120, 84],
    [84, 10],
  ].map(variable);
  const b = [6, 16, 120, 84, 10].map((n) => variable([n]));
  const x = tf.randomUniform([batch, 28, 28, 1]) as Tf.Tensor4D;
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: batch }, (_, i) => i % 10),
      'int32',
    ),
    10,
  );
  const optimizer = tf.train.momentum(0.05, 0.9);
  const loss = (): Tf.Scalar => {
    let h: Tf.Tensor = tf.relu(tf.add(tf.conv2d(x, w[0] as unknown as Tf.Tensor4D, 1, 'same'), b[0]));
    h = tf.maxPool(h as Tf.Tensor4D, 2, 2, 'valid');
    h = tf.relu(tf.add(tf.conv2d(h as Tf.Tensor4D, w[1] as unknown as Tf.Tensor4D, 1, 'valid'), b[1]));
    h = tf.reshape(tf.maxPool(h as Tf.Tensor4D, 2, 2, 'valid'), [batch, 400]);
    for (let i = 2; i < 5; i++) {
      h = tf.add(tf.matMul(h as Tf.Tensor2D, w[i] as unknown as Tf.Tensor2D), b[i]);
      if (i < 4) h = tf.relu(h);
    }
    return tf.losses.softmaxCrossEntropy(labels, h);
  };
  return () => {
    optimizer.minimize(loss)?.dispose();
  };
}

import { createRequire } from 'node:module';
import type { WasmTraining } from '@konv/tfjs/train';
import type * as Tf from '@tensorflow/tfjs-core';
import type * as TfLayers from '@tensorflow/tfjs-layers';
import type { Context } from '../compare.js';
import { numbers } from '../contender.js';
import { withoutTraces } from '../peers/emscripten.js';
import { convShapes, type ConvShape, gigaflop, isDepthwise } from '../tasks.js';
import { type Budget, clocked, interleave, type Outcome, type Runner, timing } from '../timing.js';

interface Modules {
  readonly tf: typeof Tf;
  readonly layers: typeof TfLayers;
  /** tfjs-wasm's own kernels, before ours took their place. */
  readonly own: Readonly<Record<string, Tf.KernelConfig | undefined>>;
  readonly training: WasmTraining;
}

const gradients = { 'input gradient': 'BackpropInput', 'weight gradient': 'BackpropFilter' } as const;
type Gradient = keyof typeof gradients;

async function load(): Promise<Modules> {
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as typeof Tf;
  require('@tensorflow/tfjs-backend-cpu');
  require('@tensorflow/tfjs-backend-wasm');
  // The layers bring tfjs's gradients.
  const layers = require('@tensorflow/tfjs-layers') as typeof TfLayers;
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs could not start its wasm backend');
  const names = ['Conv2DBackpropInput', 'Conv2DBackpropFilter'];
  const own = Object.fromEntries(names.map((name) => [name, tf.getKernel(name, 'wasm')]));
  const { enableWasmTraining } = await import('@konv/tfjs/train');
  return { tf, layers, own, training: await enableWasmTraining() };
}

/** One gradient of a convolution, by a kernel on tfjs's heap. */
function gradientRunner({ tf }: Modules, config: Tf.KernelConfig, shape: ConvShape, op: Gradient): Runner {
  const { batch, size, inChannels, outChannels, kernel, stride, padding } = shape;
  const tensor = (dims: number[]): Tf.Tensor => tf.tensor(numbers(dims.reduce((a, b) => a * b, 1)), dims);
  const depthwise = isDepthwise(shape);
  const inputShape = [batch, size, size, inChannels];
  const filterShape = [kernel, kernel, inChannels, depthwise ? 1 : outChannels];
  const { outShape } = tf.backend_util.computeConv2DInfo(inputShape as never, filterShape as never, stride, 1, padding, 'floor', depthwise);
  const tensors = { x: tensor(inputShape), dy: tensor(outShape), filter: tensor(filterShape) };
  const attrs = { strides: stride, pad: padding, dimRoundingMode: 'floor', dataFormat: 'NHWC', inputShape, filterShape };
  const inputs = op === 'input gradient' ? { dy: tensors.dy, filter: tensors.filter } : { x: tensors.x, dy: tensors.dy };
  const backend = tf.findBackend('wasm');
  const run = (): void => {
    const { dataId } = config.kernelFunc({ inputs, backend, attrs }) as Tf.TensorInfo;
    backend.disposeData(dataId);
  };
  return { run: () => clocked(run), dispose: () => tf.dispose(tensors) };
}

function reportOf(context: Context, op: string, shape: string, work: number | null, names: string[], outcomes: readonly Outcome[]): void {
  const [ours, ...others] = outcomes;
  if (ours instanceof Error) return context.failure('@konv/tfjs', ours.message);
  const ms = timing(ours);
  const peers = others.flatMap((outcome, i) => {
    if (outcome instanceof Error) return [];
    const theirs = timing(outcome);
    return [{ name: names[i], ms: theirs, gflops: null, ratio: theirs.median / ms.median }];
  });
  const gflops = work === null ? null : (work / ms.median) * 1e3;
  context.report({ suite: 'tfjs-train', op, shape, backend: '@konv/tfjs', ms, gflops, limits: [], peers, note: '' });
}

const BATCH = 16;

/** A step of model.fit's on a network of the usual layers, by the backend that is named; the loss is on the host. */
async function stepRunner({ tf, layers }: Modules, backend: string): Promise<Runner> {
  await tf.setBackend(backend);
  const l = layers.layers;
  const model = layers.sequential({
    layers: [
      l.conv2d({ filters: 16, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [28, 28, 1] }),
      l.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
      l.batchNormalization(),
      l.maxPooling2d({ poolSize: 2 }),
      l.conv2d({ filters: 32, kernelSize: 3, activation: 'relu' }),
      l.flatten(),
      l.dense({ units: 10, activation: 'softmax' }),
    ],
  });
  model.compile({ loss: 'categoricalCrossentropy', optimizer: tf.train.sgd(0.01) });
  const x = tf.tensor(numbers(BATCH * 28 * 28), [BATCH, 28, 28, 1]);
  const y = tf.tidy(() =>
    tf.cast(
      tf.oneHot(
        tf.tensor1d(
          Int32Array.from({ length: BATCH }, (_, i) => i % 10),
          'int32',
        ),
        10,
      ),
      'float32',
    ),
  );
  return {
    run: async () => {
      await tf.setBackend(backend);
      const start = performance.now();
      await model.trainOnBatch(x, y);
      return performance.now() - start;
    },
    dispose: () => {
      model.dispose();
      tf.dispose([x, y]);
    },
  };
}

/** What `enableWasmTraining` brings: gradients against tfjs-wasm's own kernel, and a training step against tfjs-cpu. */
export async function tfjsTrainSuite(context: Context): Promise<void> {
  const modules = await withoutTraces(load);
  context.heading('tfjs-train', "gradients on TensorFlow.js's wasm backend after enableWasmTraining(), NHWC; tfjs-wasm: its own kernel", [
    'tfjs-wasm',
  ]);
  for (const op of Object.keys(gradients) as Gradient[]) {
    for (const shape of convShapes) {
      const name = `${isDepthwise(shape) ? 'DepthwiseConv2dNative' : 'Conv2D'}${gradients[op]}`;
      const configs = [modules.tf.getKernel(name, 'wasm'), modules.own[name]].filter((config) => config !== undefined);
      const runners = configs.map((config) => gradientRunner(modules, config, shape, op));
      const outcomes = await interleave(runners, context.budget);
      for (const runner of runners) await runner.dispose?.();
      reportOf(context, op, shape.name, gigaflop({ kind: 'conv', op, shape }), ['tfjs-wasm'], outcomes);
    }
  }
  context.heading('tfjs-train', 'a step of a network: Conv2D, DepthwiseConv2D, BatchNorm, MaxPool, Conv2D, Dense; loss read', ['tfjs-cpu']);
  const runners = [await stepRunner(modules, 'wasm'), await stepRunner(modules, 'cpu')];
  const budget: Budget = { ...context.budget, least: Math.min(context.budget.least, 3) };
  const outcomes = await interleave(runners, budget);
  reportOf(context, 'training step', `${BATCH}x28x28x1`, null, ['tfjs-cpu'], outcomes);
  for (const runner of runners) await runner.dispose?.();
  modules.training.disable();
}

import type * as Tf from '@tensorflow/tfjs-core';
import { numbers } from '../contender.js';
import { axes, permuted, permutedShape } from '../layout.js';
import { type ConvShape, isDepthwise, outSize, type Task } from '../tasks.js';
import { type Clock, clocked, type Runner } from '../timing.js';

export type TfModule = typeof Tf;
type TensorInfo = { dataId: object };

/** Which of tfjs's backends, and how to know that it is done. */
export interface TfEngine {
  tf: TfModule;
  backend: string;
  clock?: Clock;
}

/**
 * One of tfjs's kernels, called directly: the engine's bookkeeping around it is not what we measure. Null where the
 * backend has not registered it. The result is given back at once.
 */
function kernel({ tf, backend: name }: TfEngine, kernelName: string, attrs: object): ((inputs: object) => TensorInfo) | null {
  const config = tf.getKernel(kernelName, name);
  const backend = tf.findBackend(name);
  if (!config) return null;
  return (inputs) => config.kernelFunc({ inputs, backend, attrs } as never) as unknown as TensorInfo;
}

/** Tensors of `numbers()`, which are those of the others in the layout `order`. */
async function operands(
  { tf, backend }: TfEngine,
  ...wanted: readonly { shape: number[]; order?: readonly number[] }[]
): Promise<Tf.Tensor[]> {
  await tf.setBackend(backend);
  return wanted.map(({ shape, order = shape.map((_, i) => i) }) => {
    const values = numbers(shape.reduce((a, b) => a * b, 1));
    return tf.tensor(permuted(values, shape, order), permutedShape(shape, order));
  });
}

const release = ({ tf, backend }: TfEngine, info: TensorInfo): void => {
  tf.findBackend(backend).disposeData(info.dataId);
};

/** The values of what a kernel has returned, which is given back. */
async function values(engine: TfEngine, info: TensorInfo): Promise<Float32Array> {
  const read = await engine.tf.findBackend(engine.backend).read(info.dataId);
  release(engine, info);
  return read as Float32Array;
}

export async function tfjsGemm(engine: TfEngine, task: Task & { kind: 'gemm' }): Promise<Runner | null> {
  const { tf, clock = clocked } = engine;
  const { transposeA, transposeB, size } = task;
  const call = kernel(engine, 'BatchMatMul', { transposeA, transposeB });
  if (!call) return null;
  const square = { shape: [1, size, size] };
  const [a, b] = await operands(engine, square, square);
  return {
    run: () => clock(() => release(engine, call({ a, b }))),
    result: () => values(engine, call({ a, b })),
    dispose: () => tf.dispose([a, b]),
  };
}

function convAttrs(s: ConvShape, filterShape: number[]): object {
  return {
    strides: [s.stride, s.stride],
    pad: s.padding === 0 ? 'valid' : s.padding,
    dimRoundingMode: 'floor',
    dataFormat: 'NHWC',
    dilations: [1, 1],
    filterShape,
    inputShape: [s.batch, s.size, s.size, s.inChannels],
  };
}

const kernelNames = {
  forward: ['Conv2D', 'DepthwiseConv2dNative'],
  'input gradient': ['Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropInput'],
  'weight gradient': ['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter'],
} as const;

/**
 * A convolution in tfjs's layouts (NHWC and HWIO), bare; or with what it costs those whose data are NCHW: each run
 * transposes the image-shaped operand there and the image-shaped result back. (Weights are transposed once, before.)
 */
export async function tfjsConv(engine: TfEngine, task: Task & { kind: 'conv' }, layout: 'NHWC' | 'NCHW'): Promise<Runner | null> {
  const { tf, clock = clocked } = engine;
  const { shape: s, op } = task;
  const depthwise = isDepthwise(s);
  if (s.groups > 1 && !depthwise) return null;
  const out = outSize(s);
  const weight = [s.outChannels, s.inChannels / s.groups, s.kernel, s.kernel];
  const [toTheirs, toOurs] = depthwise ? [axes.c1hwToHwc1, axes.hwc1ToC1hw] : [axes.oihwToHwio, axes.hwioToOihw];
  const filterShape = permutedShape(weight, toTheirs);
  const call = kernel(engine, kernelNames[op][depthwise ? 1 : 0], convAttrs(s, filterShape));
  if (!call) return null;
  const images = { x: [s.batch, s.inChannels, s.size, s.size], dy: [s.batch, s.outChannels, out, out] };
  const [x, filter, dy] = await operands(
    engine,
    { shape: images.x, order: axes.nchwToNhwc },
    { shape: weight, order: toTheirs },
    { shape: images.dy, order: axes.nchwToNhwc },
  );
  const inputs = { forward: { x, filter }, 'input gradient': { dy, filter }, 'weight gradient': { x, dy } }[op];
  const dispose = (): void => tf.dispose([x, filter, dy]);
  if (layout === 'NHWC') {
    const image = permutedShape(op === 'forward' ? images.dy : images.x, axes.nchwToNhwc);
    return {
      run: () => clock(() => release(engine, call(inputs))),
      result: async () => {
        const theirs = await values(engine, call(inputs));
        return op === 'weight gradient' ? permuted(theirs, filterShape, toOurs) : permuted(theirs, image, axes.nhwcToNchw);
      },
      dispose,
    };
  }

  const toNhwc = kernel(engine, 'Transpose', { perm: axes.nchwToNhwc });
  const toNchw = kernel(engine, 'Transpose', { perm: axes.nhwcToNchw });
  if (!toNhwc || !toNchw || op === 'weight gradient') return null;
  const operand = op === 'forward' ? 'x' : 'dy';
  const [nchw] = await operands(engine, { shape: images[operand] });
  const converted = (): TensorInfo => {
    const image = toNhwc({ x: nchw });
    const result = call({ ...inputs, [operand]: image });
    const back = toNchw({ x: result });
    for (const info of [image, result]) release(engine, info);
    return back;
  };
  return {
    run: () => clock(() => release(engine, converted())),
    result: () => values(engine, converted()),
    dispose: () => {
      dispose();
      tf.dispose(nchw);
    },
  };
}

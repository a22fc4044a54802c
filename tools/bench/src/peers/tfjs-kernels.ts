import type * as Tf from '@tensorflow/tfjs-core';
import { type ConvShape, isDepthwise, outSize, type Task } from '../tasks.js';
import { clocked, type Runner } from '../timing.js';

export type TfModule = typeof Tf;
type TensorInfo = { dataId: object };

/**
 * One of tfjs's kernels, called directly: the engine's bookkeeping around it is not what we measure. Null where the
 * backend has not registered it. The result is given back at once.
 */
function kernel(tf: TfModule, backendName: string, name: string, attrs: object): ((inputs: Record<string, unknown>) => TensorInfo) | null {
  const config = tf.getKernel(name, backendName);
  const backend = tf.findBackend(backendName);
  if (!config) return null;
  return (inputs) => config.kernelFunc({ inputs, backend, attrs } as never) as unknown as TensorInfo;
}

async function tensors(tf: TfModule, backend: string, shapes: readonly number[][]): Promise<Tf.Tensor[]> {
  await tf.setBackend(backend);
  return shapes.map((shape) => tf.randomUniform(shape, -0.5, 0.5));
}

const release = (tf: TfModule, backend: string, info: TensorInfo): void => {
  tf.findBackend(backend).disposeData(info.dataId);
};

export async function tfjsGemm(tf: TfModule, backend: string, task: Task & { kind: 'gemm' }): Promise<Runner | null> {
  const { transposeA, transposeB, size } = task;
  const call = kernel(tf, backend, 'BatchMatMul', { transposeA, transposeB });
  if (!call) return null;
  const [a, b] = await tensors(tf, backend, [
    [1, size, size],
    [1, size, size],
  ]);
  return {
    run: () => clocked(() => release(tf, backend, call({ a, b }))),
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
export async function tfjsConv(
  tf: TfModule,
  backend: string,
  task: Task & { kind: 'conv' },
  layout: 'NHWC' | 'NCHW',
): Promise<Runner | null> {
  const { shape: s, op } = task;
  if (s.groups > 1 && !isDepthwise(s)) return null;
  const filterShape = isDepthwise(s) ? [s.kernel, s.kernel, s.inChannels, 1] : [s.kernel, s.kernel, s.inChannels, s.outChannels];
  const call = kernel(tf, backend, kernelNames[op][isDepthwise(s) ? 1 : 0], convAttrs(s, filterShape));
  if (!call) return null;
  const out = outSize(s);
  const images = { x: [s.batch, s.size, s.size, s.inChannels], dy: [s.batch, out, out, s.outChannels] };
  const [x, filter, dy] = await tensors(tf, backend, [images.x, filterShape, images.dy]);
  const inputs = { forward: { x, filter }, 'input gradient': { dy, filter }, 'weight gradient': { x, dy } }[op];
  const dispose = (): void => tf.dispose([x, filter, dy]);
  if (layout === 'NHWC') return { run: () => clocked(() => release(tf, backend, call(inputs))), dispose };

  const toNhwc = kernel(tf, backend, 'Transpose', { perm: [0, 2, 3, 1] });
  const toNchw = kernel(tf, backend, 'Transpose', { perm: [0, 3, 1, 2] });
  if (!toNhwc || !toNchw || op === 'weight gradient') return null;
  const operand = op === 'forward' ? 'x' : 'dy';
  const [n, h, w, c] = images[operand];
  const [nchw] = await tensors(tf, backend, [[n, c, h, w]]);
  return {
    run: () =>
      clocked(() => {
        const image = toNhwc({ x: nchw });
        const result = call({ ...inputs, [operand]: image });
        for (const info of [image, toNchw({ x: result }), result]) release(tf, backend, info);
      }),
    dispose: () => {
      dispose();
      tf.dispose(nchw);
    },
  };
}

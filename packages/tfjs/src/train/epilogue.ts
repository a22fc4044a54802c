import { BackendError, contiguousStrides, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import { addressOf, binary, copyStrided, unary } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from './call.js';
import type { KernelInputs } from './kernel.js';

/** What tfjs's fused ops do after their product or convolution. */
export interface Epilogue {
  /** Broadcast to the result; null for none. */
  readonly bias: TensorInfo | null;
  /** 'linear' or undefined for none. */
  readonly activation: string | undefined;
  /** The slope of 'prelu' below 0, broadcast to the result. */
  readonly preluWeights: TensorInfo | null;
  /** The slope of 'leakyrelu' below 0. */
  readonly leakyreluAlpha: number;
}

/** What a fused kernel is asked to do afterwards. */
export function epilogueOf({ inputs, attrs }: KernelInputs): Epilogue {
  const { bias = null, preluActivationWeights = null } = inputs as { bias?: TensorInfo; preluActivationWeights?: TensorInfo };
  return {
    bias,
    activation: attrs['activation'] as string | undefined,
    preluWeights: preluActivationWeights,
    leakyreluAlpha: (attrs['leakyreluAlpha'] as number | undefined) ?? 0,
  };
}

const loops: Readonly<Record<string, (f32: Float32Array, begin: number, end: number, alpha: number) => void>> = {
  relu6(f32, begin, end) {
    for (let i = begin; i < end; i++) f32[i] = Math.min(6, Math.max(0, f32[i]));
  },
  elu(f32, begin, end) {
    for (let i = begin; i < end; i++) if (f32[i] < 0) f32[i] = Math.expm1(f32[i]);
  },
  leakyrelu(f32, begin, end, alpha) {
    for (let i = begin; i < end; i++) if (f32[i] < 0) f32[i] *= alpha;
  },
};

/**
 * out = activation(out + bias), in place, for a row-major float32 `out`.
 *
 * @param channelAxis of `out`, which a bias or slope of one axis belongs to; default: the last
 *
 * Errors: `BackendError` for an activation that tfjs has not, and for operands that cannot be broadcast to `out`.
 */
export function finish(call: Call, out: TensorRef, end: Epilogue, channelAxis = out.shape.length - 1): void {
  const { engine } = call;
  const { bias, activation = 'linear', preluWeights } = end;
  if (bias) binary(engine, 'add', out, expanded(call, 'bias', bias, out.shape, channelAxis), out);
  if (activation === 'linear') return;
  if (activation === 'relu' || activation === 'sigmoid') return unary(engine, activation, out, out);
  const begin = addressOf(out) / 4;
  if (activation === 'prelu' && preluWeights) {
    const slopes = call.temporary('float32', out.shape);
    copyStrided(engine, expanded(call, 'slopes', preluWeights, out.shape, channelAxis), slopes);
    const { f32 } = engine.heap;
    const slope = addressOf(slopes) / 4;
    for (let i = 0, n = sizeOf(out.shape); i < n; i++) if (f32[begin + i] < 0) f32[begin + i] *= f32[slope + i];
    return;
  }
  const loop = loops[activation];
  if (!loop) {
    throw new BackendError(
      call.kernel,
      `expected the activation linear, relu, relu6, elu, prelu (with weights), leakyrelu or sigmoid, got ${activation}; apply it to the result`,
    );
  }
  loop(engine.heap.f32, begin, begin + sizeOf(out.shape), end.leakyreluAlpha);
}

/** x with the shape `to`: axes of length 1, and those that it lacks in front, are repeated by a stride of 0. */
function expanded(call: Call, what: string, x: TensorInfo, to: Shape, channelAxis: number): TensorRef {
  const own = x.shape.length === 1 && x.shape[0] !== 1 ? [x.shape[0], ...new Array<number>(to.length - 1 - channelAxis).fill(1)] : x.shape;
  const offset = to.length - own.length;
  if (offset < 0 || own.some((size, i) => size !== 1 && size !== to[offset + i])) {
    throw new BackendError(call.kernel, `expected ${what} that can be broadcast to [${to}], got [${x.shape}]; reshape them`);
  }
  const strides = contiguousStrides(own);
  return { ...call.float32(x), shape: to, strides: to.map((_, i) => (i < offset || own[i - offset] === 1 ? 0 : strides[i - offset])) };
}

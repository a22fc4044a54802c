import { BackendError } from '@konv/core-tensor';
import * as core from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, NamedAttrMap, Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { convGradients } from './conv/gradients.js';

/**
 * All gradients that `enableWasmTraining` registers. Registries of gradients know no backends: on others than wasm, what
 * stands there now goes on.
 */
export function gradients(): GradConfig[] {
  return [conv2D(), depthwise(), conv2DBackpropInput(), conv3DBackpropInput()];
}

/** `own` on wasm; elsewhere what is registered now. */
function onWasm(kernelName: string, inputsToSave: string[], own: GradFunc): GradConfig {
  const before: GradConfig | undefined = core.getGradient(kernelName);
  return {
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attrs) => {
      if (core.engine().backendName === 'wasm') return own(dy, saved, attrs);
      if (before) return before.gradFunc(dy, saved, attrs);
      const { backendName } = core.engine();
      throw new BackendError(
        kernelName,
        `expected the backend "wasm", got "${backendName}", where this gradient is not known; train on wasm`,
      );
    },
  };
}

/** Of any dilation, in both orders of axes, and with `dimRoundingMode`, which tfjs's own forgets. */
function conv2D(): GradConfig {
  return onWasm('Conv2D', ['x', 'filter'], (dy, [x, filter], attrs) => {
    const { dx, dfilter } = convGradients(dy as Tensor, x, filter, attrs, false);
    return { x: dx, filter: dfilter };
  });
}

function depthwise(): GradConfig {
  return onWasm('DepthwiseConv2dNative', ['x', 'filter'], (dy, [x, filter], attrs) => {
    const { dx, dfilter } = convGradients(dy as Tensor, x, filter, attrs, true);
    return { x: dx, filter: dfilter };
  });
}

/** The second derivative. tfjs's own knows no dilation, and would be silently wrong for what the first derivative passes on. */
function conv2DBackpropInput(): GradConfig {
  return onWasm('Conv2DBackpropInput', ['dy', 'filter'], (ddx, [dy, filter], attrs) => {
    const { dfilter } = convGradients(dy, ddx as Tensor, filter, attrs, false);
    return { dy: () => convOf(ddx as Tensor4D, filter as Tensor4D, attrs), filter: dfilter };
  });
}

/** What `tf.layers.conv3dTranspose` trains by; tfjs has none. */
function conv3DBackpropInput(): GradConfig {
  return onWasm('Conv3DBackpropInputV2', ['dy', 'filter'], (ddx, [dy, filter], { strides, pad }) => ({
    dy: () => core.conv3d(ddx as Tensor5D, filter as Tensor5D, strides as number, pad as 'same'),
    filter: () => core.engine().runKernel('Conv3DBackpropFilterV2', { x: ddx as Tensor, dy }, { strides, pad, filterShape: filter.shape }),
  }));
}

function convOf(x: Tensor4D, filter: Tensor4D, attrs: NamedAttrMap): Tensor {
  const { strides, pad, dataFormat, dilations = 1, dimRoundingMode } = attrs;
  return core.conv2d(
    x,
    filter,
    strides as number,
    pad as 'same',
    dataFormat as 'NHWC' | undefined,
    dilations as number,
    dimRoundingMode as 'floor' | undefined,
  );
}

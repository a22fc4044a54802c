import * as core from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import type { KernelInputs, TrainingKernel } from '../kernel.js';
import { isPlainFused, runFused } from './fused-forward.js';
import { convGradients } from './gradients.js';

/**
 * The gradient of a dilated `tf.fused.conv2d` or `tf.fused.depthwiseConv2d`, which is what `tf.layers.conv2d` calls.
 *
 * With a linear activation these ops bring a gradient function of their own, which refuses dilations; the registry of
 * gradients is not asked for the kernel's. But tfjs's tape also looks there for the name of the *op*, as soon as the op has
 * computed its value, and prefers what it finds. So the kernel, when it computes a dilated convolution for the tape, leaves a
 * gradient under the op's name, which takes itself away when it is read. Where tfjs does not come to read it, because its
 * tape works otherwise than in the version that was tested, its own function refuses, as before.
 */

interface Armed {
  disarm(): void;
}

let armed: Armed | null = null;

/** Takes away what was left for the tape and not read. */
export function disarmFused(): void {
  armed?.disarm();
  armed = null;
}

function isDilated({ attrs }: KernelInputs): boolean {
  const { dilations = 1 } = attrs;
  return (Array.isArray(dilations) ? (dilations as number[]) : [dilations]).some((d) => d !== 1);
}

/** Whether the op `opName` runs this kernel for the tape: the op's customGrad within, and the kernel within that. */
function recordsFor(opName: string): boolean {
  const { gradientDepth, kernelDepth, scopeStack } = core.engine().state;
  return gradientDepth > 0 && kernelDepth === 2 && scopeStack[scopeStack.length - 2]?.name === opName;
}

function arm(opName: string, gradFunc: GradFunc): void {
  disarmFused();
  const before: GradConfig | undefined = core.getGradient(opName);
  const config: GradConfig = {
    kernelName: opName,
    get gradFunc() {
      disarmFused();
      return gradFunc;
    },
  };
  if (before) core.unregisterGradient(opName);
  core.registerGradient(config);
  armed = {
    disarm() {
      if (core.getGradient(opName) !== config) return;
      core.unregisterGradient(opName);
      if (before) core.registerGradient(before);
    },
  };
}

type NamedGradientMap = ReturnType<GradFunc>;

/** The op saves its filter, its input, its value and, where it has one, its bias; its inputs are numbered. */
function gradientOf(attrs: NamedAttrMap, depthwise: boolean): GradFunc {
  return (dy, [filter, x, y, bias]): NamedGradientMap => {
    // Of an image without a batch the op returns three axes, and saves four.
    const dys = core.reshape(dy as Tensor, y.shape);
    const dz = attrs['activation'] === 'relu' ? core.mul(dys, core.step(y)) : dys;
    const { dx, dfilter } = convGradients(dz, x, filter, attrs, depthwise);
    const both = { 0: dx, 1: dfilter };
    return bias ? { ...both, 2: () => biasGradient(dz, bias) } : both;
  };
}

function biasGradient(dz: Tensor, bias: Tensor): Tensor {
  return core.reshape(core.sum(dz, core.broadcast_util.getReductionAxes(bias.shape, dz.shape)), bias.shape);
}

function fused(name: string, opName: string, depthwise: boolean): TrainingKernel {
  return {
    name,
    leaves: (given) => isPlainFused(given, depthwise),
    run: (call, given) => runFused(call, given, depthwise),
    after(given) {
      if (isDilated(given) && recordsFor(opName)) arm(opName, gradientOf(given.attrs, depthwise));
    },
  };
}

export const fusedKernels: readonly TrainingKernel[] = [
  fused('FusedConv2D', 'fusedConv2d__op', false),
  fused('FusedDepthwiseConv2D', 'fusedDepthwiseConv2d__op', true),
];

import { grad } from '@konv/autograd';
import { scope, type Tensor, tensor } from '@konv/core-tensor';
import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  Flatten,
  functional,
  Linear,
  MaxPool2d,
  type Module,
  ReLU,
  type Sequential,
} from '@konv/layers';
import { largest } from '../../model/largest.js';
import { SIDE } from '../../model/layers.js';
import type { LabelledPicture, UnitRef, UnitReport, Values } from '../../model/protocol.js';
import { valuesOf } from '../look.js';
import { backwardOf, lossGradientOf } from './backward.js';
import { forwardOf } from './forward.js';
import { type HostLayer, type HostStage, read } from './host.js';

/** Tensors of one picture's way through a network, in the scope that is open. */
interface Pass {
  readonly x: Tensor;
  readonly layers: readonly Module[];
  readonly outputs: readonly Tensor[];
  /** Of the loss, with respect to the outputs. */
  readonly gradients: readonly Tensor[];
  readonly label: number;
}

/** Layer by layer in evaluation mode; the loss is the cross entropy with the label, or with the network's own guess. */
async function pass(net: Sequential, backend: string, { pixels, label }: LabelledPicture): Promise<Pass> {
  net.eval();
  const layers = [...net];
  // The gradient is wanted of every output, also of one that comes before the first weights.
  const x = tensor(pixels, { shape: [1, 1, SIDE, SIDE], backend, requiresGrad: true });
  const outputs: Tensor[] = [];
  for (const layer of layers) outputs.push(layer.forward(outputs.at(-1) ?? x) as Tensor);
  const scores = outputs[outputs.length - 1];
  const target = label ?? largest(await scores.data());
  const loss = functional.crossEntropy(scores, tensor([target], { dtype: 'int32', backend }));
  return { x, layers, outputs, gradients: grad(loss, outputs), label: target };
}

/** On the host, without the axis of the batch. */
async function hostOf(t: Tensor): Promise<Values> {
  return { shape: t.shape.slice(1), data: Float32Array.from(await t.data()) };
}

async function numbers(t: Tensor | null, size: number, otherwise: number): Promise<Float32Array> {
  return t === null ? new Float32Array(size).fill(otherwise) : Float32Array.from(await t.data());
}

async function layerOf(module: Module): Promise<HostLayer> {
  if (module instanceof Conv2d) {
    const { weight, bias, outChannels, padding } = module;
    const sides = typeof padding === 'string' ? [0] : padding;
    return { kind: 'Conv2d', weight: await valuesOf(weight), bias: await numbers(bias, outChannels, 0), padding: sides[0] };
  }
  if (module instanceof Linear) {
    const { weight, bias, outFeatures } = module;
    return { kind: 'Linear', weight: await valuesOf(weight), bias: await numbers(bias, outFeatures, 0) };
  }
  if (module instanceof BatchNorm2d) {
    const { numFeatures: n, eps } = module;
    const [mean, variance] = [await numbers(module.running_mean, n, 0), await numbers(module.running_var, n, 1)];
    return { kind: 'BatchNorm2d', mean, variance, weight: await numbers(module.weight, n, 1), bias: await numbers(module.bias, n, 0), eps };
  }
  if (module instanceof MaxPool2d) {
    const size = module.kernelSize;
    return { kind: 'MaxPool2d', size: typeof size === 'number' ? size : size[0] };
  }
  if (module instanceof AdaptiveAvgPool2d) return { kind: 'AdaptiveAvgPool2d' };
  if (module instanceof Flatten) return { kind: 'Flatten' };
  if (module instanceof ReLU) return { kind: 'ReLU' };
  throw new Error('This layer cannot be explained: choose one of the four architectures.');
}

type Maps = readonly (readonly [output: Values, gradient: Values])[];

/** Awaited inside the scope of the pass, which must not end before they are read. */
function readMaps({ outputs, gradients }: Pass): Promise<Maps> {
  return Promise.all(outputs.map(async (output, i) => [await hostOf(output), await hostOf(gradients[i])] as const));
}

/** Output and gradient of every layer. */
export async function mapsIn(net: Sequential, backend: string, picture: LabelledPicture): Promise<Maps> {
  using _ = scope();
  return await readMaps(await pass(net, backend, picture));
}

function check({ layer, index }: UnitRef, outputs: readonly Tensor[]): void {
  const last = outputs.length - 1;
  if (!Number.isInteger(layer) || layer < 0 || layer > last)
    throw new Error(`There is no layer ${layer} in this network: choose one from 0 to ${last}.`);
  const shape = outputs[layer].shape.slice(1);
  if (index.length !== shape.length || index.some((i, axis) => !Number.isInteger(i) || i < 0 || i >= shape[axis]))
    throw new Error(`Layer ${layer} has no unit [${index.join(', ')}]: its output is [${shape.join(', ')}], counted from 0.`);
}

/** The arithmetic of one unit, by the tensors of the layer it is in and of the layer after it; and the maps, of the same pass. */
export async function explainIn(
  net: Sequential,
  backend: string,
  picture: LabelledPicture,
  unit: UnitRef,
): Promise<Pick<UnitReport, 'forward' | 'backward'> & { readonly maps: Maps }> {
  using _ = scope();
  const found = await pass(net, backend, picture);
  const { x, layers, label } = found;
  check(unit, found.outputs);
  const maps = await readMaps(found);
  const stage = async (i: number): Promise<HostStage> => ({
    layer: await layerOf(layers[i]),
    input: i === 0 ? await hostOf(x) : maps[i - 1][0],
    output: maps[i][0],
    gradient: maps[i][1],
  });
  const { layer, index } = unit;
  const here = await stage(layer);
  const gradient = read(here.gradient, ...index);
  const backward =
    layer === layers.length - 1
      ? lossGradientOf(here.output, label, index[0], gradient)
      : backwardOf(await stage(layer + 1), index, gradient);
  return { maps, forward: forwardOf(here, index), backward };
}

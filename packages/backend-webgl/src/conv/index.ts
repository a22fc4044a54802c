import type { ActivationKind, ConvGeometry, OptionalKernels, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import type { Texture } from '../gl/texture.js';
import { reduce } from '../reduce.js';
import { depthwise, depthwiseGradWeight, isDepthwise } from './depthwise.js';
import { gradWeight } from './grad-weight.js';
import { packedImages, volume } from './pack.js';
import { sweep, sweepSources } from './sweep.js';

export function conv(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  if (isDepthwise(g)) return depthwise(engine, x, weight, bias, g, activation, false, out);
  const sources = sweepSources(engine, x, g, false);
  try {
    sweep(engine, sources ?? x, weight, bias, g, activation, false, out);
  } finally {
    sources?.release();
  }
}

export function convGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  gradients(engine, null, weight, dy, g, { dx: out, dw: null, db: null }, false);
}

export function convGradWeight(engine: Engine, x: TensorRef, dy: TensorRef, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  gradients(engine, x, null, dy, g, { dx: null, dw: out, db: null }, accumulate);
}

export function convBackward(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  out: Parameters<OptionalKernels['convBackward']>[4],
): void {
  gradients(engine, x, weight, dy, g, out, false);
}

type Outputs = Parameters<OptionalKernels['convBackward']>[4];

/** The gradients that are asked for; dy is packed once for both. */
function gradients(
  engine: Engine,
  x: TensorRef | null,
  weight: TensorRef | null,
  dy: TensorRef,
  g: ConvGeometry,
  out: Outputs,
  accumulate: boolean,
): void {
  if (out.db) biasGradient(engine, dy, g, out.db);
  if (isDepthwise(g)) {
    if (out.dx) depthwise(engine, dy, weight as TensorRef, null, g, null, true, out.dx);
    if (out.dw) depthwiseGradWeight(engine, x as TensorRef, dy, g, accumulate, out.dw);
    return;
  }
  const outputs = g.outChannels / g.groups;
  let packedDy: Texture | null = null;
  let packedX: Texture | null = null;
  try {
    if (out.dw || (out.dx && outputs > 1)) packedDy = packedImages(engine, dy, g.batch, g.groups, outputs, volume(g.outSize));
    if (out.dx) sweep(engine, outputs === 1 ? dy : (packedDy as Texture), weight as TensorRef, null, g, null, true, out.dx);
    if (out.dw) {
      packedX = sweepSources(engine, x as TensorRef, g, false);
      gradWeight(engine, packedX ?? (x as TensorRef), packedDy as Texture, g, accumulate, out.dw);
    }
  } finally {
    packedDy?.release();
    packedX?.release();
  }
}

/** db[o]: the sum of dy over images and pixels. */
function biasGradient(engine: Engine, dy: TensorRef, g: ConvGeometry, db: TensorRef): void {
  const shape = [g.batch, g.outChannels, volume(g.outSize)];
  const x: TensorRef = { ...dy, shape, strides: [shape[1] * shape[2], shape[2], 1] };
  reduce(engine, 'sum', x, [0, 2], { ...db, shape: [1, g.outChannels, 1], strides: [g.outChannels, 1, 1] });
}

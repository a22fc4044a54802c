/**
 * Convolutions as products over packed operands: `pack.ts` has the layouts, `sweep.ts` forward and input gradient,
 * `weight.ts` the weight gradient. Groups of one input channel (depthwise) go their own way.
 */
import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { withScratch } from '../gl/define.js';
import { depthwise, depthwiseGradInput } from './depthwise.js';
import { depthwiseForwardRows, depthwiseGradientRows, depthwiseRows, servesDepthwise, servesDepthwiseGradient } from './depthwise-rows.js';
import { depthwiseRowsGradWeight } from './depthwise-rows-weight.js';
import { depthwiseGradWeight } from './depthwise-weight.js';
import { packImage, packWeight } from './pack.js';
import type { WeightGradients } from './collect.js';
import { type ConvPlan, convPlan, type Frame } from './plan.js';
import { isPointwise, pointwise, pointwiseGradInput } from './pointwise.js';
import { convRows, forwardRows, gradientRows, servesForward, servesGradient } from './rows.js';
import { rowsWeightGradient, servesWeight } from './rows-weight.js';
import { sweepForward, sweepGradient } from './sweep.js';
import { unpack } from './unpack.js';
import { weightGradient } from './weight.js';

const isDepthwise = (g: ConvGeometry): boolean => g.groups > 1 && g.groups === g.inChannels;

export function conv(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const plan = convPlan(g);
  if (isDepthwise(g)) {
    if (servesDepthwise(g)) return depthwiseRows(engine, x, weight, bias, g, depthwiseForwardRows(g, plan), activation, out);
    return depthwise(engine, x, weight, bias, g, activation, out);
  }
  if (isPointwise(g)) return pointwise(engine, x, weight, bias, g, activation, out);
  if (servesForward(g)) return convRows(engine, x, weight, bias, forwardRows(g, plan), activation, out);
  withScratch((keep) => {
    const w = keep(packWeight(engine, weight, g, plan));
    const image = keep(packImage(engine, x, g, g.inSize, plan.inPer, plan.xFrame));
    const y = sweepForward(engine, image, w, g, plan);
    keep(y.texture);
    unpack(engine, y, g.outSize, g, plan.outPer, bias, activation, out);
  });
}

export function convGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  convBackward(engine, null, weight, dy, g, { dx: out, dw: null, db: null });
}

export function convGradWeight(engine: Engine, x: TensorRef, dy: TensorRef, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  convBackward(engine, x, null, dy, g, { dx: null, dw: out, db: null }, accumulate);
}

/** All gradients that are wanted; x is needed for dw, weight for dx. */
export function convBackward(
  engine: Engine,
  x: TensorRef | null,
  weight: TensorRef | null,
  dy: TensorRef,
  g: ConvGeometry,
  out: { readonly dx: TensorRef | null; readonly dw: TensorRef | null; readonly db: TensorRef | null },
  accumulate = false,
): void {
  const plan = convPlan(g);
  if (isDepthwise(g)) return depthwiseBackward(engine, x, weight, dy, g, plan, { ...out, accumulate });
  let { dx, dw, db } = out;
  if (dx && isPointwise(g)) {
    pointwiseGradInput(engine, dy, weight as TensorRef, g, dx);
    dx = null;
  } else if (dx && servesGradient(g)) {
    convRows(engine, dy, weight as TensorRef, null, gradientRows(g, plan), null, dx);
    dx = null;
  }
  if ((dw || db) && servesWeight(engine, g)) {
    rowsWeightGradient(engine, x, dy, g, plan, { dw, db, accumulate });
    dw = db = null;
  }
  if (dx || dw || db) packedBackward(engine, x, weight, dy, g, plan, { dx, dw, db, accumulate });
}

function depthwiseBackward(
  engine: Engine,
  x: TensorRef | null,
  weight: TensorRef | null,
  dy: TensorRef,
  g: ConvGeometry,
  plan: ConvPlan,
  out: WeightGradients & { readonly dx: TensorRef | null },
): void {
  if (out.dx && servesDepthwiseGradient(g)) {
    depthwiseRows(engine, dy, weight as TensorRef, null, g, depthwiseGradientRows(g, plan), null, out.dx);
  } else if (out.dx) {
    depthwiseGradInput(engine, dy, weight as TensorRef, g, out.dx);
  }
  if (!out.dw && !out.db) return;
  if (servesDepthwise(g)) depthwiseRowsGradWeight(engine, x, dy, g, plan, out);
  else depthwiseGradWeight(engine, x, dy, g, out);
}

/** What the kernels over packed channels do, which share packed dy. */
function packedBackward(
  engine: Engine,
  x: TensorRef | null,
  weight: TensorRef | null,
  dy: TensorRef,
  g: ConvGeometry,
  plan: ConvPlan,
  out: WeightGradients & { readonly dx: TensorRef | null },
): void {
  withScratch((keep) => {
    const framed = out.dx !== null && covers(plan.dyFrame, g);
    const frame: Frame = framed ? plan.dyFrame : { low: [0, 0, 0], size: g.outSize };
    const packedDy = keep(packImage(engine, dy, g, g.outSize, plan.outPer, frame));
    if (out.dx) {
      const forDx = framed ? packedDy : keep(packImage(engine, dy, g, g.outSize, plan.outPer, plan.dyFrame));
      const dx = sweepGradient(engine, forDx, keep(packWeight(engine, weight as TensorRef, g, plan)), g, plan);
      keep(dx.texture);
      unpack(engine, dx, g.inSize, g, plan.inPer, null, null, out.dx);
    }
    if (out.dw || out.db) {
      const packedX = out.dw ? keep(packImage(engine, x as TensorRef, g, g.inSize, plan.inPer, plan.xFrame)) : packedDy;
      weightGradient(engine, packedX, { texture: packedDy, frame }, g, plan, out);
    }
  });
}

/** Whether a frame has all of dy: with much padding the input gradient does without dy's margins. */
function covers(frame: Frame, g: ConvGeometry): boolean {
  return frame.size.every((n, a) => n - frame.low[a] >= g.outSize[a]);
}

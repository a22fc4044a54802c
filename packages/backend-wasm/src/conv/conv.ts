import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { activate } from '../unary.js';
import { biasGrad } from '../bias-grad.js';
import { addressOf } from '../operand.js';
import { choose } from './choose.js';
import { depthwiseForward, depthwiseGradInput, depthwiseGradWeight } from './depthwise.js';
import { convDirect, convGemm } from './forward.js';
import { convGradInputDirect, convGradInputGemm } from './grad-input.js';
import { convGradWeightDirect, convGradWeightGemm } from './grad-weight.js';
import { convGradInputWinograd, convWinograd } from './winograd.js';
import { convGradWeightWinograd } from './winograd-weight.js';

const forward = { depthwise: depthwiseForward, winograd: convWinograd, direct: convDirect, gemm: convGemm };
const gradInput = { depthwise: depthwiseGradInput, winograd: convGradInputWinograd, direct: convGradInputDirect, gemm: convGradInputGemm };
const gradWeight = {
  depthwise: depthwiseGradWeight,
  winograd: convGradWeightWinograd,
  direct: convGradWeightDirect,
  gemm: convGradWeightGemm,
};

export function conv(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  forward[choose(engine, g, 'forward')](engine, x, weight, bias, g, activation, out);
  if (activation !== 'relu') activate(engine, activation, out);
}

export function convGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  gradInput[choose(engine, g, 'input gradient')](engine, dy, weight, g, out);
}

export function convGradWeight(engine: Engine, x: TensorRef, dy: TensorRef, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  gradWeight[choose(engine, g, 'weight gradient')](engine, x, dy, g, accumulate, out);
}

/** All gradients of `conv`; null: not wanted. */
export function convBackward(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  out: { readonly dx: TensorRef | null; readonly dw: TensorRef | null; readonly db: TensorRef | null },
): void {
  if (out.dx) convGradInput(engine, dy, weight, g, out.dx);
  if (out.dw) convGradWeight(engine, x, dy, g, false, out.dw);
  if (out.db) biasGrad(engine, addressOf(dy), g.batch, g.outChannels, g.outSize[0] * g.outSize[1] * g.outSize[2], addressOf(out.db));
}

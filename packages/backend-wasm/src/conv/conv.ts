import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { activate } from '../unary.js';
import { choose } from './choose.js';
import { convDirect, convGemm } from './forward.js';
import { convGradInputDirect, convGradInputGemm } from './grad-input.js';
import { convGradWeightDirect, convGradWeightGemm } from './grad-weight.js';
import { convGradInputWinograd, convWinograd } from './winograd.js';

const forward = { winograd: convWinograd, direct: convDirect, gemm: convGemm };
const gradInput = { winograd: convGradInputWinograd, direct: convGradInputDirect, gemm: convGradInputGemm };

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
  const run = choose(engine, g, 'weight gradient') === 'direct' ? convGradWeightDirect : convGradWeightGemm;
  run(engine, x, dy, g, accumulate, out);
}

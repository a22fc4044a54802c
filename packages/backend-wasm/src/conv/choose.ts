import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { convGemm } from './forward.js';
import { convGradInputGemm } from './grad-input.js';
import { convGradInputWinograd, convWinograd } from './winograd.js';

/** 3x3, stride 1, two dimensions, with channels enough to repay the transforms. */
function suitsWinograd(g: ConvGeometry): boolean {
  const flat = g.kernel[0] === 1 && g.inSize[0] === 1 && g.outSize[0] === 1 && g.padLow[0] === 0;
  const threeByThree = g.kernel[1] === 3 && g.kernel[2] === 3;
  const dense = [1, 2].every((a) => g.stride[a] === 1 && g.dilation[a] === 1);
  return flat && threeByThree && dense && g.inChannels / g.groups >= 16 && g.outChannels / g.groups >= 16;
}

export function conv(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  if (!engine.strictNumerics && suitsWinograd(g)) convWinograd(engine, x, weight, bias, g, activation, out);
  else convGemm(engine, x, weight, bias, g, activation, out);
}

export function convGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  if (!engine.strictNumerics && suitsWinograd(g)) convGradInputWinograd(engine, dy, weight, g, out);
  else convGradInputGemm(engine, dy, weight, g, out);
}

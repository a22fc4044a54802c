import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { isFlat } from './direct.js';
import { convDirect, convGemm } from './forward.js';
import { convGradInputDirect, convGradInputGemm } from './grad-input.js';
import { convGradWeightDirect, convGradWeightGemm } from './grad-weight.js';
import { convGradInputWinograd, convWinograd } from './winograd.js';

const DIRECT_ROWS = 8;
const DIRECT_WIDTH = 12;
const DIRECT_TAPS = 64;

/** 3x3, stride 1, two dimensions, with channels enough to repay the transforms. */
function suitsWinograd(g: ConvGeometry): boolean {
  const threeByThree = g.kernel[1] === 3 && g.kernel[2] === 3;
  const dense = [1, 2].every((a) => g.stride[a] === 1 && g.dilation[a] === 1);
  return isFlat(g) && threeByThree && dense && g.inChannels / g.groups >= 16 && g.outChannels / g.groups >= 16;
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
  else if (isFlat(g) && g.stride[2] === 1 && g.outChannels / g.groups <= DIRECT_ROWS && g.outSize[2] >= DIRECT_WIDTH) {
    convDirect(engine, x, weight, bias, g, activation, out);
  } else convGemm(engine, x, weight, bias, g, activation, out);
}

export function convGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  if (!engine.strictNumerics && suitsWinograd(g)) convGradInputWinograd(engine, dy, weight, g, out);
  else if (isFlat(g) && g.inChannels / g.groups <= DIRECT_ROWS && g.inSize[2] / g.stride[2] >= DIRECT_WIDTH) {
    convGradInputDirect(engine, dy, weight, g, out);
  } else convGradInputGemm(engine, dy, weight, g, out);
}

export function convGradWeight(engine: Engine, x: TensorRef, dy: TensorRef, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  const few = g.outChannels / g.groups <= DIRECT_ROWS && (g.inChannels / g.groups) * g.kernel[1] * g.kernel[2] <= DIRECT_TAPS;
  if (isFlat(g) && g.stride[2] === 1 && few && g.outSize[2] >= DIRECT_WIDTH) convGradWeightDirect(engine, x, dy, g, accumulate, out);
  else convGradWeightGemm(engine, x, dy, g, accumulate, out);
}

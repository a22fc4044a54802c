import type { AdamAttrs, SgdAttrs, TensorRef } from '@konv/core-tensor';
import { sizeOf } from '@konv/core-tensor';
import type { Engine, Spread } from './engine.js';
import { grainOf } from './grain.js';
import { addressOf, optionalAddress } from './operand.js';

/** Elements of a work item: that of assembly/nn/optim.ts. */
const BLOCK = 1024;
const blocksOf = (n: number): Spread => ({ items: Math.ceil(n / BLOCK), grain: grainOf(BLOCK) });

/** As PyTorch's SGD; the first step leaves nothing of what stood in `buffer`, not even NaN. */
export function sgdStep(engine: Engine, parameter: TensorRef, gradient: TensorRef, buffer: TensorRef | null, attrs: SgdAttrs): void {
  const n = sizeOf(parameter.shape);
  const { lr, firstStep } = attrs.dynamic;
  engine.run(
    'sgd_step',
    [
      addressOf(parameter),
      addressOf(gradient),
      optionalAddress(buffer),
      n,
      lr,
      attrs.weightDecay,
      attrs.momentum,
      1 - attrs.dampening,
      Number(firstStep),
      Number(attrs.nesterov),
    ],
    blocksOf(n),
  );
}

/** As PyTorch's Adam, or AdamW where `decoupled`. */
export function adamStep(engine: Engine, parameter: TensorRef, gradient: TensorRef, m: TensorRef, v: TensorRef, attrs: AdamAttrs): void {
  const n = sizeOf(parameter.shape);
  const { lr, biasCorrection1, biasCorrection2 } = attrs.dynamic;
  engine.run(
    'adam_step',
    [
      addressOf(parameter),
      addressOf(gradient),
      addressOf(m),
      addressOf(v),
      n,
      attrs.decoupled ? 1 - lr * attrs.weightDecay : 1,
      attrs.decoupled ? 0 : attrs.weightDecay,
      attrs.beta1,
      1 - attrs.beta1,
      attrs.beta2,
      1 - attrs.beta2,
      lr / biasCorrection1,
      Math.sqrt(biasCorrection2),
      attrs.eps,
    ],
    blocksOf(n),
  );
}

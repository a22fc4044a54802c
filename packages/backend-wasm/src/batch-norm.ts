import type { BatchNormAttrs, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { grainOf } from './grain.js';
import { addressOf, optionalAddress } from './operand.js';

/** y = (x - mean) invStd weight + bias with the batch's own statistics, summed in double. */
export function batchNormTrain(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef | null,
  bias: TensorRef | null,
  attrs: BatchNormAttrs,
  out: { readonly y: TensorRef; readonly mean: TensorRef; readonly invStd: TensorRef },
): void {
  const [batch, channels, inner] = x.shape;
  engine.run(
    'batch_norm',
    [
      addressOf(x),
      optionalAddress(weight),
      optionalAddress(bias),
      addressOf(out.y),
      addressOf(out.mean),
      addressOf(out.invStd),
      batch,
      channels,
      inner,
      attrs.eps,
    ],
    { items: channels, grain: grainOf(batch * inner) },
  );
}

/** dx of `batchNormTrain`, and with it dw and db where they are wanted. */
export function batchNormGrad(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  weight: TensorRef | null,
  mean: TensorRef,
  invStd: TensorRef,
  out: { readonly dx: TensorRef; readonly dw: TensorRef | null; readonly db: TensorRef | null },
): void {
  const [batch, channels, inner] = x.shape;
  engine.run(
    'batch_norm_grad',
    [
      addressOf(x),
      addressOf(dy),
      optionalAddress(weight),
      addressOf(mean),
      addressOf(invStd),
      addressOf(out.dx),
      optionalAddress(out.dw),
      optionalAddress(out.db),
      batch,
      channels,
      inner,
    ],
    { items: channels, grain: grainOf(batch * inner) },
  );
}

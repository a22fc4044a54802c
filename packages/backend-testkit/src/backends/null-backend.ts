import type { Backend, HostArray, TensorRef } from '@konv/core-tensor';
import { hostArray, sizeOf } from '@konv/core-tensor';
import { HostBuffers } from './host-buffers.js';

const nothing = (): void => {};

/**
 * A backend of shapes without arithmetic: every kernel is there and does nothing, every value reads as 0. It proves that
 * no shape, dtype, scope or count depends on values, and measures the cost of everything but the kernels.
 */
class NullBackend extends HostBuffers implements Backend {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  supports(): boolean {
    return true;
  }
  override readSync(x: TensorRef): HostArray {
    return hostArray(x.dtype, sizeOf(x.shape));
  }
  override write(): void {}

  unary = nothing;
  binary = nothing;
  where = nothing;
  reduce = nothing;
  argReduce = nothing;
  copyStrided = nothing;
  fill = nothing;
  cast = nothing;
  gather = nothing;
  scatterAdd = nothing;
  scan = nothing;
  sort = nothing;
  resample = nothing;
  matmul = nothing;
  conv = nothing;
  convGradInput = nothing;
  convGradWeight = nothing;
  pool = nothing;
  poolGrad = nothing;
  linear = nothing;
  softmax = nothing;
  logSoftmax = nothing;
  crossEntropy = nothing;
  batchNormTrain = nothing;
  batchNormGrad = nothing;
  sgdStep = nothing;
  adamStep = nothing;
}

export function nullBackend(name = 'null'): Backend {
  return new NullBackend(name);
}

import type { Op, Operand, Tensor } from '@konv/core-tensor';

/** What the ops within a call cost. */
export interface Cost {
  /** Products that are added up: convolutions, linear layers and matrix products; biases and elementwise work are none. */
  multiplyAdds: number;
  /** Bytes of all results, views not counted. */
  bytes: number;
}

const bytesOf: Readonly<Record<string, number>> = { float32: 4, float64: 8, int32: 4, bool: 1 };

/** Bytes that a tensor's values take. */
export function bytes(t: Tensor): number {
  return t.size * bytesOf[t.dtype];
}

/** The cost of one op. */
export function costOf(op: Op, inputs: readonly Operand[], outputs: readonly Tensor[]): Cost {
  const made = op.view === null ? outputs.reduce((sum, y) => sum + bytes(y), 0) : 0;
  return { multiplyAdds: multiplyAdds(op.name, inputs as readonly Tensor[], outputs[0]), bytes: made };
}

/**
 * Products in an op. A convolution with weight `[out, in / groups, *kernel]` takes each weight once a position of its
 * output and sample, padding included; a transposed one once a position of its input.
 */
function multiplyAdds(name: string, [a, b]: readonly Tensor[], y: Tensor): number {
  switch (name) {
    case 'conv':
      return y.size === 0 ? 0 : (y.size / y.shape[1]) * b.size;
    case 'convGradInput':
      return a.size === 0 ? 0 : (a.size / a.shape[1]) * b.size;
    case 'linear':
      return a.size * b.shape[0];
    case 'matmul':
      return y.size === 0 ? 0 : y.size * (a.size / (a.shape[0] * y.shape[1]));
    default:
      return 0;
  }
}

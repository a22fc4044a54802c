import type { Shape } from '@konv/core-tensor';
import type { Node } from '../node.js';
import { isSlot } from '../slot.js';

/** The shape of an operand; [] for a number, or when the graph is gone. */
export function shapeOf(input: Node['inputs'][number] | undefined): Shape {
  return isSlot(input) ? input.shape : [];
}

/**
 * Core computes some ops in a fixed number of axes and puts a reshape behind them, which the user did not write. Such a
 * reshape is printed as the op that it belongs to.
 */
export function reshapeName(node: Node): string {
  const [input] = node.inputs;
  const before = isSlot(input) ? input.node : null;
  const own = before !== null && belongs(before, shapeOf(input), (node.attrs as { shape: Shape }).shape);
  return own ? before.name : 'ViewBackward0';
}

function belongs(before: Node, from: Shape, to: Shape): boolean {
  switch (before.op.name) {
    case 'conv':
    case 'convGradInput':
    case 'maxPool':
    case 'avgPool':
      return (before.attrs as { geometry: { rank: number } }).geometry.rank < 3;
    case 'resample':
      return true;
    case 'batchNormTrain':
      return to.length !== 3;
    case 'sum':
    case 'amax':
    case 'amin':
      return to.length === from.length - (before.attrs as { axes: readonly number[] }).axes.length;
    default:
      return false;
  }
}

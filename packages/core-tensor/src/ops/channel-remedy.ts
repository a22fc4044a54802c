import type { Tensor } from '../tensor.js';
import { type SpatialRank, spatialNames } from './spatial.js';

/**
 * What to do about an input with other channels than the weight has: by far the most common error with convolutions, and
 * its cause can mostly be told from the shape. `added`: it was read as one sample without a batch axis.
 */
export function channelRemedy(x: Tensor, inChannels: number, rank: SpatialRank, added: boolean): string {
  const { shape } = x;
  if (shape.at(-1) === inChannels && shape.length > 1) {
    const order = shape.map((_, i) => i);
    const moved = added ? [rank, ...order.slice(0, rank)] : [0, rank + 1, ...order.slice(1, rank + 1)];
    return `the channels stand last: use x.permute(${moved.join(', ')})`;
  }
  const read = added ? `without a batch axis the input is read as [channels, ${spatialNames(rank)}]; ` : '';
  if (added && inChannels === 1) return `${read}for a batch of ${shape[0]} use x.unsqueeze(1)`;
  const got = shape[added ? 0 : 1];
  return `${read}give the layer ${got} input channels, or the input ${inChannels}`;
}

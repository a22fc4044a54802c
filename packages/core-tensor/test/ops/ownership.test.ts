import { describe, expect, it } from 'vitest';
import {
  avgPool2d,
  batchNorm,
  conv1d,
  conv2d,
  conv3d,
  convTranspose2d,
  interpolate,
  linear,
  logSoftmax,
  maxPool2d,
  scope,
  softmax,
  type Tensor,
} from '../../src/index.js';
import { type Make, Numbers, runOn } from './support.js';

const image = (t: Make): Tensor => t(new Numbers(1).list(96), [2, 3, 4, 4]);
const list = (t: Make, ...shape: number[]): Tensor => t(new Numbers(2).list(shape.reduce((a, b) => a * b, 1)), shape);

const calls: Record<string, (t: Make) => Tensor> = {
  conv1d: (t) => conv1d(list(t, 2, 3, 9), list(t, 4, 3, 2), list(t, 4)),
  conv2d: (t) => conv2d(image(t), list(t, 4, 3, 2, 2), list(t, 4)),
  'conv2d, unbatched': (t) => conv2d(image(t).select(0, 1), list(t, 4, 3, 2, 2)),
  'conv2d, whole numbers': (t) => conv2d(image(t).cast('int32'), list(t, 4, 3, 2, 2)),
  conv3d: (t) => conv3d(list(t, 1, 1, 3, 3, 3), list(t, 1, 1, 2, 2, 2)),
  convTranspose2d: (t) => convTranspose2d(image(t), list(t, 3, 2, 2, 2), list(t, 2)),
  maxPool2d: (t) => maxPool2d(image(t), 2),
  avgPool2d: (t) => avgPool2d(image(t), 2),
  linear: (t) => linear(list(t, 2, 3, 4), list(t, 5, 4)),
  softmax: (t) => softmax(image(t), 1),
  logSoftmax: (t) => logSoftmax(image(t), -1),
  'interpolate, same size': (t) => interpolate(image(t), { scaleFactor: 1.1 }),
  'interpolate, own step': (t) => interpolate(image(t), { scaleFactor: 1.3 }),
  'batchNorm, training': (t) => batchNorm(image(t), null, null, null, null, true),
  'batchNorm, evaluation': (t) => batchNorm(image(t), list(t, 3), list(t, 3).square()),
};

// A result that shared its storage with a hidden handle would outlive its own disposal, and `add_` on it would be refused
// in a graph as a change of a view.
describe('a result owns its storage', () => {
  for (const [name, call] of Object.entries(calls)) {
    it.each(['native', 'bare'])(`${name} on %s`, (backend) => {
      runOn(backend, (t) =>
        scope(() => {
          const y = call(t);
          expect([y.isView, y.storage?.refs]).toEqual([false, 1]);
          return y;
        }),
      );
    });
  }
});

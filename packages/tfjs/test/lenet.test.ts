import { expect, it } from 'vitest';
import { losses, reference } from './lenet.js';
import { install, tfjsHolds } from './support.js';

it('trains LeNet to the losses of the reference backend, and leaves nothing behind', async () => {
  const { name, memory } = await install();
  const ours = await losses(name, 10);
  const theirs = await reference(10);
  expect(ours[9]).toBeLessThan(ours[0]);
  ours.forEach((loss, i) => expect(Math.abs(loss - theirs[i])).toBeLessThan(1e-4));
  // Parameters, their momentum, the batch: one block of tfjs's for each, and gradients of the last step.
  expect(tfjsHolds()).toBe(memory().tensors);
});

/** Without scopes: what the program forgets, the collector gives back, tape and all. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memory, type Tensor } from '@konv/core-tensor';
import { expect, it } from 'vitest';
import { constant, leaf } from './support.js';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

async function collectedTo(count: number): Promise<number> {
  for (let k = 0; k < 100 && memory().tensors > count; k++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return memory().tensors;
}

function train(w: Tensor, data: Tensor, steps: number): void {
  for (let k = 0; k < steps; k++) {
    w.grad = null;
    data.matmul(w).tanh().square().sum().backward();
  }
}

/** A graph of which only the last handle is held. */
function chain(x: Tensor): Tensor {
  let y = x;
  for (let k = 0; k < 100; k++) y = y.mul(x);
  return y;
}

it('forgotten intermediates and graphs are collected, held ones are not', async () => {
  const w = leaf([3, 4]);
  const data = constant([8, 3]);
  const settled = memory().tensors;
  train(w, data, 50);
  expect(memory().tensors).toBeGreaterThan(settled + 50);
  expect(await collectedTo(settled + 1)).toBe(settled + 1);

  const x = leaf([2]);
  let y: Tensor | null = chain(x);
  const held = memory().tensors;
  await collectedTo(0);
  // The tape still holds every factor, whose handles are gone: backward works.
  expect(memory().tensors).toBe(held);
  y.sum().backward();
  const slope = x.dataSync()[0] ** 100 * 101;
  expect(x.grad?.dataSync()[0]).toBeCloseTo(slope, 10);
  y = null;
  expect(await collectedTo(settled + 3)).toBe(settled + 3);
});

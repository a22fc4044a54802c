import '@konv/autograd';
import { maxPool2d, registerBackend, tensor, useBackend } from '@konv/core-tensor';
import { expect, it } from 'vitest';
import { cpuJs } from '../src/index.js';

it('a window that lies in the padding altogether sends its gradient nowhere', () => {
  registerBackend(cpuJs());
  useBackend('cpu-js');
  // Two planes: what left the first would arrive in the second.
  const x = tensor([[[[1, 2, 3]], [[4, 5, 6]]]], { requiresGrad: true });
  const y = maxPool2d(x, 2, { stride: 1, padding: [1, 0], dilation: [2, 1] });
  y.sum().backward();
  expect(y.shape).toEqual([1, 2, 1, 2]);
  expect(x.grad?.arraySync()).toEqual([[[[0, 0, 0]], [[0, 0, 0]]]]);
});

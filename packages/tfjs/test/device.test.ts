import { ones, registerBackend, useBackend } from '@konv/core-tensor';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { copyRegisteredKernels, registerBackend as registerTfjs } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { tfjs } from '../src/backend/index.js';
import { registerDeviceLike } from './device-like.js';
import { losses, reference } from './lenet.js';

it('serves a backend under any name: memory that the host reaches, by whichever way', async () => {
  registerTfjs('mine', () => new MathBackendCPU());
  expect(await tfjs('mine')).toMatchObject({ unavailable: expect.stringContaining('lacks the kernels Add,') });
  copyRegisteredKernels('cpu', 'mine');
  expect(await tfjs('mine')).toMatchObject({ name: 'tfjs-mine', capabilities: { syncRead: true } });
});

it('trains LeNet on a device to the losses of the reference backend, and leaves nothing behind', async () => {
  const device = registerDeviceLike('lenet');
  const start = device.numDataIds();
  const backend = await tfjs('lenet');
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  expect(backend.capabilities).toMatchObject({ syncRead: false, maxExactInt: 2 ** 24 });
  registerBackend(backend);
  const theirs = await reference(3);
  const ours = await losses(backend.name, 3);
  ours.forEach((loss, i) => expect(Math.abs(loss - theirs[i])).toBeLessThan(1e-4));
  // One tensor for each buffer that lives, and the table of powers.
  expect(device.numDataIds()).toBe(backend.memory().tensors + 1);
  backend.dispose?.();
  expect(device.numDataIds()).toBe(start);
});

it('gives back what it made where a kernel throws', async () => {
  const device = registerDeviceLike('throws');
  const backend = await tfjs('throws');
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  registerBackend(backend);
  useBackend(backend.name);
  const x = ones([4, 4]);
  const held = x.exp();
  const before = device.numDataIds();
  const { write } = device;
  let allowed = 3;
  device.write = (...args) => {
    if (allowed-- === 0) throw new Error('device lost');
    return write.apply(device, args);
  };
  expect(() => x.exp()).toThrow('device lost');
  device.write = write;
  expect(device.numDataIds()).toBe(before);
  expect([...(await held.data())][0]).toBeCloseTo(Math.E, 6);
  backend.dispose?.();
  expect(device.numDataIds()).toBe(0);
});

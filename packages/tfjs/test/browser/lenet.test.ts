import '@tensorflow/tfjs-backend-webgl';
import { engine } from '@tensorflow/tfjs-core';
import { registerBackend } from 'konv';
import { expect, it, vi } from 'vitest';
import { soak } from '../../../../tools/soak.js';
import { tfjs } from '../../src/backend/index.js';
import { losses, reference } from '../lenet.js';

if (soak) vi.setConfig({ testTimeout: 600_000 });

// A step compiles hundreds of programs.
it.skipIf(!soak)('trains LeNet on webgl to the losses of the reference backend, and leaves nothing behind', async () => {
  // Other specs of the page may have left something on the same backend.
  const webgl = engine().findBackend('webgl');
  const start = webgl.numDataIds();
  const backend = await tfjs('webgl', { name: 'trained' });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  registerBackend(backend);
  const [steps, batch] = [10, 32];
  const theirs = await reference(steps, batch);
  const ours = await losses(backend.name, steps, batch);
  ours.forEach((loss, i) => expect(Math.abs(loss - theirs[i])).toBeLessThan(1e-4));
  // One tensor for each buffer that lives, and the table of powers.
  expect(webgl.numDataIds()).toBe(start + backend.memory().tensors + 1);
  backend.dispose?.();
  expect(webgl.numDataIds()).toBe(start);
});

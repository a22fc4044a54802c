import { engine, registerBackend, setBackend } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { tfjs } from '../src/backend/index.js';
import { registerDeviceLike } from './device-like.js';

beforeEach(() => {
  for (const method of ['warn', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

it('says that webgl needs a browser, though its package is there', async () => {
  await import('@tensorflow/tfjs-backend-webgl');
  expect(await tfjs('webgl')).toMatchObject({ name: 'tfjs-webgl', unavailable: expect.stringContaining('runs on this platform') });
});

it('says which backends are registered', async () => {
  expect(await tfjs('webgpu', { name: 'mine' })).toEqual({
    name: 'mine',
    unavailable: expect.stringMatching(/^no TensorFlow\.js backend "webgpu" is registered here \(registered: .*cpu.*\)/),
  });
});

it('says that a backend does not start, and leaves the current one as it was', async () => {
  await setBackend('cpu');
  registerBackend('broken', () => {
    throw new Error('no device');
  });
  registerBackend('late', () => Promise.reject(new Error('no adapter')));
  for (const name of ['broken', 'late']) {
    expect(await tfjs(name)).toEqual({
      name: `tfjs-${name}`,
      unavailable: `TensorFlow.js's ${name} backend did not start; see the console`,
    });
    expect(engine().backendName).toBe('cpu');
  }
});

it('names the kernels that are missing', async () => {
  registerDeviceLike('poor', ['Select', 'PadV2']);
  expect(await tfjs('poor')).toMatchObject({ unavailable: expect.stringMatching(/lacks the kernels PadV2, Select; register them/) });
});

it('refuses floats of fewer than 32 bits', async () => {
  const device = registerDeviceLike('half');
  const { write } = device;
  device.write = (values, shape, dtype) => {
    const rounded = dtype === 'float32' ? Float32Array.from(values as Float32Array, (v) => Math.round(v * 1024) / 1024) : values;
    return write.call(device, rounded, shape, dtype);
  };
  expect(await tfjs('half')).toMatchObject({ unavailable: expect.stringContaining('fewer than 32 bits') });
  expect(device.numDataIds()).toBe(0);
});

import * as core from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { enableWasmTraining } from '../src/train/index.js';
import { trainOnWasm, wasmBackend } from './train-support.js';

const names = ['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropFilter', 'Conv2D', 'FusedConv2D'];
const gradients = ['Conv2D', 'DepthwiseConv2dNative', 'Conv2DBackpropInput', 'fusedConv2d__op'];

const registered = (): unknown[] => [...names.map((n) => core.getKernel(n, 'wasm')), ...gradients.map((n) => core.getGradient(n))];
const loss = (x: core.Tensor, w: core.Tensor): core.Tensor => core.sum(core.conv2d(x as core.Tensor4D, w as core.Tensor4D, 1, 'same'));
const step = (): core.Tensor[] => core.grads(loss)([core.ones([1, 5, 5, 2]), core.ones([3, 3, 2, 2])]);

beforeAll(async () => {
  await core.setBackend('wasm');
});

afterEach(async () => {
  (await enableWasmTraining()).disable();
});

it('without it, tfjs-wasm has no gradient of a filter', () => {
  expect(step).toThrow("Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'");
});

it('registers, without a warning, and disable() puts back exactly what was there', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const before = registered();
  expect(before[0]).toBeUndefined();
  const training = await trainOnWasm();
  expect(training.enabled).toBe(true);
  expect(training.kernels).toEqual(expect.arrayContaining(names));
  expect(training.gradients).toContain('Conv2D');
  for (const [i, config] of registered().entries()) if (i < names.length) expect(config).not.toBe(before[i]);
  expect(step()[1].dataSync()[0]).toBe(16);
  training.disable();
  expect(training.enabled).toBe(false);
  registered().forEach((config, i) => expect(config).toBe(before[i]));
  expect(step).toThrow('not registered');
  training.disable();
  registered().forEach((config, i) => expect(config).toBe(before[i]));
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

it('twice is once: two calls, also at the same time, give one handle', async () => {
  const [a, b] = await Promise.all([enableWasmTraining(), enableWasmTraining()]);
  expect(a).toBe(b);
  expect(await enableWasmTraining({ strictNumerics: true })).toBe(a);
  a.disable();
  const c = await enableWasmTraining();
  expect(c).not.toBe(a);
  expect(c.enabled).toBe(true);
});

it('puts back what somebody else had registered, and leaves what somebody registers later', async () => {
  const earlier = { kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc: () => core.scalar(7) };
  core.registerKernel(earlier);
  const training = await enableWasmTraining();
  expect(core.getKernel('Conv2DBackpropFilter', 'wasm')).not.toBe(earlier);
  training.disable();
  expect(core.getKernel('Conv2DBackpropFilter', 'wasm')).toBe(earlier);
  core.unregisterKernel('Conv2DBackpropFilter', 'wasm');

  const again = await enableWasmTraining();
  core.unregisterKernel('Conv2DBackpropFilter', 'wasm');
  core.registerKernel(earlier);
  again.disable();
  expect(core.getKernel('Conv2DBackpropFilter', 'wasm')).toBe(earlier);
  core.unregisterKernel('Conv2DBackpropFilter', 'wasm');
});

it('gives its scratch memory back when it is disabled', async () => {
  const { wasm } = wasmBackend() as unknown as { wasm: { _malloc(n: number): number; _free(a: number): void } };
  const live = new Set<number>();
  const malloc = vi.spyOn(wasm, '_malloc');
  const free = vi.spyOn(wasm, '_free');
  const training = await enableWasmTraining();
  core.tidy(() => void step());
  training.disable();
  for (const { value } of malloc.mock.results) live.add(value as number);
  for (const [address] of free.mock.calls) live.delete(address | 0) || live.delete(address);
  expect(malloc.mock.calls.length).toBeGreaterThan(10);
  expect(live.size).toBe(0);
  vi.restoreAllMocks();
});

it('leaves the backend that is current, and gradients of other backends as they were', async () => {
  await core.setBackend('cpu');
  const before = step().map((t) => t.dataSync());
  const training = await enableWasmTraining();
  expect(core.getBackend()).toBe('cpu');
  step().forEach((t, i) => expect(t.dataSync()).toEqual(before[i]));
  const dilated = (x: core.Tensor, w: core.Tensor): core.Tensor =>
    core.conv2d(x as core.Tensor4D, w as core.Tensor4D, 1, 'same', 'NHWC', 2);
  expect(() => core.grads(dilated)([core.ones([1, 5, 5, 2]), core.ones([3, 3, 2, 2])])).toThrow('dilation rates greater than 1');
  training.disable();
  await core.setBackend('wasm');
});

it('trains a backend that was removed and started again, and tfjs runs its own kernels there after disable()', async () => {
  const factory = core.findBackendFactory('wasm');
  const training = await enableWasmTraining();
  core.tidy(() => void step());
  core.removeBackend('wasm');
  core.registerBackend('wasm', factory as never, 2);
  await core.setBackend('wasm');
  expect(step()[1].dataSync()[0]).toBe(16);
  training.disable();
  // Set up for this backend though another kernel was registered when it started.
  const dx = core.grad((x) => loss(x, core.ones([3, 3, 2, 2])))(core.ones([1, 5, 5, 2]));
  expect(dx.dataSync()[0]).toBe(8);
});

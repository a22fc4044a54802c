import { cpuJs } from '@konv/backend-cpu-js';
import { registerBackend, type Tensor, tensor } from '@konv/core-tensor';
import * as nn from '@konv/layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadSafetensors, parseSafetensors, saveSafetensors, serializeSafetensors } from '../src/index.js';
import { type Expected, expectEntry, fixture, numbers } from './fixture-tools.js';

interface State {
  tensors: Record<string, Expected & { stored: string }>;
  printed?: string;
  input?: Expected;
  output?: Expected;
}

// Made with PyTorch 1.13 and the safetensors package 0.8: `npm run golden -- formats/safetensors`.
const files = JSON.parse(new TextDecoder().decode(fixture('safetensors.json'))).files as Record<string, State>;

beforeAll(() => {
  registerBackend(cpuJs());
});

describe.each(Object.entries(files))("PyTorch's %s.safetensors", (name, { tensors }) => {
  const bytes = fixture(`${name}.safetensors`);

  test('every tensor: dtype, shape, values', () => {
    const got = parseSafetensors(bytes).tensors;
    expect(Object.keys(got).sort()).toEqual(Object.keys(tensors).sort());
    for (const [key, expected] of Object.entries(tensors)) {
      expectEntry(got[key], expected);
      expect(got[key].stored).toBe(expected.stored);
    }
  });

  test('loaded and saved: the same values again', async () => {
    const loaded = await loadSafetensors(bytes);
    const again = parseSafetensors(await saveSafetensors(loaded)).tensors;
    for (const [key, expected] of Object.entries(tensors)) expectEntry(again[key], expected);
    for (const t of Object.values(loaded)) t.dispose();
  });
});

test('the same bytes where every dtype is one of ours', () => {
  const bytes = fixture('lenet.safetensors');
  const { tensors, metadata } = parseSafetensors(bytes);
  expect({ ...metadata }).toEqual({ format: 'pt' });
  expect(serializeSafetensors(tensors, metadata)).toEqual(bytes);
});

const networks: Record<string, () => nn.Module> = {
  lenet: () =>
    new nn.Sequential(
      new nn.Conv2d(1, 2, 5, { padding: 2 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(2, 3, 3),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(12, 5),
      new nn.ReLU(),
      new nn.Linear(5, 4),
    ),
  batchnorm: () =>
    new nn.Sequential(
      new nn.Conv2d(1, 3, 3, { bias: false }),
      new nn.BatchNorm2d(3),
      new nn.ReLU(),
      new nn.Conv2d(3, 2, 3),
      new nn.BatchNorm2d(2, { affine: false }),
    ),
};

test.each(Object.keys(networks))("%s: PyTorch's file loads without renaming and computes the same", async (name) => {
  const { printed, input, output, tensors } = files[name] as Required<State>;
  const net = networks[name]().eval();
  expect(String(net)).toBe(printed);
  expect(Object.keys(net.stateDict()).sort()).toEqual(Object.keys(tensors).sort());
  const state = await loadSafetensors(fixture(`${name}.safetensors`));
  net.loadStateDict(state);
  const x = tensor(Float32Array.from(numbers(input.data)), { shape: input.shape });
  const y = net.forward(x) as Tensor;
  expect(y.shape).toEqual(output.shape);
  const expected = numbers(output.data);
  const scale = Math.max(...expected.map(Math.abs));
  (await y.data()).forEach((v, i) => {
    expect(Math.abs(v - expected[i])).toBeLessThan(1e-6 * scale);
  });
});

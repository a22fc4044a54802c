import { abi } from '@konv/core-tensor';
import { expect, it } from 'vitest';

it('importing konv registers cpu-js without making it, turns autograd on and exports what its README names', async () => {
  expect([abi.entries.size, abi.tracer]).toEqual([0, null]);
  const konv = await import('konv');
  expect([konv.backends(), abi.current, abi.entries.get('cpu-js')?.backend]).toEqual([['cpu-js'], 'cpu-js', null]);
  expect(konv.memory()).toEqual({ tensors: 0, bytes: 0, backends: {} });
  expect(abi.tracer).not.toBeNull();

  const names = [
    'tensor',
    'zeros',
    'ones',
    'full',
    'rand',
    'randn',
    'empty',
    'randint',
    'randperm',
    'arange',
    'eye',
    'manualSeed',
    'Generator',
    'getRngState',
    'setRngState',
    'noGrad',
    'scope',
    'Scope',
    'keep',
    'memory',
    'Parameter',
    'registerBackend',
    'useBackend',
    'backends',
    'ready',
    'cpuJs',
    'grad',
    'gradcheck',
    'gradgradcheck',
    'Trainer',
    'accuracy',
    'progressBar',
    'earlyStopping',
    'checkpoint',
    'isKonvError',
    'KonvError',
    'ShapeError',
    'DTypeError',
    'BackendError',
    'GradError',
    'DisposedError',
    'ScopeError',
    'FormatError',
  ];
  for (const name of names) expect(konv, name).toHaveProperty(name);
  for (const space of ['nn', 'optim', 'data', 'formats'] as const) expect(Object.keys(konv[space]).length, space).toBeGreaterThan(1);
  expect([typeof konv.nn.Conv2d, typeof konv.optim.SGD, typeof konv.data.DataLoader, typeof konv.nn.functional]).toEqual([
    'function',
    'function',
    'function',
    'object',
  ]);

  const w = konv.tensor([1, 2], { requiresGrad: true });
  expect(w.backend).toBe('cpu-js');
  w.square().sum().backward();
  expect(w.grad?.arraySync()).toEqual([2, 4]);
  expect(abi.entries.get('cpu-js')?.backend).not.toBeNull();
});

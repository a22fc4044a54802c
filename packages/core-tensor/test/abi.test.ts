import { cpuJs } from '@konv/backend-cpu-js';
import { afterEach, expect, it, vi } from 'vitest';
import type * as Core from '../src/index.js';
import * as first from '../src/index.js';

const other = Symbol.for('konv.abi.999');
afterEach(() => {
  delete (globalThis as Record<symbol, unknown>)[other];
});

/** A second copy of the package, as two peer ranges would install it. */
async function copy(): Promise<typeof Core> {
  vi.resetModules();
  return import('../src/index.js');
}

it('two copies of one ABI share backends, scopes, random numbers, tensors and errors', async () => {
  const second = await copy();
  expect(second.Tensor).not.toBe(first.Tensor);
  expect(second.abi).toBe(first.abi);

  first.registerBackend(cpuJs({ name: 'shared' }));
  expect(second.backends()).toContain('shared');
  second.useBackend('shared');
  first.manualSeed(3);
  const a = first.rand([4]);
  second.manualSeed(3);
  const b = second.rand([4]);
  expect([second.isTensor(a), first.isTensor(b), a instanceof second.Tensor]).toEqual([true, true, false]);
  expect(Array.from(b.dataSync())).toEqual(Array.from(a.dataSync()));

  const before = first.memory();
  second.scope(() => {
    const sum = first.add(a, b as never);
    const view = second.transpose(sum.reshape([2, 2]) as never, 0, 1);
    expect(second.currentScope()?.size).toBe(3);
    first.noGrad(() => expect(second.isGradEnabled()).toBe(false));
    expect(view.shape).toEqual([2, 2]);
    first.add_(sum, b as never);
  });
  expect(second.memory()).toEqual(before);

  const p = new second.Parameter(a as never);
  expect([first.isParameter(p), String(p).split('\n')[0]]).toEqual([true, 'Parameter containing:']);
  try {
    second.add(a as never, 'x' as never);
    expect.fail('expected an error');
  } catch (e) {
    expect([first.isKonvError(e), e instanceof first.KonvError]).toEqual([true, false]);
  }
});

it('another ABI throws and names both', async () => {
  Object.defineProperty(globalThis, other, { value: { url: 'file:///other/core-tensor/abi.js' }, configurable: true });
  await expect(copy()).rejects.toThrow(
    /expected one ABI .* got ABI 1 at file:.*abi\.ts beside 999 at file:\/\/\/other\/core-tensor\/abi\.js; install one version/,
  );
});

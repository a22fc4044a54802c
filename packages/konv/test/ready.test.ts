import { nullBackend, strangerBackend } from '@konv/backend-testkit';
import { abi } from '@konv/core-tensor';
import { backends, cpuJs, getBackend, isKonvError, ones, ready, registerBackend, unavailableBackends, useBackend, wasm, zeros } from 'konv';
import { afterEach, describe, expect, it } from 'vitest';

afterEach(() => {
  const names = [...backends(), ...Object.keys(unavailableBackends())];
  for (const name of names) {
    if (name === 'cpu-js') continue;
    abi.entries.get(name)?.backend?.dispose?.();
    abi.entries.delete(name);
  }
  useBackend('cpu-js');
});

async function refusal(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (e) {
    if (isKonvError(e)) return e;
    throw e;
  }
  return expect.fail('expected an error');
}

describe('ready', () => {
  it('takes wasm without a preference', async () => {
    registerBackend(nullBackend('acme'));
    expect(await ready()).toBe('wasm');
    expect(getBackend().name).toBe('wasm');
    expect(await ready()).toBe('wasm');
    expect(ones([2]).add(1).arraySync()).toEqual([2, 2]);
  });

  it('takes cpu-js where wasm cannot run, and says why', async () => {
    registerBackend({ name: 'wasm', unavailable: 'no SIMD' });
    expect(await ready()).toBe('cpu-js');
    expect(unavailableBackends()).toEqual({ wasm: 'no SIMD' });
    await expect(ready({ prefer: 'wasm' })).resolves.toBe('cpu-js');
  });

  it('takes a wasm that the user has registered', async () => {
    registerBackend(await wasm({ threads: 1, strictNumerics: true }));
    const mine = getBackend('wasm');
    expect(await ready()).toBe('wasm');
    expect(getBackend()).toBe(mine);
  });

  it('makes one wasm for calls at one time', async () => {
    const [first] = await Promise.all([ready(), ready(), ready()]);
    const made = getBackend('wasm');
    expect([first, await ready(), getBackend('wasm') === made]).toEqual(['wasm', 'wasm', true]);
  });

  it('does not load wasm where another is preferred', async () => {
    expect(await ready({ prefer: 'cpu-js' })).toBe('cpu-js');
    expect(backends()).not.toContain('wasm');
  });

  it('takes the first of the preferred that runs here', async () => {
    registerBackend(strangerBackend('acme'));
    registerBackend({ name: 'gpu', unavailable: 'no adapter' });
    expect(await ready({ prefer: 'acme' })).toBe('acme');
    expect(getBackend().name).toBe('acme');
    expect(await ready({ prefer: ['gpu', 'acme', 'cpu-js'] })).toBe('acme');
    expect(backends()).not.toContain('wasm');
    expect(await ready({ prefer: ['gpu'] })).toBe('wasm');
    expect(await ready({ prefer: [] })).toBe('wasm');
  });

  it('refuses a name that nobody registered, wherever it stands, and changes nothing', async () => {
    registerBackend(nullBackend('acme'));
    useBackend('acme');
    for (const prefer of ['wsam', ['cpu-js', 'wsam']]) {
      const e = await refusal(ready({ prefer }));
      expect([e.name, e.message]).toEqual([
        'BackendError',
        expect.stringMatching(/^\[ready\] expected .*cpu-js, acme.*, got "wsam"; call registerBackend/),
      ]);
    }
    for (const prefer of [5, null, [undefined]]) expect((await refusal(ready({ prefer: prefer as never }))).name).toBe('BackendError');
    expect(getBackend().name).toBe('acme');
  });

  it('leaves the choice as it was where the backend does not get ready', async () => {
    registerBackend(Object.assign(nullBackend('broken'), { sync: () => Promise.reject(new Error('device lost')) }));
    await expect(ready({ prefer: 'broken' })).rejects.toThrow('device lost');
    expect(getBackend().name).toBe('cpu-js');
  });

  it('says so where nothing can run', async () => {
    const entries = new Map(abi.entries);
    abi.entries.clear();
    registerBackend({ name: 'gpu', unavailable: 'no adapter' });
    registerBackend({ name: 'wasm', unavailable: 'no SIMD' });
    try {
      const e = await refusal(ready({ prefer: 'gpu' }));
      expect(e.message).toMatch(
        /^\[ready\] expected a backend that can run here, got none \(gpu: no adapter; wasm: no SIMD\); call registerBackend/,
      );
    } finally {
      abi.entries.clear();
      for (const [name, entry] of entries) abi.entries.set(name, entry);
    }
  });
});

describe("a user's backends", () => {
  it('one line swaps them, and the values agree', async () => {
    registerBackend(strangerBackend('acme'));
    registerBackend(cpuJs({ name: 'another cpu' }));
    const results: number[] = [];
    for (const name of backends()) {
      useBackend(name);
      const x = ones([1, 2])
        .add(zeros([2, 1]))
        .exp()
        .sum();
      expect(x.backend).toBe(name);
      results.push(await x.item());
      x.dispose();
    }
    expect(results).toHaveLength(3);
    for (const v of results) expect(v).toBeCloseTo(4 * Math.E, 5);
  });
});

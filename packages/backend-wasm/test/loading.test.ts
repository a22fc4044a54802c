import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { kernelUrls } from '@konv/wasm-kernels/url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { wasm } from '../src/index.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('where the kernels come from', () => {
  it('files, by the package’s URLs', async () => {
    for (const level of ['simd'] as const) {
      const backend = await wasm({ threads: 1, level, kernelUrls });
      expect(backend).toHaveProperty('conv');
    }
  });

  it('a server; one that has none says so', async () => {
    const server = createServer(async (request, response) => {
      if (request.url !== '/simd.wasm') {
        response.writeHead(404).end();
        return;
      }
      response.end(await readFile(fileURLToPath(kernelUrls.simd)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = (path: string) => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
    try {
      const urls = { simd: at('simd.wasm'), relaxed: at('relaxed.wasm') };
      expect(await wasm({ threads: 1, level: 'simd', kernelUrls: urls })).toHaveProperty('conv');
      const missing = { simd: at('nothing.wasm'), relaxed: at('nothing.wasm') };
      await expect(wasm({ threads: 1, level: 'simd', kernelUrls: missing })).rejects.toThrow(
        /expected the kernels at .*nothing\.wasm, got status 404; copy/,
      );
    } finally {
      server.close();
    }
  });
});

describe('an engine without SIMD', () => {
  it.each([
    ['no WebAssembly', undefined],
    ['no SIMD', { validate: () => false }],
  ])('%s: unavailable, with the reason', async (_, api) => {
    vi.stubGlobal('WebAssembly', api);
    const fresh = await import('../src/index.js');
    expect(await fresh.wasm({ name: 'mine' })).toEqual({ name: 'mine', unavailable: 'this engine has no WebAssembly SIMD' });
  });
});

describe('options that cannot be meant', () => {
  it.each([
    [{ threads: 0 }, /threads to be a whole number from 1 on, got 0/],
    [{ threads: 1.5 }, /threads to be a whole number/],
    [{ thread: 2 }, /options of threads, .*got "thread"; mind the spelling/],
    [{ level: 'avx' }, /level to be 'simd' or 'relaxed', got avx/],
    [{ maxTotalBytes: Number.NaN }, /maxTotalBytes to be a whole number of bytes above 0, got NaN/],
    [{ maxTotalBytes: '10' }, /maxTotalBytes to be/],
    [{ strictNumerics: 'no' }, /strictNumerics to be true or false, got no/],
    [{ name: '' }, /name to be a name that is not empty/],
    [{ kernelUrls: { simd: 'x.wasm' } }, /kernelUrls to be a URL for each level/],
    [null, /an object of options, got null/],
  ])('%j', async (options, message) => {
    const error = await wasm(options as never).then(
      () => expect.fail('expected an error'),
      (e: unknown) => e as Error,
    );
    expect([error.name, error.message]).toEqual(['BackendError', expect.stringMatching(message)]);
  });
});

it('a backend that was disposed of holds nothing and takes nothing', async () => {
  const backend = await wasm({ threads: 1 });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  const buffer = backend.alloc({ dtype: 'float32', shape: [4], role: 'input' });
  backend.dispose?.();
  expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  backend.free(buffer);
  expect(backend.memory()).toEqual({ tensors: 0, bytes: 0 });
  expect(() => backend.alloc({ dtype: 'float32', shape: [4], role: 'input' })).toThrow(/after its dispose\(\); make another one/);
});

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

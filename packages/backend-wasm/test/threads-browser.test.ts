import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// A page that has installed the compiled packages, without a bundler, under several servers: how do its workers start?

const packages = fileURLToPath(new URL('../../', import.meta.url));
const executablePath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);
if (!executablePath) console.warn('SKIPPED: the threads of pages are not tested, no Chromium was found (set CHROMIUM_PATH)');

interface Site {
  readonly isolated: boolean;
  /** The worker's file is served; where not, as after esbuild, its URL leads nowhere. */
  readonly workerFile: boolean;
  /** Allows no code but the site's own files. */
  readonly strict?: boolean;
}

const sites = {
  usual: { isolated: true, workerFile: true },
  bundled: { isolated: true, workerFile: false },
  strict: { isolated: true, workerFile: true, strict: true },
  'strict-bundled': { isolated: true, workerFile: false, strict: true },
  'not-isolated': { isolated: false, workerFile: true },
} satisfies Record<string, Site>;

/** `product(threads)`: bits of one product, computed on the page's main thread and its workers. */
const page = (site: string) => `<!doctype html>
<script type="importmap">{"imports": {
  "@konv/core-tensor": "/${site}/core-tensor/dist/index.js",
  "@konv/wasm-kernels": "/${site}/wasm-kernels/dist/index.js",
  "@konv/backend-wasm": "/${site}/backend-wasm/dist/index.js"
}}</script>
<script type="module">
  import { wasm } from '@konv/backend-wasm';
  globalThis.product = async (threads) => {
    const backend = await wasm({ threads });
    const ref = (...shape) => ({
      buffer: backend.alloc({ dtype: 'float32', shape, role: 'activation' }),
      dtype: 'float32', shape, strides: [shape[1] * shape[2], shape[2], 1], offset: 0,
    });
    const [a, b, out] = [ref(1, 200, 900), ref(1, 900, 700), ref(1, 200, 700)];
    backend.write(Float32Array.from({ length: 200 * 900 }, (_, i) => Math.sin(i)), a);
    backend.write(Float32Array.from({ length: 900 * 700 }, (_, i) => Math.cos(i)), b);
    for (let i = 0; i < 5; i++) backend.matmul(a, b, { transposeA: false, transposeB: false, accumulate: false }, out);
    let bits = 0;
    for (const value of new Int32Array(backend.readSync(out).buffer)) bits = (Math.imul(bits, 31) + value) | 0;
    return bits;
  };
</script>`;

describe.skipIf(!executablePath)('threads of a page', () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const [, name, ...rest] = (request.url ?? '').split('/');
      const site: Site | undefined = sites[name as keyof typeof sites];
      const path = rest.join('/');
      if (site?.isolated) {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      }
      if (site?.strict) response.setHeader('Content-Security-Policy', "script-src 'self' 'wasm-unsafe-eval' 'unsafe-inline'");
      response.setHeader('Content-Type', path === '' ? 'text/html' : 'text/javascript');
      if (path === '') return void response.end(page(name));
      const file = `${packages}${path}`;
      if ((!site?.workerFile && path.endsWith('/worker.js')) || !path.includes('/dist/') || !existsSync(file)) {
        return void response.writeHead(404).end();
      }
      response.end(readFileSync(file));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function visit(site: keyof typeof sites): Promise<{ workers: string[]; same: boolean; said: string[] }> {
    const tab = await browser.newPage();
    const said: string[] = [];
    tab.on('console', (message) => {
      if (message.text().startsWith('konv: ')) said.push(`${message.type()}: ${message.text()}`);
    });
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${site}/`);
    await tab.waitForFunction('globalThis.product');
    const one = await tab.evaluate<number>('product(1)');
    const three = await tab.evaluate<number>('product(3)');
    const workers = tab.workers().map((worker) => worker.url().replace(/^(blob:)?.*?([\w.]*)$/, (_, blob, file) => blob ?? file));
    await tab.close();
    return { workers, same: one === three && one !== 0, said };
  }

  it('start from the file of the worker', async () => {
    expect(await visit('usual')).toEqual({ workers: ['worker.js', 'worker.js'], same: true, said: [] });
  });

  it('start from a blob where there is no such file', async () => {
    expect(await visit('bundled')).toEqual({ workers: ['blob:', 'blob:'], same: true, said: [] });
  });

  it('start from the file under a strict content security policy', async () => {
    expect(await visit('strict')).toEqual({ workers: ['worker.js', 'worker.js'], same: true, said: [] });
  });

  it('are one where the policy forbids what is left, and that is said', async () => {
    const { workers, same, said } = await visit('strict-bundled');
    expect({ workers, same }).toEqual({ workers: [], same: true });
    expect(said).toEqual([expect.stringMatching(/^warning: konv: the wasm backend has 1 of 3 threads, the others did not start/)]);
  });

  it('are one where the page is not isolated, and that is said', async () => {
    const { workers, same, said } = await visit('not-isolated');
    expect({ workers, same }).toEqual({ workers: [], same: true });
    expect(said).toEqual([expect.stringMatching(/^warning: konv: this page is not cross-origin isolated.*one thread instead of 3/)]);
  });
});

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tfjs } from '../src/backend/index.js';

// tfjs is started once in a process: this file has its own.
it('takes the .wasm files from where wasmPaths says', async () => {
  const scripts = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const path = join(scripts, 'tfjs-backend-wasm-simd.wasm');
  const wasmPaths = {
    'tfjs-backend-wasm.wasm': '/no/such/file.wasm',
    'tfjs-backend-wasm-simd.wasm': path,
    'tfjs-backend-wasm-threaded-simd.wasm': '/no/such/file.wasm',
  };
  expect(await tfjs('wasm', { name: 'acme', wasmPaths })).toMatchObject({ name: 'acme', capabilities: { syncRead: true } });
});

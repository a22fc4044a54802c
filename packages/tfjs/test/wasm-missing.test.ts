import { expect, it, vi } from 'vitest';
import { tfjs } from '../src/backend/index.js';

// tfjs is started once in a process, or not at all: this file has its own.
it('is unavailable where the .wasm files are missing, and leaves no listeners behind', async () => {
  for (const method of ['warn', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {});
  const before = process.listenerCount('uncaughtException');
  expect(await tfjs('wasm', { wasmPaths: '/no/such/folder/' })).toEqual({
    name: 'tfjs-wasm',
    unavailable: "TensorFlow.js's wasm backend did not start; see the console",
  });
  expect(process.listenerCount('uncaughtException')).toBe(before);
  vi.restoreAllMocks();
});

import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as core from '@tensorflow/tfjs-core';
import { requireWebAssembly } from '@konv/wasm-kernels';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkVersions, openModule } from '../src/train/check.js';
import { enableWasmTraining } from '../src/train/index.js';
import './train-support.js';

const state = (): unknown[] => [
  core.getKernel('Conv2DBackpropInput', 'wasm'),
  core.getKernel('Conv2DBackpropFilter', 'wasm'),
  core.getGradient('Conv2D'),
];
let before: unknown[];

beforeEach(() => {
  for (const method of ['warn', 'error'] as const) vi.spyOn(console, method).mockImplementation(() => {});
  before = state();
});

/** A refusal has registered nothing, and the next call tries anew. */
afterEach(() => {
  vi.restoreAllMocks();
  state().forEach((config, i) => expect(config).toBe(before[i]));
});

/** A wasm module as tfjs has it, but for what a case leaves out. */
function backendWith(change: (wasm: Record<string, unknown>) => void, more: Record<string, unknown> = {}): BackendWasm {
  const wasm: Record<string, unknown> = { asm: { memory: { buffer: new ArrayBuffer(8) } }, _malloc: () => 0, _free: () => {} };
  change(wasm);
  const method = (): void => {};
  return { wasm, getMemoryOffset: method, makeOutput: method, disposeData: method, dataIdMap: {}, ...more } as unknown as BackendWasm;
}

describe('another version of tfjs', () => {
  it('is refused by its name, with what was found, what is expected, and the remedy', () => {
    expect(() => checkVersions({ '@tensorflow/tfjs-core': '4.22.0', '@tensorflow/tfjs-backend-wasm': '4.21.0' })).toThrow(
      '[enableWasmTraining] expected @tensorflow/tfjs-backend-wasm 4.22.0, whose internals @konv/tfjs was tested with, got 4.21.0; ' +
        'install @tensorflow/tfjs-backend-wasm@4.22.0, or a version of @konv/tfjs that is made for 4.21.0',
    );
  });

  it('is what enableWasmTraining looks at first', async () => {
    vi.resetModules();
    vi.doMock('@tensorflow/tfjs-core', async (original) => ({ ...(await original<typeof core>()), version_core: '4.23.0' }));
    const { enableWasmTraining: enable } = await import('../src/train/index.js');
    await expect(enable()).rejects.toThrow('expected @tensorflow/tfjs-core 4.22.0');
    vi.doUnmock('@tensorflow/tfjs-core');
  });

  it.each<[string, BackendWasm]>([
    ['wasm.asm.memory is undefined', backendWith((wasm) => (wasm['asm'] = {}))],
    ['wasm.asm.memory is object', backendWith((wasm) => (wasm['asm'] = { memory: { buffer: {} } }))],
    ['wasm._malloc is undefined', backendWith((wasm) => delete wasm['_malloc'])],
    ['wasm._free is number', backendWith((wasm) => (wasm['_free'] = 3))],
    ['getMemoryOffset is undefined', backendWith(() => {}, { getMemoryOffset: undefined })],
    ['dataIdMap is null', backendWith(() => {}, { dataIdMap: null })],
  ])('whose %s is refused', (what, backend) => {
    expect(() => openModule(backend)).toThrow(
      `got one whose ${what}; let the backend "wasm" be that of @tensorflow/tfjs-backend-wasm@4.22.0`,
    );
  });

  it('with all that is looked at passes', () => {
    expect(openModule(backendWith(() => {})).memory.buffer.byteLength).toBe(8);
  });
});

describe('a wasm backend that cannot be had', () => {
  it('because the engine has no SIMD', async () => {
    vi.spyOn(requireWebAssembly(), 'validate').mockReturnValue(false);
    await expect(enableWasmTraining()).rejects.toThrow(
      'expected an engine with WebAssembly SIMD, got one without; train on the backend "cpu"',
    );
  });

  it('because it does not start, leaves the current backend current', async () => {
    await core.setBackend('cpu');
    const factory = core.findBackendFactory('wasm');
    core.removeBackend('wasm');
    core.registerBackend('wasm', () => Promise.reject(new Error('no such file')));
    await expect(enableWasmTraining()).rejects.toThrow(
      'expected TensorFlow.js\'s backend "wasm" to start, got a refusal, whose reason is on the console; in a bundled page',
    );
    expect(core.getBackend()).toBe('cpu');
    core.removeBackend('wasm');
    core.registerBackend('wasm', factory as never, 2);
  });

  it('because it is not registered', async () => {
    const factory = core.findBackendFactory('wasm');
    core.removeBackend('wasm');
    await expect(enableWasmTraining()).rejects.toThrow(
      'expected a registered backend "wasm", got none; import "@tensorflow/tfjs-backend-wasm" first',
    );
    core.registerBackend('wasm', factory as never, 2);
  });

  it("because it is somebody else's", async () => {
    await core.setBackend('cpu');
    const factory = core.findBackendFactory('wasm');
    const theirs = (wasm?: object): void => {
      const backend = Object.assign(Object.create(core.KernelBackend.prototype) as core.KernelBackend, { dispose() {}, wasm });
      core.removeBackend('wasm');
      core.registerBackend('wasm', () => backend);
    };
    theirs({ cwrap: () => () => {} });
    await expect(enableWasmTraining()).rejects.toThrow('got one whose wasm.asm.memory is undefined');
    // tfjs sets its kernels up with the backend, and stumbles itself.
    theirs();
    await expect(enableWasmTraining()).rejects.toThrow('expected TensorFlow.js\'s backend "wasm" to start, got Cannot read properties');
    expect(core.getBackend()).toBe('cpu');
    core.removeBackend('wasm');
    core.registerBackend('wasm', factory as never, 2);
  });
});

it("after refusals, it can be had, and while somebody's setBackend is under way", async () => {
  const starting = core.setBackend('wasm');
  const training = await enableWasmTraining();
  expect(await starting).toBe(true);
  expect(core.getBackend()).toBe('wasm');
  training.disable();
});

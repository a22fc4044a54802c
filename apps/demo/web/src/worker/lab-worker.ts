import { expose } from 'comlink';
import type { LabApi } from '../model/protocol.js';

const api: LabApi = {
  correlate: async (request) => (await import('./lab/correlate.js')).correlate(request),
  learnKernel: async (lr, steps) => (await import('./lab/learn-kernel.js')).learnKernel(lr, steps),
  backends: async () => (await import('./lab/bench.js')).available(),
  renderer: async () => (await import('./lab/bench.js')).renderer(),
  loadTfjs: async () => (await import('./lab/tfjs.js')).loadTfjs(),
  bench: async (settings, tell) => (await import('./lab/bench.js')).bench(settings, tell),
  stopBench: async () => (await import('./lab/bench.js')).stopBench(),
};

expose(api);

import { expose } from 'comlink';
import type { LabApi } from '../model/protocol.js';

const api: LabApi = {
  correlate: async (request) => (await import('./lab/correlate.js')).correlate(request),
  learnKernel: async (lr, steps) => (await import('./lab/learn-kernel.js')).learnKernel(lr, steps),
  backends: async () => (await import('./lab/bench.js')).available(),
  bench: async (library, backend, settings) => (await import('./lab/bench.js')).bench(library, backend, settings),
};

expose(api);

import { cpuJs } from '@konv/backend-cpu-js';
import { type Backend, registerLazyBackend } from '@konv/core-tensor';

// The embedded default: made when the first tensor is, and not at all where the user registers another backend first.
registerLazyBackend('cpu-js', () => cpuJs() as Backend);

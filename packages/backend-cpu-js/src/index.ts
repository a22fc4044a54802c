export { cpuJs } from './backend.js';
export type { CpuJsOptions } from './backend.js';

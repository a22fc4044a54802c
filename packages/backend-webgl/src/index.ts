export { webgl, type WebglBackend, type WebglStatistics } from './create.js';
export type { WebglCanvas, WebglOptions } from './options.js';
export type { WarmUpModel, WarmUpOptions } from './warm-up.js';

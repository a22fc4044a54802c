export { webgl } from './create.js';
export type { WebglCanvas, WebglOptions } from './options.js';

export { tfjs, type TfjsOptions } from './tfjs.js';

export { conv, convGradInput, convGradWeight } from './choose.js';

export { conv, convGradInput, convGradWeight } from './conv.js';

export { conv, convBackward, convGradInput, convGradWeight } from './conv.js';

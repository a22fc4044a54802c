export { conv, convGradInput } from './choose.js';
export { convGradWeightGemm } from './grad-weight.js';

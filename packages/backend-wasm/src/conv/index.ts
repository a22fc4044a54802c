export { convGemm } from './forward.js';
export { convGradInputGemm } from './grad-input.js';
export { convGradWeightGemm } from './grad-weight.js';

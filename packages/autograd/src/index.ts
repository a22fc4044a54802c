import './tracer.js';

export { grad, type GradOptions } from './grad.js';
export { defineFunction, FunctionContext, type FunctionDefinition } from './function.js';
export { type Checked, gradcheck, type GradcheckOptions, gradgradcheck } from './gradcheck.js';

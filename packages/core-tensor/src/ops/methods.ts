/** What the methods of `Tensor` call: the one place where the class meets the ops. */
export { add, add_, div, div_, eq, ge, gt, le, lt, mul, mul_, ne, pow, sub, sub_ } from './binary.js';
export { cast } from './cast.js';
export { matmul } from './matmul.js';
export { clone, contiguous, copy_, detach, fill_, set_, zero_ } from './movement.js';
export { argmax, max, mean, min, sum, variance } from './reduce.js';
export { logSoftmax, softmax } from './softmax.js';
export { abs, exp, log, neg, relu, sigmoid, sqrt, square, tanh } from './unary.js';
export { expand, flatten, permute, reshape, select, slice, squeeze, transpose, unsqueeze } from './view.js';
export { clamp } from './where.js';

/**
 * The kernel families over any memory: for those who bring a heap of their own (`KernelHeap`) and want konv's choice of
 * algorithms, packing and sweeps over it, without this backend's allocator and threads.
 *
 *     const module = await compileKernels(level, false);
 *     const engine = new Engine(heap, singleThread(heap, instantiateKernels(module, memory)), false);
 *     convGradWeight(engine, operandAt(x, 'float32', [n, c, h, w]), dy, geometry, false, out);
 */
export { Engine, type KernelArguments, type Spread } from './engine.js';
export { type KernelHeap, READ_AHEAD_BYTES } from './kernel-heap.js';
export { addressOf, heapOf, operandAt, optionalAddress, type PlacedBuffer } from './operand.js';
export { isContiguous } from './strided.js';
export { type Runner, singleThread } from './threads/runner.js';

export { argReduce } from './arg-reduce.js';
export { batchNormGrad, batchNormTrain } from './batch-norm.js';
export { biasGrad } from './bias-grad.js';
export { binary } from './binary.js';
export { cast } from './cast.js';
export { conv, convBackward, convGradInput, convGradWeight } from './conv/index.js';
export { copyStrided, fill } from './copy.js';
export { gather, scatterAdd } from './gather.js';
export { linear, matmul, type MatmulEnd } from './matmul.js';
export { adamStep, sgdStep } from './optim.js';
export { pool, poolGrad } from './pool.js';
export { reduce } from './reduce.js';
export { resample } from './resample.js';
export { scan, sort } from './scan-sort.js';
export { crossEntropy, logSoftmax, softmax } from './softmax.js';
export { unary } from './unary.js';
export { where } from './where.js';

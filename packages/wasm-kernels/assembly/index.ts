// The kernels: every function that is exported here is one. Its arguments are numbers, named in its header; the last two
// are the range of its work items that this call does, in any order and on any thread, with the same result.
export { scratch } from './scratch';
export { gemm, gemm_pack_a } from './gemm/gemm';
export { copy_strided, copy_transposed } from './map/copy';
export { map, map_strided } from './map/map';
export { softmax, log_softmax, cross_entropy } from './nn/softmax';
export { sgd_step, adam_step } from './nn/optim';
export { batch_norm, batch_norm_grad, bias_grad } from './nn/batch-norm';
export { max_pool, max_pool_grad } from './nn/max-pool';
export { avg_pool, avg_pool_grad } from './nn/avg-pool';
export { conv_gemm } from './conv/forward';
export { conv_direct, conv_pack_direct } from './conv/direct';
export { conv_pack_flipped } from './conv/flip';
export { conv_weight } from './conv/weight';
export { conv_weight_direct } from './conv/weight-direct';
export { reduce_parts, reduce_rows, reduce_runs } from './reduce/reduce';
export { sum_parts } from './sum-parts';
export { winograd } from './winograd/winograd';
export { winograd_weight } from './winograd/weight';
export { winograd_weight_output, winograd_weight_sums } from './winograd/gradient';
export { depthwise } from './conv/depthwise';
export { depthwise_weight } from './conv/depthwise-weight';

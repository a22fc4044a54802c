// Kernels over images whose channels stand last, as TensorFlow.js has them: a module of their own, since konv needs none.
export { avg_pool_last, avg_pool_last_grad, max_pool_last, max_pool_last_at, max_pool_last_grad } from './nn/pool-last';

import { fusedKernels } from './conv/fused.js';
import { convKernels } from './conv/kernels.js';
import type { TrainingKernel } from './kernel.js';
import { resizeKernels } from './resize.js';
import { tileKernels } from './tile.js';

/** All kernels that `enableWasmTraining` registers. */
export const kernels: readonly TrainingKernel[] = [...convKernels, ...fusedKernels, ...resizeKernels, ...tileKernels];

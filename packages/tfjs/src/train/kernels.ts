import { fusedKernels } from './conv/fused.js';
import { convKernels } from './conv/kernels.js';
import { identityKernels } from './identity.js';
import type { TrainingKernel } from './kernel.js';
import { matmulKernels } from './matmul/kernels.js';
import { poolKernels } from './pool/kernels.js';
import { resizeKernels } from './resize.js';
import { segmentKernels } from './segment-sum.js';
import { tileKernels } from './tile.js';

/** All kernels that `enableWasmTraining` registers. */
export const kernels: readonly TrainingKernel[] = [
  ...convKernels,
  ...fusedKernels,
  ...poolKernels,
  ...matmulKernels,
  ...resizeKernels,
  ...segmentKernels,
  ...tileKernels,
  ...identityKernels,
];

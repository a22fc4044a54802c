/** Suites and peers of a page, by name: for the options, which load neither. */
export const pageSuiteNames = ['gemm', 'conv', 'lenet'] as const;
export const pagePeerNames = ['tfjs-webgl', 'tfjs-nchw'] as const;

/** Specs of the convolution set that do not pass with training, and why they need not: at most 10. */
export const skips = [];

/** Specs that do not pass with training, and why they need not: at most 10. */
export const skips = [
  {
    spec: 'ops/depthwise_conv2d_test depthwiseConv2d gradients throws error on dilations > 1',
    reason: 'wants the gradient of a dilated depthwise convolution to be refused; with training there is one',
  },
];

/** `nn.functional`: what the layers compute, without their state. Documented where it is defined, in core-tensor. */
export {
  avgPool1d, avgPool2d, avgPool3d, type AvgPoolOptions, batchNorm, conv1d, conv2d, conv3d, type ConvOptions,
  convTranspose1d, convTranspose2d, convTranspose3d, type ConvTransposeOptions, crossEntropy, type CrossEntropyOptions,
  linear, logSoftmax, maxPool1d, maxPool2d, maxPool3d, type MaxPoolOptions, type MaxPoolResult, mseLoss, nllLoss,
  type NllLossOptions, pad, type Reduction, relu, sigmoid, softmax, tanh,
} from '@konv/core-tensor'; // prettier-ignore

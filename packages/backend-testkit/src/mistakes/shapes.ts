import { ones, zeros } from '@konv/core-tensor';
import { nn } from '../harness/nn.js';
import { features, head, Net, Residual } from './networks.js';
import type { Mistake } from './types.js';

/** Mistakes in how layers fit each other and their input. */
export const shapeMistakes: readonly Mistake[] = [
  {
    title: 'colour images for a network of grey ones',
    run: (own) => own(new Net(features(), head())).forward(ones([2, 3, 12, 12])),
    message:
      'features.0 (Conv2d): [conv] expected 1 input channels (weight [4, 1, 3, 3], groups 1), got 3 from input [2, 3, 12, 12]; give the layer 3 input channels, or the input 1',
  },
  {
    title: 'channels last, as TensorFlow has them',
    run: (own) => own(new Net(features(), head())).forward(ones([2, 12, 12, 1])),
    message:
      'features.0 (Conv2d): [conv] expected 1 input channels (weight [4, 1, 3, 3], groups 1), got 12 from input [2, 12, 12, 1]; the channels stand last: use x.permute(0, 3, 1, 2)',
  },
  {
    title: 'images without an axis for channels',
    run: (own) => own(new Net(features(), head())).forward(ones([2, 12, 12])),
    message:
      'features.0 (Conv2d): [conv] expected 1 input channels (weight [4, 1, 3, 3], groups 1), got 2 from input [2, 12, 12]; without a batch axis the input is read as [channels, height, width]; for a batch of 2 use x.unsqueeze(1)',
  },
  {
    title: 'flat vectors where images are expected',
    run: (own) => own(new Net(features(), head())).forward(ones([2, 144])),
    message:
      'features.0 (Conv2d): [conv] expected input [batch, channels, height, width] or [channels, height, width], got [2, 144]; reshape it, or use the function of its number of axes',
  },
  {
    title: 'a linear layer counted for another image size',
    run: (own) => own(new Net(features(), head(200))).forward(ones([2, 1, 12, 12])),
    message:
      'head.1 (Linear): [linear] expected 200 input features (weight [3, 200]), got 72 from input [2, 72]; give the layer 72 input features',
  },
  {
    title: 'one image without its batch axis, flattened from axis 1',
    run: (own) => own(new Net(features(), head())).forward(ones([1, 12, 12])),
    message:
      "head.1 (Linear): [linear] expected 72 input features (weight [3, 72]), got 9 from input [8, 9]; one sample without a batch axis? unsqueeze(0) the network's input",
  },
  {
    title: 'a head without Flatten',
    run: (own) => own(new Net(features(), new nn.Linear(72, 3))).forward(ones([2, 1, 12, 12])),
    message:
      'head (Linear): [linear] expected 72 input features (weight [3, 72]), got 3 from input [2, 8, 3, 3]; flatten the input from axis 1: flatten(1)',
  },
  {
    title: 'more pooling than the image has pixels',
    run: (own) =>
      own(new Net(new nn.Sequential(features(), new nn.MaxPool2d(2), new nn.MaxPool2d(2)), head())).forward(ones([2, 1, 12, 12])),
    message:
      "features.2 (MaxPool2d): [maxPool] expected a padded input of at least the kernel's extent [2, 2], got [1, 1] from input [2, 8, 1, 1]; pad more or use a smaller kernel",
  },
  {
    title: 'a kernel larger than what is left of the image',
    run: (own) => own(new Net(new nn.Sequential(features(), new nn.Conv2d(8, 8, 5)), head())).forward(ones([2, 1, 12, 12])),
    message:
      "features.1 (Conv2d): [conv] expected a padded input of at least the kernel's extent [5, 5] (weight [8, 8, 5, 5], dilation [1, 1]), got [3, 3] from input [2, 8, 3, 3]; pad more or use a smaller kernel",
  },
  {
    title: 'a convolution that does not follow the channels before it',
    run: (own) =>
      own(new Net(new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.ReLU(), new nn.Conv2d(8, 8, 3)), head())).forward(ones([2, 1, 12, 12])),
    message:
      'features.2 (Conv2d): [conv] expected 8 input channels (weight [8, 8, 3, 3], groups 1), got 4 from input [2, 4, 10, 10]; give the layer 4 input channels, or the input 8',
  },
  {
    title: 'a residual block that changes the channels',
    run: (own) =>
      own(new Net(new nn.Sequential(new nn.Conv2d(1, 4, 3), new Residual(new nn.Conv2d(4, 8, 1))), head())).forward(ones([2, 1, 12, 12])),
    message:
      'features.1 (Residual): [add] expected shapes that broadcast (equal or 1, aligned at the end), got [2, 4, 10, 10] and [2, 8, 10, 10]: 4 against 8 at axis -3; reshape or expand one of them',
  },
  {
    title: 'a residual block that shrinks the image',
    run: (own) =>
      own(new Net(new nn.Sequential(new nn.Conv2d(1, 4, 3), new Residual(new nn.Conv2d(4, 4, 3))), head())).forward(ones([2, 1, 12, 12])),
    message:
      'features.1 (Residual): [add] expected shapes that broadcast (equal or 1, aligned at the end), got [2, 4, 10, 10] and [2, 4, 8, 8]: 10 against 8 at axis -1; reshape or expand one of them',
  },
  {
    title: 'batch norm for another number of channels',
    run: (own) => own(new Net(new nn.Sequential(new nn.Conv2d(1, 4, 3), new nn.BatchNorm2d(8)), head())).forward(ones([2, 1, 12, 12])),
    message: 'features.1 (BatchNorm2d): [BatchNorm2d] expected 8 channels, got 4 from input [2, 4, 10, 10]; build BatchNorm2d(4)',
  },
  {
    title: 'two-dimensional batch norm behind a linear layer',
    run: (own) =>
      own(new Net(new nn.Flatten(), new nn.Sequential(new nn.Linear(144, 8), new nn.BatchNorm2d(8)))).forward(ones([2, 1, 12, 12])),
    message: 'head.1 (BatchNorm2d): [BatchNorm2d] expected input [batch, channels, height, width], got [2, 8]; use BatchNorm1d',
  },
  {
    title: 'batch norm in training with a single sample',
    run: (own) =>
      own(new Net(new nn.Flatten(), new nn.Sequential(new nn.Linear(144, 8), new nn.BatchNorm1d(8)))).forward(ones([1, 1, 12, 12])),
    message:
      'head.1 (BatchNorm1d): [batchNorm] expected more than one value per channel in training, got input [1, 8]; use a larger batch or eval()',
  },
  {
    title: 'layer norm over an axis of another size',
    run: (own) => own(new Net(new nn.Flatten(), new nn.LayerNorm(128))).forward(ones([2, 1, 12, 12])),
    message: 'head (LayerNorm): [layerNorm] expected input [..., 128], got [2, 144]; normalizedShape is what x ends in',
  },
  {
    title: 'reflection wider than the image',
    run: (own) => own(new Net(new nn.Conv2d(1, 4, 3, { padding: 4, paddingMode: 'reflect' }), head())).forward(ones([2, 1, 4, 4])),
    message:
      "features (Conv2d): [pad] expected padding of at most 3 for mode 'reflect' (input [2, 1, 4, 4], axis 2), got 4 and 4; pad less or use another mode",
  },
  {
    title: 'a 1-D convolution on images',
    run: (own) => own(new Net(new nn.Conv1d(1, 4, 3), head())).forward(ones([2, 1, 12, 12])),
    message:
      'features (Conv1d): [conv] expected input [batch, channels, length] or [channels, length], got [2, 1, 12, 12]; reshape it, or use the function of its number of axes',
  },
  {
    title: 'an embedding fed with floats',
    run: (own) => own(new Net(new nn.Embedding(10, 4), head())).forward(zeros([2, 3])),
    message: "features (Embedding): [embedding] expected int32 indices, got float32; use cast('int32')",
  },
];

import { full, ones, rand, tensor, zeros } from '@konv/core-tensor';
import { optim } from '@konv/trainer';
import { nn } from '../harness/nn.js';
import { features, head, Net } from './networks.js';
import type { Mistake, Own } from './types.js';

const scores = (own: Own) => own(new Net(features(), head())).forward(ones([2, 1, 12, 12]));

class Listed extends nn.Module {
  layers = [new nn.Linear(2, 2), new nn.Linear(2, 2)];
  override forward(): never {
    throw new Error('not to be called');
  }
}

/** Mistakes in how layers are built, in targets, gradients, optimizers and saved states. */
export const trainingMistakes: readonly Mistake[] = [
  {
    title: 'options by position',
    run: () => new nn.Conv2d(1, 4, 3, 1 as never),
    message: '[Conv2d] expected an object of options, got 1; write { stride: ... }',
  },
  {
    title: 'options under their Python names',
    run: () => new nn.Conv2d(1, 4, 3, { padding_mode: 'reflect' } as never),
    message:
      '[Conv2d] expected options among stride, padding, dilation, groups, bias, paddingMode, dtype, backend, generator, got padding_mode; write paddingMode',
  },
  {
    title: 'groups that do not divide the channels',
    run: () => new nn.Conv2d(3, 4, 3, { groups: 2 }),
    message: '[Conv2d] expected inChannels to be divisible by groups 2, got 3; choose groups that divide both',
  },
  {
    title: "padding 'same' with a stride",
    run: () => new nn.Conv2d(3, 4, 3, { padding: 'same', stride: 2 }),
    message: "[Conv2d] expected stride 1 for padding 'same', got (2, 2); give the padding as a number",
  },
  {
    title: 'pooling with more padding than half its kernel',
    run: () => new nn.MaxPool2d(2, { padding: 2 }),
    message: '[MaxPool2d] expected padding of at most half the kernel (2, 2), got (2, 2); use a ConvNd or pad() for more',
  },
  {
    title: 'an output padding as large as the stride',
    run: (own) => own(new nn.Sequential(new nn.ConvTranspose2d(1, 1, 3, { stride: 2, outputPadding: 2 }))).forward(ones([1, 1, 3, 3])),
    message:
      '0 (ConvTranspose2d): [convTranspose] expected outputPadding less than stride [2, 2] or dilation [1, 1], got [2, 2]; it only chooses among the sizes that the stride leaves open',
  },
  {
    title: 'class targets as floats',
    run: (own) => new nn.CrossEntropyLoss().forward(scores(own), zeros([2])),
    message: "CrossEntropyLoss: [crossEntropy] expected int32 class targets, got float32 [2]; use targets.cast('int32')",
  },
  {
    title: 'class targets with an axis too many',
    run: (own) => new nn.CrossEntropyLoss().forward(scores(own), tensor([[0], [1]], { dtype: 'int32' })),
    message:
      'CrossEntropyLoss: [crossEntropy] expected targets [2] for input [2, 3], got [2, 1]; one class number for each: use targets.squeeze(-1)',
  },
  {
    title: 'classes counted from 1',
    run: (own) => new nn.CrossEntropyLoss().forward(scores(own), tensor([1, 3], { dtype: 'int32' })),
    message:
      'CrossEntropyLoss: [crossEntropy] expected targets in [0, 2] (input [2, 3]) or ignoreIndex -100, got 3 at flat position 1; check the labels or the number of classes',
    readsValues: true,
  },
  {
    title: 'a regression target without the axis of the output',
    run: () => new nn.MSELoss().forward(ones([4, 1]), ones([4])),
    message: 'MSELoss: [mseLoss] expected input and target of one shape, got [4, 1] and [4]; reshape or expand one',
  },
  {
    title: 'logits given to BCELoss',
    run: () => new nn.BCELoss().forward(full([2], 3), ones([2])),
    message:
      'BCELoss: [binaryCrossEntropy] expected probabilities in [0, 1], got 3 at flat position 0 of input [2]; apply sigmoid, or use binaryCrossEntropyWithLogits on the scores',
    readsValues: true,
  },
  {
    title: 'backward of a loss that was not reduced',
    run: (own) => new nn.MSELoss({ reduction: 'none' }).forward(scores(own), ones([2, 3])).backward(),
    message:
      '[backward] expected a scalar, got shape [2, 3] without a gradient; reduce it (sum(), mean()), or pass a gradient of its shape',
  },
  {
    title: 'a second backward through the same graph',
    run: (own) => {
      const loss = new nn.MSELoss().forward(scores(own), ones([2, 3]));
      loss.backward();
      loss.backward();
    },
    message:
      '[square backward] expected the values that the forward pass saved, got a graph that an earlier backward() or grad() has freed; pass { retainGraph: true } to the earlier call',
  },
  {
    title: 'a parameter changed in place by hand',
    run: (own) => own(new nn.Linear(2, 2)).weight.sub_(1),
    message:
      '[sub_] expected a tensor that is not a leaf of the graph, got a leaf that requires grad; wrap the change in noGrad(() => ...)',
  },
  {
    title: 'layers in a plain array',
    run: (own) => {
      const listed = new Listed();
      for (const layer of listed.layers) own(layer);
      return [...listed.parameters()];
    },
    message:
      '[parameters] expected Listed.layers to be a Module or a Parameter, got a plain array with a Linear in it, which would be neither trained nor saved; hold the modules in a ModuleList or a Sequential',
  },
  {
    title: 'the state of another network',
    run: (own) => own(new nn.Linear(4, 2)).loadStateDict({ weight: rand([2, 3]), biases: rand([2]) }),
    message:
      '[loadStateDict] expected the keys, shapes and dtypes of Linear, got others; build the module as it was when it was saved. Nothing was changed.\nError(s) in loading state_dict for Linear:\n\tMissing key(s) in state_dict: "bias".\n\tUnexpected key(s) in state_dict: "biases".\n\tsize mismatch for weight: copying a param with shape [2, 3] from checkpoint, the shape in current model is [2, 4].',
  },
  {
    title: 'an optimizer given the network',
    run: (own) => new optim.SGD(own(new nn.Linear(2, 2)) as never, { lr: 0.1 }),
    message: '[SGD] expected parameters, got Linear(in_features=2, out_features=2, bias=True); pass model.parameters()',
  },
  {
    title: 'an optimizer without parameters',
    run: () => new optim.SGD([], { lr: 0.1 }),
    message: '[SGD] expected at least one parameter, got none; does the model have any?',
  },
];

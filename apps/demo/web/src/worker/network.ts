import { AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from '@konv/layers';
import { optim } from '@konv/trainer';
import { type LayerSpec, layersOf } from '../model/layers.js';
import { MOMENTUM, type Settings } from '../model/settings.js';

export type Optimizer = optim.Optimizer<{ lr: number }>;

/** A network that has been laid out; weights come from the global generator, in PyTorch's order. */
export function buildNetwork(settings: Settings): Sequential {
  return new Sequential(...layersOf(settings).map(moduleOf));
}

function moduleOf({ kind, args: [a, b, c], options }: LayerSpec): Module {
  switch (kind) {
    case 'Conv2d':
      return new Conv2d(a, b, c, options);
    case 'BatchNorm2d':
      return new BatchNorm2d(a);
    case 'ReLU':
      return new ReLU();
    case 'MaxPool2d':
      return new MaxPool2d(a);
    case 'AdaptiveAvgPool2d':
      return new AdaptiveAvgPool2d(a);
    case 'Flatten':
      return new Flatten();
    case 'Linear':
      return new Linear(a, b);
  }
}

export function buildOptimizer(net: Sequential, { optimizer, lr }: Settings): Optimizer {
  const params = [...net.parameters()];
  switch (optimizer) {
    case 'SGD':
      return new optim.SGD(params, { lr, momentum: MOMENTUM }) as unknown as Optimizer;
    case 'Adam':
      return new optim.Adam(params, { lr }) as unknown as Optimizer;
    case 'AdamW':
      return new optim.AdamW(params, { lr }) as unknown as Optimizer;
    case 'RMSprop':
      return new optim.RMSprop(params, { lr }) as unknown as Optimizer;
    case 'Adagrad':
      return new optim.Adagrad(params, { lr }) as unknown as Optimizer;
  }
}

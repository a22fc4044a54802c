import { getBackend, getRngState, isTensor, setRngState, useBackend } from '@konv/core-tensor';
import { AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from '@konv/layers';
import { optim } from '@konv/trainer';
import { type LayerSpec, layersOf } from '../model/layers.js';
import { MOMENTUM, type Settings } from '../model/settings.js';

export type Optimizer = optim.SGD | optim.Adam | optim.RMSprop | optim.Adagrad;
/** The state of an optimizer: tensors and counters by the parameter's position. */
export type OptimizerState = ReturnType<Optimizer['stateDict']>['state'];

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
      return new optim.SGD(params, { lr, momentum: MOMENTUM });
    case 'Adam':
      return new optim.Adam(params, { lr });
    case 'AdamW':
      return new optim.AdamW(params, { lr });
    case 'RMSprop':
      return new optim.RMSprop(params, { lr });
    case 'Adagrad':
      return new optim.Adagrad(params, { lr });
  }
}

/** Frees the gradients that an optimizer reads and the tensors that it keeps. */
export function freeOptimizer(optimizer: Optimizer): void {
  optimizer.zeroGrad();
  for (const entry of Object.values(optimizer.stateDict().state)) for (const v of Object.values(entry)) if (isTensor(v)) v.dispose();
}

/** Builds on a backend; the backend of now and the random numbers to come stay what they are. */
export function unnoticed<T>(backend: string, build: () => T): T {
  const [state, current] = [getRngState(), getBackend().name];
  try {
    useBackend(backend);
    return build();
  } finally {
    useBackend(current);
    setRngState(state);
  }
}

import type { Tensor } from '@konv/core-tensor';
import { nn } from '../harness/nn.js';

/** A small image classifier; `features` and `head` are what mistakes change. */
export class Net extends nn.Module {
  features: nn.Module;
  head: nn.Module;
  constructor(features: nn.Module, head: nn.Module) {
    super();
    this.features = features;
    this.head = head;
  }
  override forward(x: Tensor): Tensor {
    return this.head.forward(this.features.forward(x)) as Tensor;
  }
}

/** Features for images [batch, 1, 12, 12], and a head for what they give: [batch, 8, 3, 3]. */
export const features = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 8, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
export const head = (inFeatures = 72): nn.Sequential => new nn.Sequential(new nn.Flatten(), new nn.Linear(inFeatures, 3));

/** y = x + inner(x), as in residual networks. */
export class Residual extends nn.Module {
  inner: nn.Module;
  constructor(inner: nn.Module) {
    super();
    this.inner = inner;
  }
  override forward(x: Tensor): Tensor {
    return x.add(this.inner.forward(x) as Tensor);
  }
}

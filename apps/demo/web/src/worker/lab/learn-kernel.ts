import '@konv/autograd';
import { fromHost, Generator, getBackend, noGrad, scope, type Tensor } from '@konv/core-tensor';
import { Conv2d, functional } from '@konv/layers';
import { edgeImage, edgeKernel } from '../../model/edges.js';
import type { LearnStep } from '../../model/protocol.js';
import { openBackend } from '../backends.js';

/** The article's. */
const SEED = 0;

/**
 * Gradient descent on the kernel of `Conv2d(1, 1, [1, 2])`, from the edge image and its edges: weight -= lr * gradient of the
 * squared error. Returns `steps + 1` entries: entry t is the kernel after t updates, with what it makes of the image and the
 * error of that. Where the error grows beyond all bounds the entries hold infinities or NaN, as the training does.
 */
export async function learnKernel(lr: number, steps: number): Promise<readonly LearnStep[]> {
  const name = await openBackend('cpu-js', 1);
  const backend = getBackend(name);
  // Nothing is awaited from here on: what else this worker does never sees these scopes.
  const conv = new Conv2d(1, 1, [1, 2], { bias: false, backend: name, generator: new Generator(SEED) });
  try {
    return scope(() => {
      const image = edgeImage();
      const x = fromHost(backend, image.data, [1, 1, ...image.shape], 'float32');
      const y = functional.conv2d(x, fromHost(backend, edgeKernel.data, [1, 1, ...edgeKernel.shape], 'float32'));
      return Array.from({ length: steps + 1 }, (_, step) => scope(() => advance(conv, x, y, step, step < steps ? lr : null)));
    });
  } finally {
    conv.dispose();
  }
}

/** The entry of now, and one update unless `lr` is null. */
function advance(conv: Conv2d, x: Tensor, y: Tensor, step: number, lr: number | null): LearnStep {
  const kernel = [...conv.weight.dataSync()].map(Number);
  const output = conv.forward(x);
  const loss = output.sub(y).square().sum();
  if (lr !== null) {
    conv.zeroGrad();
    loss.backward();
    noGrad(() => conv.weight.sub_((conv.weight.grad as Tensor).mul(lr)));
  }
  return {
    step,
    kernel,
    loss: loss.itemSync(),
    output: { shape: output.shape.slice(2), data: Float32Array.from(output.dataSync() as Float32Array) },
  };
}

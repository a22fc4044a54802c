import { fromHost, getBackend, scope } from '@konv/core-tensor';
import { functional } from '@konv/layers';
import type { ConvRequest, Values } from '../../model/protocol.js';
import { openBackend } from '../backends.js';

/**
 * Cross-correlation of an image [height, width] (or a signal [length]) with a kernel of the same rank, by konv's conv2d
 * (conv1d) in plain JavaScript: batch and channels of one. Errors: those of the convolution, whose messages say the shapes.
 */
export async function correlate({ image, kernel, stride, padding, dilation }: ConvRequest): Promise<Values> {
  const backend = getBackend(await openBackend('cpu-js', 1));
  // Nothing is awaited from here on: two requests never share a scope.
  return scope(() => {
    const x = fromHost(backend, image.data, [1, 1, ...image.shape], 'float32');
    const w = fromHost(backend, kernel.data, [1, 1, ...kernel.shape], 'float32');
    const conv = image.shape.length === 1 ? functional.conv1d : functional.conv2d;
    const y = conv(x, w, null, { stride, padding, dilation });
    return { shape: y.shape.slice(2), data: Float32Array.from(y.dataSync() as Float32Array) };
  });
}

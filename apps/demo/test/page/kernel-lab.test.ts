import { memory } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { edgeImage, edgeKernel, transposed } from '../../web/src/model/edges.js';
import type { ConvRequest } from '../../web/src/model/protocol.js';
import { outputSize, sumOf, taps, tolerance } from '../../web/src/sections/kernel-view/arithmetic.js';
import { kernels1d, kernels2d } from '../../web/src/sections/kernel-view/presets.js';
import { heartbeats } from '../../web/src/sections/kernel-view/signals-1d.js';
import { fateOf, kernelText, LR, printed, STEPS } from '../../web/src/sections/learn-kernel/story.js';
import { openBackend } from '../../web/src/worker/backends.js';
import { correlate } from '../../web/src/worker/lab/correlate.js';
import { learnKernel } from '../../web/src/worker/lab/learn-kernel.js';

const rest = { stride: 1, padding: 0, dilation: 1 };

beforeAll(async () => {
  await openBackend('cpu-js', 1);
});

describe('correlate', () => {
  it('sees the vertical edges and, in the turned image, none', async () => {
    const y = await correlate({ image: edgeImage(), kernel: edgeKernel, ...rest });
    expect(y.shape).toEqual([6, 7]);
    expect([...y.data.subarray(0, 7)]).toEqual([0, 1, 0, 0, 0, -1, 0]);
    const turned = await correlate({ image: transposed(edgeImage()), kernel: edgeKernel, ...rest });
    expect(turned.data.every((v) => v === 0)).toBe(true);
  });

  const picture = { shape: [9, 11], data: Float32Array.from({ length: 99 }, (_, i) => Math.fround(Math.sin(i * 1.7) ** 2)) };
  const slides = [
    rest,
    { stride: 2, padding: 1, dilation: 1 },
    { stride: 3, padding: 4, dilation: 2 },
    { stride: 1, padding: 4, dilation: 4 },
  ];
  const requests: ConvRequest[] = slides.flatMap((slide) => [
    ...kernels2d.map(({ kernel }) => ({ image: picture, kernel, ...slide })),
    ...kernels1d.map(({ kernel }) => ({ image: heartbeats(), kernel, ...slide })),
  ]);

  it.each(requests)(
    'gives what the sums written out give: $kernel.shape, stride $stride, padding $padding, dilation $dilation',
    async (request) => {
      const { image, kernel } = request;
      const y = await correlate(request);
      expect(y.shape).toEqual(image.shape.map((n, axis) => outputSize(n, kernel.shape[axis], request)));
      for (const [i, value] of y.data.entries()) {
        const seen = taps(image, kernel, request, y.shape, i);
        expect(Math.abs(sumOf(seen) - value)).toBeLessThanOrEqual(tolerance(seen));
      }
    },
  );

  it('leaves no tensor, also when it fails and when two run at a time', async () => {
    const before = memory().tensors;
    const request = { image: edgeImage(), kernel: edgeKernel, ...rest };
    await Promise.all([correlate(request), correlate({ ...request, stride: 2 }), learnKernel(LR, 3)]);
    await expect(correlate({ ...request, dilation: 9 })).rejects.toThrow(/expected a padded input/);
    expect(memory().tensors).toBe(before);
  });
});

describe('learnKernel', () => {
  it("prints the article's lines and PyTorch's kernel", async () => {
    const entries = await learnKernel(LR, STEPS);
    expect(entries).toHaveLength(STEPS + 1);
    expect(printed(entries, STEPS)).toEqual([
      'epoch 2, loss 8.330',
      'epoch 4, loss 1.722',
      'epoch 6, loss 0.422',
      'epoch 8, loss 0.125',
      'epoch 10, loss 0.043',
    ]);
    expect(kernelText(entries[STEPS].kernel)).toBe('[[1.0063, -0.9662]]');
    expect(printed(entries, 5)).toHaveLength(2);
    expect(fateOf(entries)).toBe('learns');
  });

  it('each entry is of one piece: its output and loss are those of its kernel', async () => {
    for (const { kernel, output, loss } of await learnKernel(LR, 4)) {
      const y = await correlate({ image: edgeImage(), kernel: { shape: [1, 2], data: Float32Array.from(kernel) }, ...rest });
      expect(output).toEqual(y);
      const edges = await correlate({ image: edgeImage(), kernel: edgeKernel, ...rest });
      expect(loss).toBeCloseTo(
        output.data.reduce((sum, v, i) => sum + (v - edges.data[i]) ** 2, 0),
        4,
      );
    }
  });

  it('is slow where the learning rate is small, and diverges where it is large', async () => {
    expect(fateOf(await learnKernel(0.001, 10))).toBe('slow');
    expect(fateOf(await learnKernel(0.06, 10))).toBe('diverges');
    expect(fateOf(await learnKernel(0.06, 50))).toBe('diverges');
  });
});

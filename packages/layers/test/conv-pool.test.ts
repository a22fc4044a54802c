import { type MaxPoolResult, manualSeed, memory, scope, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { thrown, values } from './support.js';

const ramp = (shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    { shape },
  );

describe('transposed convolutions', () => {
  it('have the weight of the convolution that they undo', () => {
    scope(() => {
      const down = new nn.Conv2d(2, 6, 3, { stride: 2, groups: 2 });
      const up = new nn.ConvTranspose2d(6, 2, 3, { stride: 2, groups: 2 });
      expect(up.weight.shape).toEqual([6, 1, 3, 3]);
      expect(up.weight.shape).toEqual(down.weight.shape);
      expect([...up.namedParameters()].map(([name]) => name)).toEqual(['weight', 'bias']);
      const x = zeros([1, 2, 8, 7]);
      expect(up.forward(down.forward(x), [8, 7]).shape).toEqual(x.shape);
      expect(up.forward(down.forward(x)).shape).toEqual([1, 2, 7, 7]);
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a padding mode',
      () => new nn.ConvTranspose2d(1, 1, 3, { paddingMode: 'reflect' as 'zeros' }),
      /^\[ConvTranspose2d\] expected paddingMode to be 'zeros', got 'reflect'/,
    ],
    [
      "'same'",
      () => new nn.ConvTranspose1d(1, 1, 3, { padding: 'same' as never }),
      /\[ConvTranspose1d\] expected padding to be a whole number/,
    ],
    ['snake_case', () => new nn.ConvTranspose2d(1, 1, 3, { output_padding: 1 } as object), /got output_padding; write outputPadding/],
    ['a negative outputPadding', () => new nn.ConvTranspose3d(1, 1, 3, { outputPadding: -1 }), /outputPadding to be a whole number >= 0/],
    ['groups', () => new nn.ConvTranspose2d(4, 3, 3, { groups: 2 }), /outChannels to be divisible by groups 2, got 3/],
    ['outputPadding for Conv2d', () => new nn.Conv2d(1, 1, 3, { outputPadding: 1 } as object), /^\[Conv2d\] expected options among/],
  ])('refuse %s, and draw nothing', (_, call, message) => {
    const before = memory();
    manualSeed(3);
    expect(thrown(call).message).toMatch(message);
    expect(memory()).toEqual(before);
    scope(() => {
      const after = values(new nn.Linear(1, 1).weight);
      manualSeed(3);
      expect(values(new nn.Linear(1, 1).weight)).toEqual(after);
    });
  });

  it('say which outputSize they can have', () => {
    scope(() => {
      const up = new nn.ConvTranspose2d(1, 1, 3, { stride: [2, 3] });
      expect(thrown(() => up.forward(zeros([1, 1, 3, 3]), [9, 9])).message).toMatch(
        /^ConvTranspose2d: \[ConvTranspose2d\] expected an outputSize from \[7, 9\] to \[8, 11\] for input \[1, 1, 3, 3\], got \[9, 9\]; pass/,
      );
      expect(thrown(() => up.forward(zeros([1, 1, 3, 3]), 8 as never)).message).toMatch(/got 8;/);
      expect(thrown(() => up.forward(zeros([3, 3]), [8, 8])).message).toMatch(/\[convTranspose\] expected input .*got \[3, 3\]/);
    });
  });
});

describe('max pools that return indices', () => {
  it('have them in their type, and hand them to MaxUnpool', () => {
    scope(() => {
      const pool = new nn.MaxPool2d(2, { returnIndices: true });
      const { values: y, indices }: MaxPoolResult = pool.forward(ramp([1, 1, 5, 4]));
      expect(indices.dtype).toBe('int32');
      expect(values(indices)).toEqual([5, 7, 13, 15]);
      const back: Tensor = new nn.MaxUnpool2d(2).forward(y, indices, [5, 4]);
      expect(values(back)).toEqual([0, 0, 0, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0, 13, 0, 15, 0, 0, 0, 0]);
      const plain: Tensor = new nn.MaxPool2d(2, { stride: 1 }).forward(ramp([1, 1, 2, 2]));
      expect(values(plain)).toEqual([3]);
      const adaptive: MaxPoolResult = new nn.AdaptiveMaxPool2d([1, null], { returnIndices: true }).forward(ramp([1, 1, 2, 2]));
      expect(values(adaptive.indices)).toEqual([2, 3]);
    });
  });

  it('may come last in a Sequential', () => {
    const net = new nn.Sequential(new nn.ReLU(), new nn.MaxPool1d(2, { returnIndices: true }));
    const x = ramp([1, 1, 4]);
    const before = memory().tensors;
    const { values: y, indices } = net.forward(x) as unknown as MaxPoolResult;
    expect([values(y), values(indices)]).toEqual([
      [1, 3],
      [1, 3],
    ]);
    expect(memory().tensors).toBe(before + 2);
    for (const t of [y, indices, x]) t.dispose();
  });
});

describe('pools refuse when they are built', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['divisor 0', () => new nn.AvgPool2d(2, { divisorOverride: 0 }), /^\[AvgPool2d\] expected divisorOverride to be other than 0/],
    ['half a divisor', () => new nn.AvgPool3d(2, { divisorOverride: 0.5 }), /divisorOverride to be a whole number, got 0\.5/],
    ['divisor in 1-D', () => new nn.AvgPool1d(2, { divisorOverride: 2 }), /^\[AvgPool1d\] expected options among .*got divisorOverride/],
    ['indices of another kind', () => new nn.MaxPool2d(2, { returnIndices: 1 as never }), /returnIndices to be true or false, got 1/],
    ['indices of averages', () => new nn.AvgPool2d(2, { returnIndices: true } as object), /got returnIndices/],
    ['no size', () => new nn.AdaptiveAvgPool2d(undefined as never), /^\[AdaptiveAvgPool2d\] expected outputSize .*got undefined/],
    ['null alone', () => new nn.AdaptiveMaxPool2d(null as never), /got null/],
    ['size 0', () => new nn.AdaptiveAvgPool1d(0), /^\[AdaptiveAvgPool1d\] expected outputSize to be a whole number >= 1, got 0/],
    ['three sizes', () => new nn.AdaptiveAvgPool2d([1, 2, 3]), /or 2 of them \(null keeps an axis\), got \[1, 2, 3\]/],
    [
      'sizes one by one',
      () => new nn.AdaptiveAvgPool2d(7, ...([5] as never[])),
      /expected outputSize alone, got 2 arguments; put the sizes in a list/,
    ],
    ['kernel 0', () => new nn.MaxUnpool2d(0), /^\[MaxUnpool2d\] expected kernelSize/],
    ['norm 0', () => new nn.LPPool2d(0, 2), /^\[LPPool2d\] expected normType to be a finite number other than 0, got 0/],
  ])('%s', (_, call, message) => {
    expect(thrown(call).message).toMatch(message);
  });
});

it('padding modes leave nothing behind, also where the convolution then refuses', () => {
  const conv = new nn.Conv2d(1, 1, 3, { padding: 1, paddingMode: 'reflect' });
  const narrow = new nn.Conv2d(2, 1, 3, { padding: [1, 3], paddingMode: 'reflect' });
  const x = ramp([1, 1, 3, 3]);
  const before = memory().tensors;
  const y = conv.forward(x);
  expect(memory().tensors).toBe(before + 1);
  y.dispose();
  for (const wrong of [narrow, new nn.Conv2d(2, 1, 3, { padding: 1, paddingMode: 'circular' })]) {
    const start = memory().tensors;
    thrown(() => wrong.forward(x));
    expect(memory().tensors).toBe(start);
  }
  expect(thrown(() => narrow.forward(x)).message).toMatch(/at most 2 for mode 'reflect' \(input \[1, 1, 3, 3\], axis 3\), got 3 and 3/);
  expect(thrown(() => conv.forward(tensor([1]))).message).toMatch(
    /^Conv2d: \[conv\] expected input \[batch, channels, height, width\] or .*got \[1\]/,
  );
});

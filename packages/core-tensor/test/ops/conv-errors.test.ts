import { describe, expect, it } from 'vitest';
import { conv1d, conv2d, convTranspose1d, convTranspose2d, zeros } from '../../src/index.js';
import './support.js';

describe('what conv refuses', () => {
  const z = (...shape: number[]) => zeros(shape, { backend: 'native' });
  const cases: [string, () => unknown, string, RegExp][] = [
    [
      'channels',
      () => conv2d(z(8, 1, 28, 28), z(16, 3, 5, 5)),
      'ShapeError',
      /^\[conv\] expected 3 input channels \(weight \[16, 3, 5, 5\], groups 1\), got 1 from input \[8, 1, 28, 28\]; give the layer 1 input channels, or the input 3$/,
    ],
    [
      'rank',
      () => conv2d(z(28, 28), z(16, 3, 5, 5)),
      'ShapeError',
      /expected input \[batch, channels, height, width\] or .*, got \[28, 28\]; reshape/,
    ],
    [
      'weight rank',
      () => conv2d(z(1, 3, 9, 9), z(3, 5, 5)),
      'ShapeError',
      /expected weight \[outChannels, inChannels \/ groups, height, width\].*got \[3, 5, 5\]/,
    ],
    ['empty weight', () => conv2d(z(1, 3, 9, 9), z(3, 3, 0, 5)), 'ShapeError', /sizes >= 1, got \[3, 3, 0, 5\]/],
    ['bias', () => conv2d(z(1, 3, 9, 9), z(4, 3, 5, 5), z(3)), 'ShapeError', /expected bias \[4\] \(weight \[4, 3, 5, 5\]\), got \[3\]/],
    [
      'kernel too large',
      () => conv2d(z(1, 1, 3, 3), z(1, 1, 5, 5)),
      'ShapeError',
      /extent \[5, 5\].*got \[3, 3\] from input \[1, 1, 3, 3\]; pad more/,
    ],
    ['dilated kernel too large', () => conv1d(z(1, 1, 4), z(1, 1, 3), null, { dilation: 2 }), 'ShapeError', /extent \[5\].*dilation \[2\]/],
    [
      'stride 0',
      () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { stride: 0 }),
      'ShapeError',
      /stride to be a whole number >= 1 .*, got 0/,
    ],
    ['negative stride', () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { stride: [1, -1] }), 'ShapeError', /got \[1, -1\]/],
    ['fractional stride', () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { stride: 1.5 }), 'ShapeError', /got 1.5/],
    ['NaN padding', () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { padding: Number.NaN }), 'ShapeError', /padding .* got NaN/],
    [
      'padding count',
      () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { padding: [1, 1, 1] }),
      'ShapeError',
      /or 2 of them \(height, width\), got \[1, 1, 1\]/,
    ],
    [
      'padding word',
      () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { padding: 'full' as 'same' }),
      'ShapeError',
      /'same' or 'valid', got 'full'/,
    ],
    [
      'same with stride',
      () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { padding: 'same', stride: 2 }),
      'ShapeError',
      /stride 1 with padding 'same', got \[2, 2\]/,
    ],
    [
      'dilation',
      () => conv2d(z(1, 1, 9, 9), z(1, 1, 3, 3), null, { dilation: Number.POSITIVE_INFINITY }),
      'ShapeError',
      /dilation .* got Infinity/,
    ],
    [
      'groups',
      () => conv2d(z(1, 4, 9, 9), z(3, 2, 3, 3), null, { groups: 2 }),
      'ShapeError',
      /groups to divide 3 output channels .* got 2/,
    ],
    ['groups 0', () => conv2d(z(1, 4, 9, 9), z(3, 2, 3, 3), null, { groups: 0 }), 'ShapeError', /groups to be a whole number >= 1, got 0/],
    [
      '2^31 elements',
      () => conv1d(z(1, 1, 1), z(65536, 1, 1), null, { padding: 20000 }),
      'ShapeError',
      /at most 2\^31 - 1 elements, got \d+ in output \[1, 65536, 40001\]/,
    ],
    ['int weight', () => conv1d(z(1, 1, 4), z(1, 1, 2).cast('int32')), 'DTypeError', /float weight, got int32; use cast/],
    ['no tensor', () => conv1d([1, 2] as never, z(1, 1, 2)), 'DTypeError', /\[conv\] expected a tensor as input, got an array; wrap it/],
    [
      'flat input',
      () => conv2d(z(1, 1, 0, 4), z(1, 1, 1, 1), null, { padding: 1 }),
      'ShapeError',
      /sizes >= 1 on all axes but the batch, got input \[1, 1, 0, 4\]/,
    ],
    [
      'transposed channels',
      () => convTranspose2d(z(1, 3, 4, 4), z(2, 5, 3, 3)),
      'ShapeError',
      /^\[convTranspose\] expected 2 input channels/,
    ],
    [
      'outputPadding',
      () => convTranspose1d(z(1, 1, 4), z(1, 1, 3), null, { outputPadding: 1 }),
      'ShapeError',
      /outputPadding less than stride \[1\] or dilation \[1\], got \[1\]/,
    ],
    [
      'transposed to nothing',
      () => convTranspose1d(z(1, 1, 1), z(1, 1, 2), null, { padding: 1 }),
      'ShapeError',
      /output of size >= 1, got \[0\]/,
    ],
  ];
  it.each(cases)('%s', (_, run, name, message) => {
    let caught: Error | null = null;
    try {
      run();
    } catch (e) {
      caught = e as Error;
    }
    expect(caught?.name).toBe(name);
    expect(caught?.message).toMatch(message);
  });
});

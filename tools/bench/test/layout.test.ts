import { describe, expect, it } from 'vitest';
import { axes, difference, permuted, permutedShape } from '../src/layout.js';

const counted = (shape: readonly number[]): Float32Array => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);

describe('permuted', () => {
  it('transposes a matrix', () => {
    expect([...permuted(counted([2, 3]), [2, 3], [1, 0])]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('puts channels last', () => {
    const shape = [2, 3, 4, 5];
    expect(permutedShape(shape, axes.nchwToNhwc)).toEqual([2, 4, 5, 3]);
    const nhwc = permuted(counted(shape), shape, axes.nchwToNhwc);
    // Element [1, 2, 3, 0] of NHWC is [1, 0, 2, 3] of NCHW.
    expect(nhwc[((1 * 4 + 2) * 5 + 3) * 3]).toBe(((1 * 3 + 0) * 4 + 2) * 5 + 3);
  });

  it.each([
    ['nchwToNhwc', 'nhwcToNchw'],
    ['oihwToHwio', 'hwioToOihw'],
    ['c1hwToHwc1', 'hwc1ToC1hw'],
  ] as const)('%s and %s undo each other', (there, back) => {
    const shape = [2, 3, 4, 5];
    const turned = permuted(counted(shape), shape, axes[there]);
    expect(permuted(turned, permutedShape(shape, axes[there]), axes[back])).toEqual(counted(shape));
  });
});

describe('difference', () => {
  it('is in terms of the greatest value', () => {
    expect(difference(Float32Array.of(1, -4), Float32Array.of(1.5, -4))).toBe(0.125);
    expect(difference(Float32Array.of(0, 0), Float32Array.of(0, 0))).toBe(0);
  });

  it('is infinite for NaN and for another size', () => {
    expect(difference(Float32Array.of(1, 2), Float32Array.of(NaN, 2))).toBe(Infinity);
    expect(difference(Float32Array.of(1, 2), Float32Array.of(1))).toBe(Infinity);
  });
});

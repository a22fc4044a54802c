import { describe, expect, it } from 'vitest';
import { edgeImage, edgeKernel, transposed } from '../../web/src/model/edges.js';
import type { Values } from '../../web/src/model/protocol.js';
import {
  noOutput,
  number,
  outputAt,
  outputSize,
  resized,
  sizeText,
  sumOf,
  taps,
  tolerance,
  writtenSum,
} from '../../web/src/sections/kernel-view/arithmetic.js';
import { fitted, gradient, greyOf } from '../../web/src/sections/kernel-view/grey.js';
import { moved } from '../../web/src/sections/kernel-view/moves.js';
import { kernels1d, kernels2d, LARGEST_SIDE, LENGTHS } from '../../web/src/sections/kernel-view/presets.js';
import { cameraProblem } from '../../web/src/sections/kernel-view/problems.js';
import { heartbeats, step } from '../../web/src/sections/kernel-view/signals-1d.js';

const rest = { stride: 1, padding: 0, dilation: 1 };

describe('how large the output is', () => {
  it.each([
    [8, 2, rest, 7],
    [28, 5, { stride: 2, padding: 2, dilation: 1 }, 14],
    [7, 3, { stride: 1, padding: 0, dilation: 3 }, 1],
    [6, 3, { stride: 1, padding: 0, dilation: 3 }, 0],
    [6, 5, { stride: 4, padding: 0, dilation: 4 }, -2],
  ])('n %d, k %d, %o: %d', (n, k, slide, size) => {
    expect(outputSize(n, k, slide)).toBe(size);
  });

  it('is written with its numbers', () => {
    expect(sizeText(8, 2, rest)).toBe('⌊(8 + 2·0 − 1·(2 − 1) − 1) / 1⌋ + 1 = 7');
  });

  it('says why there is none, and what helps', () => {
    const slide = { ...rest, dilation: 4 };
    const why = noOutput(['height', 'width'], [6, 8], [3, 2], slide);
    expect(why).toContain('Its height reaches over 9, and there is room for 6 only, padding included.');
    expect(why).not.toContain('width');
    expect(why).toContain('less dilation or more padding or a smaller kernel');
    expect(noOutput(['height', 'width'], [6, 8], [3, 2], rest)).toBe('');
  });
});

describe('the sum written out', () => {
  it('is that of the article at its first edge', () => {
    const seen = taps(edgeImage(), edgeKernel, rest, [6, 7], 1);
    expect(writtenSum(seen)).toBe('1×1 + 0×(−1)');
    expect(sumOf(seen)).toBe(1);
  });

  it('takes zeros from the padding, and says where they are', () => {
    const seen = taps(edgeImage(), edgeKernel, { ...rest, padding: 1 }, [8, 9], 9);
    expect(seen.map((t) => [t.at, t.inside, t.x])).toEqual([
      [[0, -1], false, 0],
      [[0, 0], true, 1],
    ]);
    expect(sumOf(seen)).toBe(-1);
  });

  it('follows stride and dilation in one dimension', () => {
    const signal: Values = { shape: [7], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7) };
    const kernel: Values = { shape: [2], data: Float32Array.of(10, 1) };
    expect(writtenSum(taps(signal, kernel, { stride: 2, padding: 0, dilation: 3 }, [2], 1))).toBe('3×10 + 6×1');
  });

  it('allows what float32 may differ by, and no more', () => {
    const seen = taps(edgeImage(), edgeKernel, rest, [6, 7], 1);
    expect(tolerance(seen)).toBeLessThan(1e-6);
    expect(tolerance(seen)).toBeGreaterThan(1e-8);
  });

  it('writes numbers shortly', () => {
    expect([0, -0, -0.5, 1 / 3, -1e-9, 2.5e6, Number.NaN, Number.NEGATIVE_INFINITY].map((x) => number(x))).toEqual([
      '0',
      '0',
      '−0.5',
      '0.333',
      '0',
      '2.50e+6',
      'NaN',
      '−∞',
    ]);
  });
});

describe('moving the window', () => {
  it('finds the output below a pointer on the input, within bounds', () => {
    expect(outputAt([0, 1], [6, 7], rest)).toBe(1);
    expect(outputAt([5, 7], [6, 7], rest)).toBe(41);
    expect(outputAt([-1, -1], [8, 9], { ...rest, padding: 1 })).toBe(0);
    expect(outputAt([4, 5], [3, 4], { ...rest, stride: 2 })).toBe(10);
  });

  it('goes by arrow keys and stays inside', () => {
    expect(['ArrowRight', 'ArrowDown', 'ArrowUp', 'Home', 'End', 'a'].map((key) => moved(key, 3, 42, 7))).toEqual([4, 10, 3, 0, 41, null]);
  });
});

describe('kernels', () => {
  it('keep their numbers when their sides change', () => {
    const small: Values = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
    expect([...resized(small, 1, 3).data]).toEqual([1, 2, 0]);
    expect([...resized(resized(small, 3, 3), 2, 2).data]).toEqual([1, 2, 3, 4]);
  });

  it('to start from are whole and within the bounds', () => {
    for (const { kernel } of kernels2d) {
      expect(kernel.data.length).toBe(kernel.shape[0] * kernel.shape[1]);
      expect(Math.max(...kernel.shape)).toBeLessThanOrEqual(LARGEST_SIDE);
    }
    for (const { kernel } of kernels1d) {
      expect(kernel.data.length).toBe(kernel.shape[0]);
      expect(kernel.shape[0]).toBeGreaterThanOrEqual(LENGTHS.least);
      expect(kernel.shape[0]).toBeLessThanOrEqual(LENGTHS.most);
    }
  });
});

describe('pictures', () => {
  it('are turned by transposition', () => {
    const turned = transposed(edgeImage());
    expect(turned.shape).toEqual([8, 6]);
    expect([...turned.data.subarray(6, 18)]).toEqual([...Array(6).fill(1), ...Array(6).fill(0)]);
    expect(transposed(turned)).toEqual(edgeImage());
  });

  it('are shrunk to 64 at most, in their proportions', () => {
    expect(fitted(4000, 3000)).toEqual([64, 48]);
    expect(fitted(30, 20)).toEqual([30, 20]);
    expect(fitted(1, 5000)).toEqual([1, 64]);
  });

  it('become grey by luma, on white', () => {
    const { shape, data } = greyOf(Uint8ClampedArray.of(255, 0, 0, 255, 0, 0, 0, 0), 2, 1);
    expect(shape).toEqual([1, 2]);
    expect(data[0]).toBeCloseTo(0.299, 5);
    expect(data[1]).toBe(1);
  });

  it('and signals lie where they are said to', () => {
    expect([gradient().data[0], gradient().data.at(-1)]).toEqual([0, 1]);
    expect([...new Set(step().data)]).toEqual([0, 1]);
    const beat = heartbeats().data;
    expect(beat.indexOf(Math.max(...beat.subarray(0, 40)))).toBe(15);
  });
});

it('a camera that cannot be had is explained by its error', () => {
  const said = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'SomethingElse'].map(cameraProblem);
  expect(new Set(said).size).toBe(4);
  expect(said[0]).toMatch(/not allowed/);
});

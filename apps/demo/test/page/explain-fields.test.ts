import { describe, expect, it } from 'vitest';
import { planOf } from '../../web/src/model/layers.js';
import { architectures, defaults } from '../../web/src/model/settings.js';
import { indexAt, layoutOf, placeOf, planeOf } from '../../web/src/sections/unit/arrange.js';
import { fieldsOf, nearest } from '../../web/src/sections/unit/fields.js';
import { indexOf } from '../../web/src/worker/explain/host.js';

describe('what a unit is made of', () => {
  const lenet = planOf(defaults);

  it('of the first convolution: its window, cut at the edge', () => {
    expect(fieldsOf(lenet, { layer: 0, index: [2, 14, 10] })[0]).toEqual({ channel: null, rows: [12, 16], columns: [8, 12] });
    expect(fieldsOf(lenet, { layer: 0, index: [2, 0, 27] })[0]).toEqual({ channel: null, rows: [0, 2], columns: [25, 27] });
  });

  it('of the second convolution: 5 pooled numbers a side, 10 before the pool, 14 of the picture', () => {
    const fields = fieldsOf(lenet, { layer: 3, index: [1, 2, 3] });
    expect(fields[3]).toEqual({ channel: null, rows: [2, 6], columns: [3, 7] });
    expect(fields[2]).toEqual({ channel: null, rows: [4, 13], columns: [6, 15] });
    expect(fields[0]).toEqual({ channel: null, rows: [2, 15], columns: [4, 17] });
    expect(fields[4]).toEqual({ channel: 1, rows: [2, 2], columns: [3, 3] });
  });

  it('of a feature: the place it was flattened from; of a linear unit: everything', () => {
    const flat = fieldsOf(lenet, { layer: 6, index: [3 * 25 + 2 * 5 + 4] });
    expect(flat[6]).toEqual({ channel: 3, rows: [2, 2], columns: [4, 4] });
    expect(fieldsOf(lenet, { layer: 11, index: [0] })[0]).toEqual({ channel: null, rows: [0, 27], columns: [0, 27] });
    const mean = planOf({ ...defaults, architecture: 'average' });
    expect(fieldsOf(mean, { layer: 5, index: [7, 0, 0] })[5]).toEqual({ channel: 7, rows: [0, 9], columns: [0, 9] });
  });

  it('a unit that another network has not becomes the nearest that it has', () => {
    const linear = planOf({ ...defaults, architecture: 'linear' });
    expect(nearest(linear, { layer: 3, index: [12, 4, 4] })).toEqual({ layer: 1, index: [9] });
    expect(nearest(lenet, { layer: 0, index: [700] })).toEqual({ layer: 0, index: [5, 0, 0] });
  });
});

describe('how an output is laid out', () => {
  const shapes = architectures.flatMap((architecture) =>
    planOf({ ...defaults, architecture, channels: [5, 13] }).map(({ shape }) => shape),
  );

  it.each([...shapes, [31], [37], [252]].map((shape) => [shape]))('every element of %j has one place', (shape) => {
    const { channels, height, width } = layoutOf(shape);
    const size = shape.reduce((a, b) => a * b, 1);
    const places = new Set<string>();
    for (let k = 0; k < size; k++) {
      const { channel, row, column } = placeOf(shape, indexOf(shape, k));
      expect(indexAt(shape, channel, row, column)).toEqual(indexOf(shape, k));
      places.add(`${channel} ${row} ${column}`);
    }
    expect(places.size).toBe(size);
    expect(channels * height * width).toBeGreaterThanOrEqual(size);
    expect(planeOf(shape, new Float32Array(size).fill(1), channels - 1)).toHaveLength(height * width);
    expect(indexAt(shape, 0, height, 0)).toBe(null);
    expect(indexAt(shape, 0, 0, -1)).toBe(null);
  });

  it('a place past the last feature is no unit', () => {
    expect(indexAt([37], 0, 5, 6)).toBe(null);
  });
});

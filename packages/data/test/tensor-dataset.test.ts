import { cpuJs } from '@konv/backend-cpu-js';
import { manualSeed, registerBackend, ShapeError, tensor } from '@konv/core-tensor';
import { describe, expect, test } from 'vitest';
import { DataLoader, TensorDataset } from '../src/index.js';
import { countTensors, pairs } from './loader-tools.js';

countTensors();

describe('TensorDataset', () => {
  test('batches in order and shuffled, on the backend of the tensors', async () => {
    const x = tensor([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    const y = tensor(Int32Array.of(0, 1, 2, 3));
    const dataset = new TensorDataset(x, y);
    expect(dataset.length).toBe(4);
    let rows = 0;
    for await (const [a, b] of new DataLoader(dataset, { batchSize: 3 })) {
      expect(a.backend).toBe('cpu-js');
      a.add_(100);
      rows += b.size;
    }
    expect(rows).toBe(4);
    expect(await x.array()).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    manualSeed(0);
    const seen: number[] = [];
    for await (const [a, b] of new DataLoader(dataset, { batchSize: 3, shuffle: true })) {
      const labels = Array.from(await b.data());
      expect(await a.array()).toEqual(labels.map((k) => [2 * k, 2 * k + 1]));
      seen.push(...labels);
    }
    expect(seen.slice().sort()).toEqual([0, 1, 2, 3]);
    expect(seen).not.toEqual([0, 1, 2, 3]);
    x.dispose();
    y.dispose();
  });

  test('stays where its tensors are, whichever backend is current', async () => {
    registerBackend(Object.assign(cpuJs(), { name: 'elsewhere' }));
    const x = tensor([1, 2, 3], { backend: 'elsewhere' });
    for (const shuffle of [false, true]) {
      for await (const [a] of new DataLoader(new TensorDataset(x), { shuffle, backend: 'cpu-js' })) expect(a.backend).toBe('elsewhere');
    }
    for await (const [a] of new DataLoader(pairs(1), { backend: 'elsewhere' })) expect(a.backend).toBe('elsewhere');
    x.dispose();
  });

  test('a sample is a tuple of views', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const [row] = new TensorDataset(x).get(1);
    expect(row.isView).toBe(true);
    expect(await row.array()).toEqual([3, 4]);
    row.dispose();
    expect(() => new TensorDataset(x).get(2)).toThrow(/an index in \[0, 2\), got 2/);
    x.dispose();
  });

  test('what is no list of samples', () => {
    const x = tensor([1, 2, 3]);
    const y = tensor([1, 2]);
    const s = tensor(1);
    expect(() => new TensorDataset()).toThrow(/at least one tensor/);
    expect(() => new TensorDataset(x, y)).toThrow(/one size of the first dimension, got 3, 2/);
    expect(() => new TensorDataset(x, y)).toThrow(ShapeError);
    expect(() => new TensorDataset(s)).toThrow(/got a scalar as number 0/);
    expect(() => new TensorDataset([1, 2] as any)).toThrow(/expected tensors, got an array as number 0/);
    for (const t of [x, y, s]) t.dispose();
  });
});

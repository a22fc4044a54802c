import { memory, tensor } from '@konv/core-tensor';
import { type Average, ConfusionMatrix, f1, precision, recall, type StatefulMetric, topKAccuracy } from '@konv/trainer';
import { describe, expect, it } from 'vitest';
import { asLoader, smallNet, trainerFor } from './support.js';

/** Scores whose greatest is at the given class. */
const taken = (classes: readonly number[], n: number) => tensor(classes.map((c) => Array.from({ length: n }, (_, j) => Number(j === c))));
const labels = (...list: number[]) => tensor(Int32Array.from(list));

// By hand from the definitions. Class 3 neither occurs nor is predicted; class 2 occurs and is never predicted.
const actual = [0, 0, 0, 1, 1, 2];
const predicted = [0, 0, 1, 1, 0, 1];
const expected: Record<string, Record<Average, number>> = {
  precision: { macro: (2 / 3 + 1 / 3 + 0) / 3, weighted: (3 * (2 / 3) + 2 * (1 / 3) + 0) / 6, micro: 0.5 },
  recall: { macro: (2 / 3 + 1 / 2 + 0) / 3, weighted: (3 * (2 / 3) + 2 * (1 / 2) + 0) / 6, micro: 0.5 },
  f1: { macro: (2 / 3 + 2 / 5 + 0) / 3, weighted: (3 * (2 / 3) + 2 * (2 / 5) + 0) / 6, micro: 0.5 },
};
const make = { precision, recall, f1 };

describe.each(['precision', 'recall', 'f1'] as const)('%s', (name) => {
  it.each(['macro', 'weighted', 'micro'] as const)('%s, in any batches', async (average) => {
    const metric = make[name]({ classes: 4, average });
    for (const parts of [[6], [1, 2, 3]]) {
      metric.reset();
      let at = 0;
      for (const n of parts) {
        await metric.add(taken(predicted.slice(at, at + n), 4), labels(...actual.slice(at, at + n)));
        at += n;
      }
      expect(await metric.value()).toBeCloseTo(expected[name][average], 12);
    }
  });

  it('keeps a state', async () => {
    const metric = make[name]({ classes: 4 });
    await metric.add(taken(predicted, 4), labels(...actual));
    const state = metric.stateDict();
    const other = make[name]({ classes: 4 });
    other.loadStateDict(state);
    metric.reset();
    expect(await metric.value()).toBeNaN();
    expect(await other.value()).toBeCloseTo(expected[name].macro, 12);
    for (const bad of [null, {}, { dtype: 'int32', shape: [1], data: Int32Array.of(1) }]) {
      expect(() => other.loadStateDict(bad)).toThrow(/expected 16 counts/);
    }
    expect(await other.value()).toBeCloseTo(expected[name].macro, 12);
  });

  it('refuses bad options', () => {
    expect(() => make[name]({ classes: 0 })).toThrow(/classes/);
    expect(() => make[name]({ classes: 3, average: 'mean' as never })).toThrow(
      /average to be 'macro' or 'weighted' or 'micro', got 'mean'/,
    );
    expect(() => make[name]({ num_classes: 3 } as never)).toThrow(/got num_classes/);
  });
});

describe('topKAccuracy', () => {
  const scores = tensor([
    [0.1, 0.5, 0.4],
    [0.6, 0.3, 0.1],
    [0.2, 0.3, 0.5],
    [0.9, 0.06, 0.04],
  ]);
  it.each([
    [1, 0.25],
    [2, 0.75],
    [3, 1],
  ])('k = %i', (k, share) => {
    const before = memory().tensors;
    const value = topKAccuracy(k)(scores, labels(2, 1, 2, 2));
    expect(value.shape).toEqual([]);
    expect(value.itemSync()).toBeCloseTo(share, 6);
    expect(memory().tensors).toBeGreaterThan(before);
  });
  it('refuses bad ks and shapes', () => {
    expect(() => topKAccuracy(0)).toThrow(/a whole k >= 1, got 0/);
    expect(() => topKAccuracy(4)(scores, labels(2, 1, 2, 2))).toThrow(/at least 4 classes, got \[4, 3\]/);
    expect(() => topKAccuracy(1)(scores, labels(2))).toThrow(/scores \[batch, classes\]/);
  });
});

describe('ConfusionMatrix', () => {
  it('tells a class its precision, recall and f1, and prints', async () => {
    const m = new ConfusionMatrix(4);
    await m.add(taken(predicted, 4), labels(...actual));
    expect([0, 1, 2, 3].map((c) => m.precision(c))).toEqual([2 / 3, 1 / 3, 0, 0]);
    expect([0, 1, 2, 3].map((c) => m.recall(c))).toEqual([2 / 3, 1 / 2, 0, 0]);
    expect([0, 1, 2, 3].map((c) => m.f1(c))).toEqual([4 / 6, 2 / 5, 0, 0]);
    expect(String(m)).toBe('2 1 0 0\n1 1 0 0\n0 1 0 0\n0 0 0 0');
  });
  it('refuses targets that are no class, and counts nothing then', async () => {
    const m = new ConfusionMatrix(2);
    await expect(m.add(taken([0, 1], 2), labels(0, 2))).rejects.toThrow(/targets from 0 to 1, got 2/);
    await expect(m.add(taken([0, 1], 2), labels(-1, 0))).rejects.toThrow(/targets from 0 to 1, got -1/);
    await expect(m.add(taken([0, 1], 2), labels(0))).rejects.toThrow(/scores \[batch, classes\] and targets \[batch\]/);
    expect([...m.counts]).toEqual([0, 0, 0, 0]);
  });
});

describe('in the Trainer', () => {
  it('counts each pass by itself, in training and validation, and stays when a callback evaluates', async () => {
    const { rand } = await import('@konv/core-tensor');
    const net = smallNet();
    const list = Array.from({ length: 6 }, (_, i) => [rand([4, 1, 8, 8]), labels(i % 3, 0, 1, 2)] as const);
    const matrix = new ConfusionMatrix(3);
    const metrics = { right: matrix, recall: recall({ classes: 3 }), byHand: sameAs(matrix) };
    const trainer = trainerFor(net, { metrics });
    const totals: number[] = [];
    const history = await trainer.fit(asLoader(list), {
      epochs: 2,
      validation: asLoader(list.slice(0, 2)),
      callbacks: [
        {
          onStep: async (p) => {
            if (p.step === 3) await p.trainer.evaluate(asLoader(list));
          },
          onEpochEnd: () => void totals.push(matrix.counts.reduce((a, b) => a + b)),
        },
      ],
    });
    expect(totals).toEqual([24, 24]);
    for (const { metrics: m, validation } of history.epochs) {
      expect(m.right).toBe(m.byHand);
      expect(Object.keys(validation ?? {})).toEqual(['loss', 'right', 'recall', 'byHand']);
    }
    const { right } = await trainer.evaluate(asLoader(list.slice(0, 2)));
    expect(right).toBe(history.epochs[1].validation?.right);
    for (const pair of list) for (const t of pair) t.dispose();
  });

  it('hears of what a metric refuses, and of metrics that are none', async () => {
    const trainer = trainerFor(smallNet(), { metrics: { recall: recall({ classes: 2 }) } });
    const { rand } = await import('@konv/core-tensor');
    await expect(trainer.fit(asLoader([[rand([4, 1, 8, 8]), labels(0, 1, 2, 0)]]), { epochs: 1 })).rejects.toThrow(
      /scores \[batch, 2\], got \[4, 3\]/,
    );
    expect(() => trainerFor(smallNet(), { metrics: { loss: () => tensor(1) } })).toThrow(/metrics of other names than loss/);
    expect(() => trainerFor(smallNet(), { metrics: { a: {} as never } })).toThrow(
      /expected a to be a function .* without reset, add, value/,
    );
    expect(() => trainerFor(smallNet(), { metrics: [] as never })).toThrow(/metrics by name/);
  });
});

/** The accuracy, through a copy of the matrix' own counting. */
function sameAs(matrix: ConfusionMatrix): StatefulMetric {
  const own = new ConfusionMatrix(matrix.classes);
  return {
    reset: () => own.reset(),
    add: (o, t) => own.add(o, t),
    value: () => own.accuracy,
    stateDict: () => own.stateDict(),
    loadStateDict: (s) => own.loadStateDict(s),
  };
}

import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useBackend } from 'konv';

/** What the program printed, a line each. */
let lines: string[];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => {
    lines.push(...args.map(String).join(' ').split('\n'));
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the examples run', { timeout: 60_000 }, () => {
  // First, while nothing of another program waits for the collector: the count is exact.
  it("02: LeNet's loss falls, and nothing is left over", async () => {
    await import('../examples/02-lenet-by-hand.js');
    const losses = lines.slice(0, -1).map((line) => Number(/loss (.*)/.exec(line)?.[1]));
    expect(losses).toHaveLength(5);
    expect(losses[0]).toBeGreaterThan(2.2);
    expect(losses.at(-1)).toBeLessThan(1.9);
    // Ten parameters, each with its gradient and its momentum.
    expect(lines.at(-1)).toBe('30 tensors alive');
  });

  it('00: a first network learns', async () => {
    await import('../examples/00-first-network.js');
    const accuracies = lines[0].split(' ').map(Number);
    expect(accuracies).toHaveLength(12);
    expect(accuracies[0]).toBeLessThan(0.8);
    expect(accuracies.at(-1)).toBeGreaterThan(0.97);
  });

  it("01: the article prints PyTorch's digits", async () => {
    await import('../examples/01-article.js');
    const row = '        [ 0.,  1.,  0.,  0.,  0., -1.,  0.]';
    expect(lines).toEqual([
      'tensor([[19., 25.],',
      '        [37., 43.]])',
      'tensor([[ 8., 12.],',
      '        [20., 24.]])',
      `${row.replace('        [', 'tensor([[')},`,
      ...Array(4).fill(`${row},`),
      `${row}])`,
      'tensor(0.)',
      'epoch 2, loss 8.330',
      'epoch 4, loss 1.722',
      'epoch 6, loss 0.422',
      'epoch 8, loss 0.125',
      'epoch 10, loss 0.043',
      'tensor([[ 1.0063, -0.9662]])',
    ]);
  });

  it('03: the trainer trains, and its checkpoint is the best network', async () => {
    await import('../examples/03-trainer.js').finally(() => rmSync(join(tmpdir(), `lenet-${process.pid}.safetensors`)));
    const [, best, loaded, accuracy] = /best loss (.*), loaded (.*), accuracy (.*)/.exec(lines[0]) ?? [];
    expect(loaded).toBe(best);
    expect(Number(best)).toBeLessThan(1.2);
    expect(Number(accuracy)).toBeGreaterThan(0.5);
  });

  it('04: a backend is swapped in one line', async () => {
    try {
      await import('../examples/04-swap-backends.js');
      expect(lines[0]).toMatch(/^webgl: there is no canvas here/);
      expect(lines[1]).toBe('acme-gpu: no Acme card in this machine');
      const scores = lines.slice(2).map((line) => line.split(' '));
      expect(scores.map(([name]) => name)).toEqual(['cpu-js', 'wasm', 'acme']);
      const [ours, ...others] = scores.map(([, ...values]) => values.map(Number));
      expect(ours).toHaveLength(10);
      expect(new Set(ours).size).toBeGreaterThan(5);
      // Printed with four digits: at most the last may round the other way.
      for (const theirs of others) {
        theirs.forEach((v, i) => {
          expect(Math.abs(v - ours[i])).toBeLessThan(1.5e-4);
        });
      }
    } finally {
      useBackend('cpu-js');
    }
  });
});

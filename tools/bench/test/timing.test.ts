import { describe, expect, it } from 'vitest';
import { type Budget, interleave, quantile, type Runner, timing } from '../src/timing.js';

const budget: Budget = { ms: 100, least: 4, most: 10, warmUpMs: 0 };

/** Says that it took so many milliseconds, and notes its turn. */
const fake = (name: string, ms: number, log: string[]): Runner => ({
  run: () => {
    log.push(name);
    return ms;
  },
});

describe('interleave', () => {
  it('takes turns after the warm-up', async () => {
    const log: string[] = [];
    const outcomes = await interleave([fake('a', 20, log), fake('b', 20, log)], budget);
    expect(log.slice(0, 4)).toEqual(['a', 'a', 'b', 'b']);
    expect(log.slice(4).join('')).toBe('ab'.repeat(5));
    expect(outcomes).toEqual([Array(5).fill(20), Array(5).fill(20)]);
  });

  it('gives a slow contender fewer turns, spread over the rounds', async () => {
    const log: string[] = [];
    const [fast, slow] = await interleave([fake('a', 30, log), fake('b', 270, log)], { ...budget, ms: 300 });
    expect([fast, slow].map((samples) => (samples as number[]).length)).toEqual([10, 3]);
    expect(log.slice(4).join('')).toBe('aaaabaaabaaab');
  });

  it('runs one beyond the budget twice, and counts the second', async () => {
    let ms = 5000;
    const [samples] = await interleave([{ run: () => (ms -= 1000) }], budget);
    expect(samples).toEqual([3000]);
  });

  it('counts its first run where it has been run for its result, and the budget says so', async () => {
    const log: string[] = [];
    const slow = { ...fake('a', 4000, log), result: async () => Float32Array.of(1) };
    expect(await interleave([slow, fake('b', 50, log)], { ...budget, once: true })).toEqual([[4000], [50, 50, 50, 50]]);
    expect(log.join('')).toBe('abbbbbb');
  });

  it('measures short runs in bursts, the first of which only warms the caches', async () => {
    let count = 0;
    const [samples] = await interleave([{ run: () => (count++ % 4 === 2 ? 4 : 1) }], { ...budget, most: 6 });
    expect(samples).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('lets one that throws drop out, and the others go on', async () => {
    let runs = 0;
    const broken: Runner = {
      run: () => {
        if (++runs > 3) throw new Error('out of memory');
        return 20;
      },
    };
    const [failure, samples] = await interleave([broken, fake('b', 20, [])], budget);
    expect(failure).toEqual(new Error('out of memory'));
    expect(samples).toHaveLength(5);
  });
});

describe('statistics', () => {
  it('takes quantiles between samples', () => {
    expect(quantile([1, 2, 4, 8], 0.5)).toBe(3);
    expect(timing([8, 1, 4, 2, 6])).toEqual({ median: 4, lower: 2, upper: 6, runs: 5 });
  });

  it('scales a part to the whole', () => {
    expect(timing([1, 2, 3], 8).median).toBe(16);
  });
});

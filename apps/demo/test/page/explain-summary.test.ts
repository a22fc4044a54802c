import { describe, expect, it } from 'vitest';
import { summarize } from '../../web/src/worker/explain/summary.js';

/** Scores that are 0 but for these. */
function scores(rows: readonly Readonly<Record<number, number>>[]): Float32Array {
  const out = new Float32Array(rows.length * 10);
  rows.forEach((row, i) => {
    for (const [k, s] of Object.entries(row)) out[i * 10 + Number(k)] = s;
  });
  return out;
}

describe('the summary of an evaluation', () => {
  const labels = Uint8Array.from([3, 3, 6, 0, 9]);
  const found = summarize(scores([{ 3: 5 }, { 4: 2 }, { 2: 8 }, { 0: 1 }, { 9: 3, 8: 2 }]), labels);

  it('counts true classes by guesses', () => {
    expect(found.images).toBe(5);
    expect(found.accuracy).toBeCloseTo(3 / 5, 12);
    expect([...found.guesses]).toEqual([3, 4, 2, 0, 9]);
    expect(found.counts.reduce((a, b) => a + b, 0)).toBe(5);
    expect([found.counts[33], found.counts[34], found.counts[62], found.counts[0], found.counts[99]]).toEqual([1, 1, 1, 1, 1]);
  });

  it('tells the worst mistake first, with how sure it was', () => {
    expect(found.mistakes.map((m) => m.index)).toEqual([2, 1]);
    const [worst] = found.mistakes;
    expect(worst).toMatchObject({ label: 6, guess: 2 });
    expect(worst.sure).toBeCloseTo(Math.exp(8) / (Math.exp(8) + 9), 6);
    expect(worst.loss).toBeCloseTo(Math.log(Math.exp(8) + 9), 5);
  });

  it('tells 24 mistakes at most, and copes with scores that are no numbers', () => {
    const many = summarize(new Float32Array(400).fill(Number.NaN), new Uint8Array(40).fill(1));
    expect(many.mistakes).toHaveLength(24);
    expect(many.counts[10]).toBe(40);
    expect(many.accuracy).toBe(0);
  });
});

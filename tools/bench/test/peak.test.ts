import { describe, expect, it } from 'vitest';
import { instantiatePeak, peakLoops } from '../src/limit/peak.js';
import { flopPerIteration, peakModule } from '../src/limit/peak-module.js';
import { scalingLimit } from '../src/limit/two-threads.js';

/** What the module computes, in JavaScript: every chain begins at 1 + i/128 + d and takes four steps an iteration. */
function expected(iterations: number, m: number, d: number): number {
  const [mm, dd] = [Math.fround(m), Math.fround(d)];
  let sum = 0;
  for (let i = 0; i < 12; i++) {
    let c = Math.fround(1 + i / 128 + dd);
    for (let step = 0; step < iterations * 4; step++) c = Math.fround(Math.fround(c * mm) + dd);
    sum += 4 * c;
  }
  return sum;
}

describe('the register-only loop', () => {
  it('computes what it says', () => {
    const [loop] = peakLoops();
    expect(loop.name).toBe('mul+add');
    const peak = instantiatePeak(loop.module);
    for (const [iterations, m, d] of [
      [1, 0.5, 0.25],
      [7, 0.999, 1e-3],
    ]) {
      expect(peak(iterations, m, d)).toBeCloseTo(expected(iterations, m, d), 3);
    }
  });

  it('counts 12 chains of 4 lanes, unrolled 4 times, two operations each', () => {
    expect(flopPerIteration).toBe(12 * 4 * 4 * 2);
  });

  it('differs in its fused form only in the step', () => {
    const [plain, fused] = [peakModule(false), peakModule(true)];
    // mul and add are 3 bytes each and a local.get stands between them in both; relaxed_madd is one op of 3 bytes.
    expect(plain.length - fused.length).toBe(12 * 4 * 3);
  });

  it('runs on two threads, and both have run when it says so', async () => {
    const limit = scalingLimit(peakLoops()[0], 20_000);
    try {
      for (let i = 0; i < 3; i++) expect(await limit.two.run()).toBeGreaterThan(0);
      expect(await limit.one.run()).toBeGreaterThan(0);
    } finally {
      await limit.close();
    }
  });
});

import { describe, expect, it } from 'vitest';
import { type Counts, noCounts } from '../../src/browser/counting/counts.js';
import type { Phase, Training } from '../../src/browser/protocol.js';
import { callGoals, callLines } from '../../src/browser/report/calls.js';
import { firstRunLines, firstRuns } from '../../src/browser/report/first-run.js';
import { allOps, convMeans, meanLines } from '../../src/browser/report/means.js';
import { figuresSection } from '../../src/browser/report/markdown.js';
import type { Row } from '../../src/report/rows.js';

const phase = (ms: number, counts: Partial<Counts> | null = null): Phase => ({ ms, counts: counts && { ...noCounts(), ...counts } });
const training = (
  contender: string,
  counts: Partial<Record<'setUp' | 'first' | 'settling' | 'later' | 'otherFirst', Partial<Counts>>>,
): Training => ({
  contender,
  warmed: false,
  setUp: phase(100, counts.setUp ?? {}),
  warmUp: null,
  first: phase(1000, counts.first ?? {}),
  settling: phase(60, counts.settling ?? {}),
  later: phase(50, counts.later ?? {}),
  otherFirst: phase(70, counts.otherFirst ?? {}),
  otherLater: phase(40, {}),
  losses: [],
  memory: { tensors: 32, bytes: 2 ** 20, textureBytes: null },
});

describe('the goals of the counts', () => {
  const peer = training('tfjs-webgl', {
    first: { draws: 200, uploads: 17 },
    later: { draws: 172, texels: 5e6 },
    otherFirst: { programs: 95 },
  });
  const verdict = (ours: Training, goal: RegExp) => {
    const found = callGoals(ours, peer).find((g) => goal.test(g.goal));
    if (!found) throw new Error(`no goal like ${goal}`);
    return [found.met, found.reached];
  };

  it('hold where ours has at most as many', () => {
    const ours = training('webgl', { later: { draws: 172, texels: 5.2e6 } });
    expect(verdict(ours, /a step then: draws/)).toEqual([true, '172 against 172']);
    expect(verdict(ours, /a step then: texels/)).toEqual([false, '5.20 M against 5.00 M']);
  });

  it('take set-up and first step together: who uploads before it has uploaded, too', () => {
    const ours = training('webgl', { setUp: { uploads: 12 }, first: { uploads: 6 } });
    expect(verdict(ours, /first loss: uploads/)).toEqual([false, '18 against 17']);
  });

  it('count all programs until steps are alike', () => {
    const late = training('webgl', { first: { programs: 49 }, settling: { programs: 12 } });
    const early = training('tfjs-webgl', { first: { programs: 60 } });
    expect(callGoals(late, early).find((g) => /until steps/.test(g.goal))).toMatchObject({ met: false, reached: '61 against 60' });
  });

  it('want no program for another batch size', () => {
    expect(verdict(training('webgl', {}), /another batch/)).toEqual([true, '0 (tfjs-webgl: 95)']);
    expect(verdict(training('webgl', { otherFirst: { programs: 1 } }), /another batch/)).toEqual([false, '1 (tfjs-webgl: 95)']);
  });

  it('are open where a page did not count', () => {
    const blind = { ...training('webgl', {}), setUp: phase(1), first: phase(1), settling: phase(1), later: phase(1), otherFirst: null };
    expect(new Set(callGoals(blind, peer).map((g) => g.met))).toEqual(new Set([null]));
  });

  it('are shown as ours and theirs in one cell', () => {
    const [head, draws] = callLines(training('webgl', { later: { draws: 57.4 } }), peer);
    expect(head).toMatch(/^webgl \| tfjs-webgl +up to the first loss +12 more steps +a step then +first of another size$/);
    expect(draws).toMatch(/^draws +0 \| 200 +0 \| 0 +57\.4 \| 172 +0 \| 0$/);
  });
});

describe('first runs', () => {
  it('are medians over the pages, apart with and without compiling beforehand', () => {
    const cold = [900, 1000, 5000].map((ms) => ({ ...training('webgl', {}), first: phase(ms) }));
    const warm = { ...training('webgl', {}), warmed: true, warmUp: phase(600), first: phase(200) };
    const runs = firstRuns([cold[0], warm, cold[1], cold[2]]);
    expect(runs.map(({ warmed, pages, first, together }) => ({ warmed, pages, first, together }))).toEqual([
      { warmed: false, pages: 3, first: 1000, together: 1100 },
      { warmed: true, pages: 1, first: 200, together: 900 },
    ]);
    expect(firstRunLines(runs).slice(1)).toEqual([
      expect.stringMatching(/^webgl +100 +- +1000 +1100 +50$/),
      expect.stringMatching(/^webgl, warmed up +100 +600 +200 +900 +50$/),
    ]);
  });
});

describe('means of the convolutions', () => {
  const row = (op: string, ratios: Record<string, number>, suite = 'conv'): Row => ({
    suite,
    op,
    shape: '',
    backend: 'webgl',
    ms: { median: 1, lower: 1, upper: 1, runs: 3 },
    gflops: null,
    limits: [],
    peers: Object.entries(ratios).map(([name, ratio]) => ({ name, ms: null, gflops: null, ratio })),
    note: '',
  });
  const rows = [
    row('forward', { tf: 2, nchw: 4 }),
    row('forward', { tf: 8, nchw: 9 }),
    row('weight gradient', { tf: 4 }),
    row('training step', { tf: 100 }, 'lenet'),
  ];

  it('are geometric, by pass and over all, of what was measured', () => {
    const means = convMeans(rows, 'webgl', ['tf', 'nchw']);
    expect(means.map(({ op, peer, mean, least, shapes }) => [op, peer, Number(mean.toFixed(3)), least, shapes])).toEqual([
      ['forward', 'tf', 4, 2, 2],
      ['forward', 'nchw', 6, 4, 2],
      ['weight gradient', 'tf', 4, 4, 1],
      [allOps, 'tf', 4, 2, 3],
      [allOps, 'nchw', 6, 4, 2],
    ]);
    expect(convMeans(rows, 'wasm', ['tf'])).toEqual([]);
  });

  it('are written with a dash where a peer has no such pass', () => {
    const lines = meanLines(convMeans(rows, 'webgl', ['tf', 'nchw']));
    expect(lines[3]).toMatch(/^weight gradient webgl +4\.00x \(least 4\.00x, n = 1\) +-$/);
    expect(meanLines([])).toEqual([]);
  });
});

describe('the section of a machine', () => {
  it('says first of all that a renderer is no GPU', () => {
    const mean = { backend: 'webgl', op: 'forward', peer: 'tfjs-webgl', mean: 2.345, least: 1.2, shapes: 8 };
    const figures = { where: 'here', command: 'npm run bench', backend: 'webgl', rows: [], means: [mean], firstRuns: [] };
    const section = (software: boolean) => figuresSection({ ...figures, renderer: 'R', software }).split('\n');
    expect(section(true)[0]).toBe('### SOFTWARE RENDERER, no GPU: R');
    expect(section(false)[0]).toBe('### R');
    expect(section(false).slice(4, 6)).toEqual([expect.stringContaining("| tfjs's time"), '|---|---|---|']);
    expect(section(false)).not.toContain('| milliseconds | konv | tfjs | |');
    expect(section(false)).toContain('| convolutions, forward | 2.35x (least 1.20x) |  |');
  });

  it('compares the beginning cold and warmed up', () => {
    const cold = [training('webgl', {}), training('tfjs-webgl', {})];
    cold[1].first.ms = 4800;
    const warm = { ...training('webgl', {}), warmed: true, warmUp: phase(600), first: phase(200) };
    const section = figuresSection({
      renderer: 'R',
      software: false,
      where: '',
      command: '',
      backend: 'webgl',
      rows: [],
      means: [],
      firstRuns: firstRuns([...cold, warm]),
    });
    expect(section).toContain('| LeNet-5, from a bare page to the first loss | 1100 | 4900 | 4.45x |');
    expect(section).toContain('| LeNet-5, the first step alone, after warmup() | 200 | 4800 | 24x |');
  });
});

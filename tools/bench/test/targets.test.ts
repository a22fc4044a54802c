import { describe, expect, it } from 'vitest';
import type { Row } from '../src/report/rows.js';
import { targets } from '../src/report/targets.js';
import { rowLine, times } from '../src/report/table.js';

const ms = (median: number): Row['ms'] => ({ median, lower: median, upper: median, runs: 9 });
const row = (suite: string, op: string, shape: string, ratios: Record<string, number>, reached: number | null = null): Row => ({
  suite,
  op,
  shape,
  backend: 'wasm',
  ms: ms(10),
  gflops: 1,
  limits: [
    { name: 'mul+add', gflops: 40, reached: 0.1 },
    { name: 'FMA', gflops: 50, reached },
  ],
  peers: Object.entries(ratios).map(([name, ratio]) => ({ name, ms: ms(10 * ratio), gflops: null, ratio })),
  note: '',
});
const verdict = (rows: Row[], goal: RegExp): [boolean | null, string] => {
  const found = targets(rows, 'wasm', null).find((t) => goal.test(t.goal));
  if (!found) throw new Error(`no goal like ${goal}`);
  return [found.met, found.reached];
};

describe('targets', () => {
  it('say what was not measured', () => {
    expect(new Set(targets([], 'wasm', null).map((t) => t.met))).toEqual(new Set([null]));
    expect(verdict([row('conv', 'forward', 'a', {})], /geometric mean/)).toEqual([null, 'not measured']);
  });

  it('take the geometric mean and the worst of the forward shapes', () => {
    const rows = [row('conv', 'forward', 'a', { 'tfjs-wasm': 0.9 }), row('conv', 'forward', 'b', { 'tfjs-wasm': 2.5 })];
    expect(verdict(rows, /forward: 1.3x/)).toEqual([true, '1.50x']);
    expect(verdict(rows, /no shape/)).toEqual([false, '0.90x at the least']);
    expect(verdict(rows, /weight gradient/)).toEqual([false, '0 of 2 shapes']);
  });

  it('compare with the fused loop where it is there', () => {
    expect(verdict([row('gemm', 'a b', '512^3', {}, 0.81)], /gemm 512/)).toEqual([true, '81 %']);
    expect(verdict([row('gemm', 'a b', '512^3', {}, 0.79)], /80 % of the FMA/)).toEqual([false, '79 %']);
  });

  it("turn a peer's time over ours into ours over PyTorch's", () => {
    expect(verdict([row('lenet', 'training step', '', { torch: 0.8 })], /LeNet/)).toEqual([false, '1.25x']);
    expect(verdict([row('resnet', 'fwd + bwd', '', { torch: 0.8 })], /ResNet/)).toEqual([true, '1.25x']);
  });

  it('hold the scaling of each shape against that of the loop', () => {
    const rows = [
      row('threads', 'a b', '', { '1 thread': 1.6, 'peak loop': 1.8 }),
      row('threads', 'x', '', { '1 thread': 1.4, 'peak loop': 1.8 }),
    ];
    expect(verdict(rows, /two threads/)).toEqual([false, '83 % (least 78 %)']);
  });

  it('judge elementwise ops by the worst', () => {
    const rows = [
      row('elementwise', 'add', '', { copyStrided: 1, 'set()': 0.5 }),
      row('elementwise', 'sum', '', { copyStrided: 0.8, 'set()': 0.9 }),
    ];
    expect(verdict(rows, /add, .* copyStrided/)).toEqual([true, '1.25x at the most']);
    expect(verdict(rows, /add, .* set/)).toEqual([false, '2.00x at the most']);
  });
});

describe('the table', () => {
  it('writes ratios with two digits that count', () => {
    expect([0.0123, 0.567, 1.357, 12.3].map(times)).toEqual(['0.012x', '0.57x', '1.36x', '12x']);
  });

  it('marks a peer that has no such op and one that failed', () => {
    const line = rowLine(
      { ...row('conv', 'forward', 'a', { one: 2 }), peers: [{ name: 'two', ms: null, gflops: null, ratio: null, failed: 'x' }] },
      ['one', 'two'],
    );
    expect(line).toMatch(/-\s+fails$/);
  });
});

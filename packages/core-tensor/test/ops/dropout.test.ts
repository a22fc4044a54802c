import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  Generator,
  manualSeed,
  ones,
  rand,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { freshBackend, live, refusal, values } from '../support.js';

type Layout = { kind: 'permuted'; order: number[] } | { kind: 'sliced' } | { kind: 'expanded'; kept: number[] };
interface Step {
  op: string;
  shape: number[];
  p: number;
  dtype?: 'float32' | 'float64';
  layout?: Layout;
  out: number[];
}
const fixture: { scripts: { seed: number; steps: Step[] }[] } = JSON.parse(
  readFileSync(new URL('../fixtures/dropout.json', import.meta.url), 'utf8'),
);
const drops: Record<string, (x: Tensor, options: DropoutOptions) => Tensor> = { dropout, dropout1d, dropout2d, dropout3d, alphaDropout };

function laid({ shape, layout, dtype = 'float32' }: Step): Tensor {
  if (layout === undefined) return ones(shape, { dtype });
  if (layout.kind === 'permuted') {
    const { order } = layout;
    return ones(
      order.map((i) => shape[i]),
      { dtype },
    ).permute(order.map((_, i) => order.indexOf(i)));
  }
  if (layout.kind === 'sliced') {
    return ones(
      shape.map((n) => 2 * n),
      { dtype },
    ).slice(...shape.map(() => [null, null, 2] as const));
  }
  return ones(
    shape.map((n, i) => (layout.kept.includes(i) ? n : 1)),
    { dtype },
  ).expand(shape);
}

const backend = freshBackend();

describe("dropout masks are PyTorch's, draw for draw", () => {
  for (const { seed, steps } of fixture.scripts) {
    it(`seed ${seed}: ${steps.map((s) => `${s.op} [${s.shape}]${s.layout ? ` ${s.layout.kind}` : ''}`).join(', ')}`, () => {
      manualSeed(seed);
      for (const step of steps) {
        const y = step.op === 'rand' ? rand(step.shape) : drops[step.op](laid(step), { p: step.p });
        const want = step.dtype === 'float64' ? step.out : step.out.map(Math.fround);
        if (step.op === 'alphaDropout') values(y).forEach((v, i) => expect(v).toBeCloseTo(want[i], 5));
        else expect(values(y)).toEqual(want.map((v) => v + 0));
      }
    });
  }
});

describe('dropout', () => {
  it('takes a generator of its own and leaves the global one alone', () => {
    manualSeed(7);
    const a = values(dropout(ones([20])));
    manualSeed(99);
    const next = values(rand([1]));
    manualSeed(99);
    expect(values(dropout(ones([20]), { generator: new Generator(7) }))).toEqual(a);
    expect(values(rand([1]))).toEqual(next);
  });
  it('philox: repeated by manualSeed, other numbers than the default, one 64-bit draw a call', () => {
    const draw = (): number[] => values(dropout(ones([50]), { generator: 'philox', p: 0.25 }));
    manualSeed(3);
    const [a, b] = [draw(), draw()];
    const next = values(rand([1]));
    manualSeed(3);
    expect([draw(), draw()]).toEqual([a, b]);
    expect(values(rand([1]))).toEqual(next);
    expect(b).not.toEqual(a);
    manualSeed(3);
    expect(values(dropout(ones([50]), { p: 0.25 }))).not.toEqual(a);
    expect(new Set(a)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const skipped = new Generator(3);
    skipped.random64();
    skipped.random64();
    expect(Math.fround(skipped.uniform24())).toBe(next[0]);
  });
  it('gives back the very tensor, and draws nothing, where there is nothing to do', () => {
    manualSeed(1);
    const next = values(rand([1]));
    manualSeed(1);
    const x = ones([4]);
    for (const drop of [dropout, alphaDropout]) {
      expect(drop(x, { p: 0 })).toBe(x);
      expect(drop(x, { training: false })).toBe(x);
      expect(drop(x, { p: 1 })).not.toBe(x);
    }
    const empty = ones([0, 2]);
    expect(dropout(empty)).toBe(empty);
    expect(dropout2d(ones([2, 2, 2, 2]), { p: 1 }).shape).toEqual([2, 2, 2, 2]);
    expect(values(rand([1]))).toEqual(next);
  });
  it('a dropped infinity is NaN, as in PyTorch, which multiplies', () => {
    const y = values(dropout(tensor([Number.POSITIVE_INFINITY]), { p: 1 }));
    expect(y).toEqual([Number.NaN]);
  });
  it('refuses what is no probability, generator, float or rank, before it draws', () => {
    manualSeed(5);
    const next = values(rand([1]));
    manualSeed(5);
    const x = ones([2, 2]);
    for (const p of [-0.1, 1.5, Number.NaN, '0.5']) {
      expect(refusal(() => dropout(x, { p: p as number })).message).toMatch(/^\[dropout\] expected p in \[0, 1\], got/);
    }
    expect(refusal(() => dropout(x, { generator: 'fast' as never })).message).toMatch(/a Generator or 'philox', got 'fast'/);
    expect(refusal(() => dropout(ones([2], { dtype: 'int32' }))).name).toBe('DTypeError');
    expect(refusal(() => dropout(3 as never)).name).toBe('DTypeError');
    expect(refusal(() => dropout1d(ones([2, 2, 2, 2]))).message).toMatch(
      /^\[dropout1d\] expected input \[batch, channels, length\] or \[channels, length\], got \[2, 2, 2, 2\]/,
    );
    expect(refusal(() => dropout2d(x)).name).toBe('ShapeError');
    expect(refusal(() => dropout3d(x)).name).toBe('ShapeError');
    expect(values(rand([1]))).toEqual(next);
  });
  it('leaves only its result', () => {
    const x = ones([3, 4, 2, 2]);
    const before = live(backend);
    for (const make of [
      () => dropout(x),
      () => dropout(x.permute([3, 1, 2, 0])),
      () => dropout2d(x),
      () => alphaDropout(x),
      () => dropout(x, { generator: 'philox' }),
      () => dropout(x, { p: 1 }),
    ]) {
      const y = scope(make);
      expect(live(backend)).toBe(before + 1);
      y.dispose();
    }
  });
});

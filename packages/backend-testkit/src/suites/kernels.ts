import {
  type Backend,
  binaryOps,
  type BinaryKind,
  type DType,
  empty,
  isFloat,
  type Shape,
  type Tensor,
  type UnaryKind,
  unaryOps,
} from '@konv/core-tensor';
import { assertClose, Findings } from '../harness/assert.js';
import type { Lab } from '../harness/lab.js';
import { type Layout, layouts } from '../harness/place.js';
import { Random } from '../harness/random.js';
import type { Suite } from '../harness/suite.js';

/** Kernels called as core's dispatch calls them, for what no op reaches: accumulation, windows, positions out of range. */
export function kernelTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('kernels', () => {
    suite.it('unary: every kind that is supported, in every dtype, over any strides, also in place', () => unaries(lab));
    suite.it('binary: every kind that is supported, in every dtype, with numbers, also in place', () => binaries(lab));
    suite.it('where with numbers and windows', () => wheres(lab));
    suite.it('fill and copyStrided write their window and nothing else', () => windows(lab));
    suite.it('matmul: transposed, shared, accumulated, with offsets', () => matmuls(lab));
    suite.it('gather: positions out of range give NaN or 0', () => gathers(lab));
    suite.it('scatterAdd adds; positions out of range add nothing', () => scatters(lab));
    suite.it('reduce over every set of axes', () => reductions(lab));
    if (has(lab, 'crossEntropy')) suite.it('crossEntropy: ignored rows are 0, targets out of range NaN', () => crossEntropies(lab));
    if (has(lab, 'scan')) suite.it('scan along every axis', () => scans(lab));
    if (has(lab, 'batchNormGrad')) suite.it('batchNormGrad leaves out what is not wanted', () => batchNormGrads(lab));
  });
}

export function has(lab: Lab, member: keyof Backend): boolean {
  return typeof lab.raw[member] === 'function';
}

/** What a kernel writes into: uninitialised, that is poisoned. */
export function blank(lab: Lab, shape: Shape, dtype: DType = 'float32'): Tensor {
  return empty(shape, { dtype, backend: lab.name });
}

/** A kernel has just written `t`. */
export function written(t: Tensor): Tensor {
  t.ref.buffer.version++;
  return t;
}

/** By its series of positive terms, which needs no table. */
function erf(x: number): number {
  let sum = 0;
  for (let n = 0, term = x; n < 60; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(x * x);
}

const unaryMath: Record<UnaryKind, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  floor: Math.floor,
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  rsqrt: (x) => 1 / Math.sqrt(x),
  ceil: Math.ceil,
  relu: (x) => Math.max(0, x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  trunc: Math.trunc,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  erf: erf,
};

const onInt32: ReadonlySet<string> = new Set(['neg', 'abs', 'sign', 'square', 'relu']);

async function unaries(lab: Lab): Promise<void> {
  const findings = new Findings();
  const shape = [2, 3, 5];
  const values = { float: new Random(1).distinct(30, 0.25), int32: Float64Array.from({ length: 30 }, (_, i) => i - 15) };
  for (const kind of Object.keys(unaryOps) as UnaryKind[]) {
    for (const dtype of ['int32', ...lab.floats] as const) {
      if ((dtype === 'int32' && !onInt32.has(kind)) || !lab.raw.supports('unary', kind, dtype)) continue;
      const data = isFloat(dtype) ? values.float : values.int32;
      const expected = data.map(unaryMath[kind]);
      for (const layout of layouts) {
        await findings.during(`${kind}, ${dtype}, ${layout}`, async () => {
          const out = blank(lab, shape, dtype);
          lab.native.unary(kind, lab.tensor(data, shape, dtype, layout).ref, out.ref);
          await lab.expect('values', written(out), expected);
        });
      }
      await findings.during(`${kind}, ${dtype}, in place with an offset`, async () => {
        const x = lab.tensor(data, shape, dtype, 'offset');
        lab.native.unary(kind, x.ref, x.ref);
        await lab.expect('values', written(x), expected);
      });
    }
  }
  findings.report();
}

const bit = (b: boolean): number => (b ? 1 : 0);
const binaryMath: Record<BinaryKind, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
  eq: (a, b) => bit(a === b),
  ne: (a, b) => bit(a !== b),
  lt: (a, b) => bit(a < b),
  le: (a, b) => bit(a <= b),
  gt: (a, b) => bit(a > b),
  ge: (a, b) => bit(a >= b),
  fmod: (a, b) => a % b,
  atan2: Math.atan2,
  reluGrad: (dy, y) => (y > 0 ? dy : 0),
  sigmoidGrad: (dy, y) => dy * y * (1 - y),
  tanhGrad: (dy, y) => dy * (1 - y * y),
};
const compares: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);
const onFloats: ReadonlySet<string> = new Set(['div', 'fmod', 'atan2']);
const onBool: ReadonlySet<string> = new Set(['maximum', 'mul', ...compares]);

async function binaries(lab: Lab): Promise<void> {
  const findings = new Findings();
  for (const kind of Object.keys(binaryOps) as BinaryKind[]) {
    for (const dtype of ['bool', 'int32', ...lab.floats] as const) {
      const meaningful = dtype === 'bool' ? onBool.has(kind) : isFloat(dtype) || (!onFloats.has(kind) && !kind.endsWith('Grad'));
      if (meaningful && lab.raw.supports('binary', kind, dtype)) await binaryKind(lab, findings, kind, dtype);
    }
  }
  findings.report();
}

async function binaryKind(lab: Lab, findings: Findings, kind: BinaryKind, dtype: DType): Promise<void> {
  const n = 24;
  const shape = [2, 3, 4];
  const random = new Random(kind.length);
  const base = Float64Array.from({ length: n }, () =>
    dtype === 'bool' ? random.whole(0, 1) : kind === 'pow' ? random.whole(1, 5) : random.whole(-4, 4),
  );
  const other = Float64Array.from({ length: n }, () =>
    dtype === 'bool' ? random.whole(0, 1) : kind === 'pow' ? random.whole(0, 4) : random.pick([-3, -2, -1, 1, 2, 4]),
  );
  const f = binaryMath[kind];
  const result = compares.has(kind) ? 'bool' : dtype;
  const run = async (what: string, a: Tensor | number, b: Tensor | number, expected: ArrayLike<number>): Promise<void> =>
    findings.during(`${kind}, ${dtype}, ${what}`, async () => {
      const out = blank(lab, shape, result);
      lab.native.binary(kind, typeof a === 'number' ? a : a.ref, typeof b === 'number' ? b : b.ref, out.ref);
      await lab.expect('values', written(out), expected);
    });
  const both = base.map((v, i) => f(v, other[i]));
  for (const [left, right] of [
    ['plain', 'plain'],
    ['strided', 'transposed'],
    ['offset', 'strided'],
  ] as [Layout, Layout][]) {
    await run(`${left} with ${right}`, lab.tensor(base, shape, dtype, left), lab.tensor(other, shape, dtype, right), both);
  }
  const row = lab.tensor(other.slice(0, 4), [4], dtype).expand(shape);
  await run(
    'broadcast right',
    lab.tensor(base, shape, dtype),
    row,
    base.map((v, i) => f(v, other[i % 4])),
  );
  await run(
    'broadcast left',
    row,
    lab.tensor(other, shape, dtype),
    other.map((v, i) => f(other[i % 4], v)),
  );
  const number = dtype === 'bool' ? 1 : 2;
  await run(
    'a number on the right',
    lab.tensor(base, shape, dtype, 'transposed'),
    number,
    base.map((v) => f(v, number)),
  );
  await run(
    'a number on the left',
    number,
    lab.tensor(other, shape, dtype, 'strided'),
    other.map((v) => f(number, v)),
  );
  if (result !== dtype) return;
  await findings.during(`${kind}, ${dtype}, in place on either side`, async () => {
    const a = lab.tensor(base, shape, dtype, 'offset');
    lab.native.binary(kind, a.ref, lab.tensor(other, shape, dtype).ref, a.ref);
    await lab.expect('over the left operand', written(a), both);
    const b = lab.tensor(other, shape, dtype);
    lab.native.binary(kind, lab.tensor(base, shape, dtype).ref, b.ref, b.ref);
    await lab.expect('over the right operand', written(b), both);
  });
}

async function wheres(lab: Lab): Promise<void> {
  for (const dtype of ['bool', 'int32', ...lab.floats] as const) {
    const condition = lab.tensor([1, 0, 0, 1], [2, 2], 'bool', 'transposed');
    const a = lab.tensor([1, 0, 1, 1], [2, 2], dtype, 'strided');
    const out = blank(lab, [2, 2], dtype);
    lab.native.where(condition.ref, a.ref, 0, out.ref);
    await lab.expect(`a number last, ${dtype}`, written(out), [1, 0, 0, 1]);
    lab.native.where(condition.ref, 0, a.ref, out.ref);
    await lab.expect(`a number first, ${dtype}`, written(out), [0, 0, 1, 0]);
    lab.native.where(condition.ref, 1, 0, out.ref);
    await lab.expect(`two numbers, ${dtype}`, written(out), [1, 0, 0, 1]);
  }
}

async function windows(lab: Lab): Promise<void> {
  for (const dtype of ['bool', 'int32', ...lab.floats] as const) {
    const x = lab.tensor(new Float64Array(24), [4, 6], dtype);
    lab.native.fill(1, x.slice([1, 3], [0, 6, 2]).ref);
    const filled = Float64Array.from({ length: 24 }, (_, i) => (i >= 6 && i < 18 && i % 2 === 0 ? 1 : 0));
    await lab.expect(`fill, ${dtype}`, written(x), filled);
    lab.native.copyStrided(lab.tensor([0, 1, 1, 0], [2, 2], dtype, 'strided').ref, x.slice([0, 4, 3], [1, 6, 4]).transpose(0, 1).ref);
    const copied = filled.slice();
    for (const [at, v] of [
      [1, 0],
      [19, 1],
      [5, 1],
      [23, 0],
    ])
      copied[at] = v;
    await lab.expect(`copyStrided, ${dtype}`, written(x), copied);
    lab.native.copyStrided(x.select(1, 0).clone().expand([3, 4]).ref, x.slice([0, 3], [0, 4]).ref);
    const column = [0, 6, 12, 18].map((i) => copied[i]);
    await lab.expect(`copyStrided from stride 0, ${dtype}`, written(x).slice([0, 3], [0, 4]), [...column, ...column, ...column]);
  }
}

async function matmuls(lab: Lab): Promise<void> {
  const findings = new Findings();
  const random = new Random(5);
  for (const dtype of lab.floats) {
    for (const [batch, m, k, n] of [
      [1, 1, 1, 1],
      [2, 3, 4, 5],
      [3, 7, 2, 9],
      [1, 17, 33, 6],
    ]) {
      for (let mask = 0; mask < 16; mask++) {
        const [transposeA, transposeB, accumulate] = [1, 2, 4].map((b) => (mask & b) !== 0);
        const [sharedA, sharedB] = mask & 8 ? [batch > 1, false] : [false, batch > 1];
        const name = `${[batch, m, k, n]}${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}${accumulate ? ', accumulated' : ''}${sharedA ? ', a shared' : ''}${sharedB ? ', b shared' : ''}, ${dtype}`;
        await findings.during(name, async () => {
          const [ba, bb] = [sharedA ? 1 : batch, sharedB ? 1 : batch];
          const [a, b, c] = [random.values(ba * m * k), random.values(bb * k * n), random.values(batch * m * n)];
          const expected = c.map((v, i) => {
            const [g, row, column] = [Math.floor(i / (m * n)), Math.floor(i / n) % m, i % n];
            let s = accumulate ? v : 0;
            for (let l = 0; l < k; l++) {
              const x = a[(sharedA ? 0 : g) * m * k + (transposeA ? l * m + row : row * k + l)];
              s += x * b[(sharedB ? 0 : g) * k * n + (transposeB ? column * k + l : l * n + column)];
            }
            return s;
          });
          const out = accumulate ? lab.tensor(c, [batch, m, n], dtype) : blank(lab, [batch, m, n], dtype);
          const left = lab.tensor(a, transposeA ? [ba, k, m] : [ba, m, k], dtype, 'offset');
          const right = lab.tensor(b, transposeB ? [bb, n, k] : [bb, k, n], dtype, 'offset');
          lab.native.matmul(left.ref, right.ref, { transposeA, transposeB, accumulate }, out.ref);
          await lab.expect('values', written(out), expected, 'forward');
        });
      }
    }
  }
  findings.report();
}

async function gathers(lab: Lab): Promise<void> {
  const at = [0, -1, 2, 3, 1, -(2 ** 31), 2 ** 31 - 1, 2];
  for (const dtype of ['int32', ...lab.floats] as const) {
    const x = lab.tensor([10, 20, 30, 40, 50, 60], [2, 3], dtype);
    const index = lab.tensor(at, [2, 4], 'int32', 'strided');
    const out = blank(lab, [2, 4], dtype);
    lab.native.gather(x.ref, index.ref, 1, out.ref);
    const none = isFloat(dtype) ? Number.NaN : 0;
    await lab.expect(dtype, written(out), [10, none, 30, none, 50, none, none, 60]);
  }
}

async function scatters(lab: Lab): Promise<void> {
  for (const dtype of ['int32', ...lab.floats] as const) {
    for (const layout of ['plain', 'transposed'] as const) {
      const out = lab.tensor([1, 2, 3, 4, 5, 6], [2, 3], dtype);
      const index = lab.tensor([0, 0, -1, 2, 3, 2, 2, 2 ** 30], [2, 4], 'int32', layout);
      const source = lab.tensor([10, 20, 30, 40, 50, 60, 70, 80], [2, 4], dtype);
      lab.native.scatterAdd(index.ref, source.ref, 1, out.ref);
      await lab.expect(`${dtype}, index ${layout}`, written(out), [31, 2, 43, 4, 5, 136]);
    }
  }
}

async function reductions(lab: Lab): Promise<void> {
  const findings = new Findings();
  const shape = [3, 2, 4, 5];
  for (const dtype of ['int32', ...lab.floats] as const) {
    const values = new Random(9).distinct(120, isFloat(dtype) ? 0.5 : 1).map((v) => (isFloat(dtype) ? v : Math.floor(v)));
    const x = lab.tensor(values, shape, dtype, 'offset');
    for (let mask = 1; mask < 16; mask++) {
      const axes = [0, 1, 2, 3].filter((a) => mask & (1 << a));
      const to = shape.map((d, i) => (axes.includes(i) ? 1 : d));
      for (const kind of ['sum', 'max', 'min'] as const) {
        if (!lab.raw.supports('reduce', kind, dtype)) continue;
        const expected = new Float64Array(to.reduce((a, b) => a * b, 1)).fill(kind === 'sum' ? 0 : kind === 'max' ? -Infinity : Infinity);
        values.forEach((v, i) => {
          let [at, rest] = [0, i];
          const index = shape.map(() => 0);
          for (let a = 3; a >= 0; a--) [index[a], rest] = [rest % shape[a], Math.floor(rest / shape[a])];
          for (let a = 0; a < 4; a++) at = at * to[a] + (axes.includes(a) ? 0 : index[a]);
          expected[at] = kind === 'sum' ? expected[at] + v : kind === 'max' ? Math.max(expected[at], v) : Math.min(expected[at], v);
        });
        await findings.during(`${kind} over ${axes}, ${dtype}`, async () => {
          const out = blank(lab, to, dtype);
          lab.native.reduce(kind, x.ref, axes, out.ref);
          await lab.expect('values', written(out), expected, 'forward');
        });
      }
    }
  }
  findings.report();
}

async function crossEntropies(lab: Lab): Promise<void> {
  for (const dtype of lab.floats) {
    const scores = [1, 2, 3, 0, 0, 0, 5, -5, 0, 1, 1, 1, 2, 2, 2];
    const [loss, logs] = [blank(lab, [5], dtype), blank(lab, [5, 3], dtype)];
    const targets = lab.tensor([2, -100, 0, 3, -1], [5], 'int32', 'offset');
    lab.native.crossEntropy?.(lab.tensor(scores, [5, 3], dtype, 'offset').ref, targets.ref, { ignoreIndex: -100 }, loss.ref, logs.ref);
    const expected = scores.map((v, i) => {
      const row = scores.slice(i - (i % 3), i - (i % 3) + 3);
      return v - Math.log(row.reduce((s, w) => s + Math.exp(w), 0));
    });
    await lab.expect(`losses, ${dtype}`, written(loss), [-expected[2], 0, -expected[6], Number.NaN, Number.NaN], 'forward');
    await lab.expect(`log probabilities, ${dtype}`, written(logs), expected, 'forward');
  }
}

async function scans(lab: Lab): Promise<void> {
  const shape = [2, 3, 4];
  const steps = [12, 4, 1];
  for (const dtype of lab.floats) {
    const values = new Random(3).values(24);
    for (let axis = 0; axis < 3; axis++) {
      const expected = values.slice();
      for (let i = 0; i < 24; i++) if (Math.floor(i / steps[axis]) % shape[axis] > 0) expected[i] += expected[i - steps[axis]];
      const out = blank(lab, shape, dtype);
      lab.native.scan?.('sum', lab.tensor(values, shape, dtype, 'offset').ref, axis, out.ref);
      assertClose(`along axis ${axis}, ${dtype}`, await written(out).data(), expected, lab.tolerance(dtype, 'forward'));
    }
  }
}

async function batchNormGrads(lab: Lab): Promise<void> {
  const random = new Random(21);
  const [shape, channels] = [[3, 2, 4], [2]];
  const x = lab.tensor(random.values(24), shape);
  const dy = lab.tensor(random.values(24), shape);
  const [weight, mean, invStd] = [
    [1.5, -0.5],
    [0.25, -0.125],
    [0.75, 1.25],
  ].map((v) => lab.tensor(v, channels));
  const make = (): Tensor[] => [blank(lab, shape), blank(lab, channels), blank(lab, channels)];
  const all = make();
  const run = (t: Tensor[], dw: boolean, db: boolean): void =>
    lab.native.batchNormGrad?.(x.ref, dy.ref, weight.ref, mean.ref, invStd.ref, {
      dx: t[0].ref,
      dw: dw ? t[1].ref : null,
      db: db ? t[2].ref : null,
    });
  run(all, true, true);
  for (const [dw, db] of [
    [false, false],
    [true, false],
    [false, true],
  ]) {
    const some = make();
    run(some, dw, db);
    await lab.expect(`dx${dw ? ', with dw' : ''}${db ? ', with db' : ''}`, written(some[0]), await all[0].data(), 'gradient');
    if (dw) await lab.expect('dw', written(some[1]), await all[1].data(), 'gradient');
    if (db) await lab.expect('db', written(some[2]), await all[2].data(), 'gradient');
  }
}

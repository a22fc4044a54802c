import { grad } from '@konv/autograd';
import {
  type ActivationKind,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type Backend,
  convBackward,
  convGradWeightOp,
  convNd,
  convTransposeNd,
  dispatch,
  internConv,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  mul,
  sum,
  type Tensor,
  toSpatial,
} from '@konv/core-tensor';
import { assertClose, assertEqual, Findings } from '../harness/assert.js';
import { type Lab, readAll } from '../harness/lab.js';
import { place } from '../harness/place.js';
import { Random } from '../harness/random.js';
import type { Suite } from '../harness/suite.js';
import { blank, has, written } from './kernels.js';

const SAMPLES = 30;
type Rank = 1 | 2 | 3;

/** Convolutions and pools of random geometry: the backend's own kernels against plain loops over the required families. */
export function geometryTests(suite: Suite): void {
  const { lab } = suite;
  suite.describe('random geometry', () => {
    suite.it('conv: values and gradients', () => sampled(lab, 101, convSample));
    suite.it('convTranspose: values and gradients', () => sampled(lab, 202, convTransposeSample));
    suite.it('maxPool: values, indices and gradients', () => sampled(lab, 303, maxPoolSample));
    suite.it('avgPool: values and gradients', () => sampled(lab, 404, avgPoolSample));
    suite.it('larger convolutions, as networks have them', () => larger(lab));
    if (has(lab, 'convGradWeight')) suite.it('convGradWeight accumulates', () => accumulated(lab));
    if (has(lab, 'convBackward')) suite.it('convBackward leaves out what is not wanted', () => partial(lab));
  });
}

/** A program over inputs of the given shapes; all of its outputs and gradients are compared. */
interface Sample {
  readonly name: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly values: Float64Array }[];
  readonly f: (x: readonly Tensor[]) => readonly Tensor[];
}

async function sampled(lab: Lab, seed: number, make: (random: Random) => Sample): Promise<void> {
  const findings = new Findings();
  for (let i = 0; i < SAMPLES; i++) {
    const random = new Random(seed * 1000 + i);
    const sample = make(random);
    await findings.during(`sample ${i}: ${sample.name}`, () => compare(lab, sample, random));
  }
  findings.report();
}

async function compare(lab: Lab, sample: Sample, random: Random): Promise<void> {
  const weights: Float64Array[] = [];
  const run = async (
    backend: Backend,
  ): Promise<{ outputs: Awaited<ReturnType<typeof readAll>>; grads: Awaited<ReturnType<typeof readAll>> }> => {
    const x = sample.inputs.map(({ shape, values }) => place(backend.name, 'float32', shape, values));
    for (const t of x) t.requiresGrad = true;
    const outputs = sample.f(x);
    const through = outputs.filter((y) => y.requiresGrad);
    through.forEach((y, i) => (weights[i] ??= random.values(y.size)));
    const terms = through.map((y, i) => sum(mul(y, place(backend.name, 'float32', y.shape, weights[i]))));
    const [o, g] = [readAll(outputs), readAll(grad(terms, x))];
    return { outputs: await o, grads: await g };
  };
  const expected = await run(lab.reference);
  const actual = await run(lab.native);
  expected.outputs.forEach((e, i) => {
    assertEqual(`output ${i}, shape`, [...(actual.outputs[i]?.shape ?? [])], [...(e?.shape ?? [])]);
    assertClose(`output ${i}`, actual.outputs[i]?.values ?? [], e?.values ?? [], lab.tolerance(e?.dtype ?? 'float32', 'forward'));
  });
  expected.grads.forEach((e, i) => {
    assertClose(`gradient of input ${i}`, actual.grads[i]?.values ?? [], e?.values ?? [], lab.tolerance('float32', 'gradient'));
  });
}

const show = (o: object): string => JSON.stringify(o).replaceAll('"', '');

function axes<T>(rank: Rank, f: () => T): T[] {
  return Array.from({ length: rank }, f);
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function convSample(r: Random): Sample {
  const rank = r.pick([1, 2, 2, 2, 3] as const);
  const groups = r.pick([1, 1, 2, 3]);
  const [perIn, perOut] = [r.whole(1, 4), r.whole(1, 5)];
  const kernel = axes(rank, () => r.whole(1, 4));
  const dilation = axes(rank, () => r.whole(1, 2));
  const stride = axes(rank, () => r.whole(1, 3));
  const same = r.next() < 0.2 && stride.every((s) => s === 1);
  const padding = same ? ('same' as const) : kernel.map((k) => r.whole(0, k));
  const x = [r.whole(1, 3), groups * perIn, ...kernel.map((k, i) => dilation[i] * (k - 1) + 1 + r.whole(0, 5))];
  const w = [groups * perOut, perIn, ...kernel];
  const bias = r.next() < 0.6;
  const activation = r.pick<ActivationKind | null>([null, null, 'tanh', 'sigmoid']);
  const inputs = [x, w, ...(bias ? [[groups * perOut]] : [])].map((shape) => ({ shape, values: r.values(size(shape)) }));
  const options = { stride, padding, dilation, groups };
  return {
    name: `conv${rank}d of [${x}] by [${w}] ${show({ ...options, bias, activation })}`,
    inputs,
    f: ([a, b, c]) => [convNd(rank, a, b, c ?? null, options, activation)],
  };
}

function convTransposeSample(r: Random): Sample {
  const rank = r.pick([1, 2, 2, 3] as const);
  const groups = r.pick([1, 1, 2]);
  const kernel = axes(rank, () => r.whole(1, 3));
  const dilation = axes(rank, () => r.whole(1, 2));
  const stride = axes(rank, () => r.whole(1, 3));
  const padding = kernel.map((k, i) => r.whole(0, Math.floor((dilation[i] * (k - 1)) / 2)));
  const outputPadding = stride.map((s, i) => r.whole(0, Math.max(s, dilation[i]) - 1));
  const x = [r.whole(1, 2), groups * r.whole(1, 3), ...axes(rank, () => r.whole(1, 4))];
  const w = [x[1], r.whole(1, 3), ...kernel];
  const options = { stride, padding, outputPadding, dilation, groups };
  const inputs = [x, w, [groups * w[1]]].map((shape) => ({ shape, values: r.values(size(shape)) }));
  return {
    name: `convTranspose${rank}d of [${x}] by [${w}] ${show(options)}`,
    inputs,
    f: ([a, b, c]) => [convTransposeNd(rank, a, b, c, options)],
  };
}

interface Pooling {
  readonly rank: Rank;
  readonly x: readonly number[];
  readonly kernel: number[];
  readonly options: { stride: number[]; padding: number[]; ceilMode: boolean };
}

function pooling(r: Random, dilation: readonly number[]): Pooling {
  const rank = dilation.length as Rank;
  const kernel = axes(rank, () => r.whole(1, 4));
  const x = [r.whole(1, 2), r.whole(1, 3), ...kernel.map((k, i) => dilation[i] * (k - 1) + 1 + r.whole(0, 5))];
  return {
    rank,
    x,
    kernel,
    options: {
      stride: axes(rank, () => r.whole(1, 3)),
      padding: kernel.map((k) => r.whole(0, Math.floor(k / 2))),
      ceilMode: r.next() < 0.4,
    },
  };
}

function maxPoolSample(r: Random): Sample {
  const dilation = axes(r.pick([1, 2, 2, 3] as const), () => r.whole(1, 2));
  const { rank, x, kernel, options } = pooling(r, dilation);
  const all = { ...options, dilation, returnIndices: true as const };
  // Whole numbers: ties in most windows.
  const values = Float64Array.from({ length: size(x) }, () => r.whole(-3, 3));
  const pool = [maxPool1d, maxPool2d, maxPool3d][rank - 1];
  return {
    name: `maxPool${rank}d of [${x}] by [${kernel}] ${show(all)}`,
    inputs: [{ shape: x, values }],
    f: ([a]) => {
      const { values: y, indices } = pool(a, kernel, all);
      return [y, indices];
    },
  };
}

function avgPoolSample(r: Random): Sample {
  const { rank, x, kernel, options } = pooling(
    r,
    axes(r.pick([1, 2, 2, 3] as const), () => 1),
  );
  const all = { ...options, countIncludePad: r.next() < 0.5 };
  const pool = [avgPool1d, avgPool2d, avgPool3d][rank - 1];
  return {
    name: `avgPool${rank}d of [${x}] by [${kernel}] ${show(all)}`,
    inputs: [{ shape: x, values: r.values(size(x)) }],
    f: ([a]) => [pool(a, kernel, all)],
  };
}

/** Sizes that reach every loop of a blocked kernel: whole blocks and remainders on all sides. */
async function larger(lab: Lab): Promise<void> {
  const findings = new Findings();
  const cases: [number[], number[], object][] = [
    [[2, 16, 15, 17], [24, 16, 3, 3], { padding: 1 }],
    [[1, 33, 9, 8], [19, 33, 1, 1], {}],
    [[2, 16, 14, 14], [16, 1, 3, 3], { padding: 1, groups: 16 }],
    [[3, 3, 21, 20], [9, 3, 5, 5], { stride: 2, padding: 2 }],
  ];
  for (const [i, [x, w, options]] of cases.entries()) {
    const random = new Random(700 + i);
    const inputs = [x, w, [w[0]]].map((shape) => ({ shape, values: random.values(size(shape)) }));
    const name = `conv2d of [${x}] by [${w}] ${show(options)}`;
    await findings.during(name, () => compare(lab, { name, inputs, f: ([a, b, c]) => [convNd(2, a, b, c, options)] }, random));
  }
  findings.report();
}

const geometry = internConv({
  rank: 2,
  batch: 2,
  inChannels: 4,
  outChannels: 6,
  groups: 2,
  inSize: toSpatial([5, 6], 1),
  outSize: toSpatial([3, 3], 1),
  kernel: toSpatial([3, 2], 1),
  stride: toSpatial([2, 2], 1),
  dilation: [1, 1, 1],
  padLow: toSpatial([1, 0], 0),
  padHigh: toSpatial([1, 0], 0),
});

/** The same without groups, for kernels that refuse them. */
const ungrouped = internConv({ ...geometry, groups: 1 });

function operands(lab: Lab, backend: Backend): { x: Tensor; w: Tensor; dy: Tensor } {
  const random = new Random(11);
  const make = (shape: number[]): Tensor => lab.tensor(random.values(size(shape)), shape, 'float32', 'plain', backend);
  return { x: make([2, 4, 1, 5, 6]), w: make([6, 2, 1, 3, 2]), dy: make([2, 6, 1, 3, 3]) };
}

async function accumulated(lab: Lab): Promise<void> {
  const ref = operands(lab, lab.reference);
  const refused = lab.native.supportsConv?.('convGradWeight', geometry) === false;
  const g = refused ? ungrouped : geometry;
  const shape = [6, 4 / g.groups, 1, 3, 2];
  const expected = await dispatch(convGradWeightOp, [ref.x, ref.dy], { geometry: g }).data();
  const { x, dy } = operands(lab, lab.native);
  const start = new Random(12).values(expected.length);
  const out = lab.tensor(start, shape);
  lab.native.convGradWeight?.(x.ref, dy.ref, g, true, out.ref);
  await lab.expect(
    'onto what was there',
    written(out),
    expected.map((v, i) => v + start[i]),
    'gradient',
  );
  const fresh = blank(lab, shape);
  lab.native.convGradWeight?.(x.ref, dy.ref, g, false, fresh.ref);
  await lab.expect('into fresh memory', written(fresh), expected, 'gradient');
}

async function partial(lab: Lab): Promise<void> {
  const ref = operands(lab, lab.reference);
  const { x, w, dy } = operands(lab, lab.native);
  const all = convBackward(ref.x, ref.w, ref.dy, geometry, { dx: true, dw: true, db: true });
  for (let mask = 1; mask < 8; mask++) {
    const want = { dx: (mask & 1) !== 0, dw: (mask & 2) !== 0, db: (mask & 4) !== 0 };
    const made = convBackward(x, w, dy, geometry, want);
    for (const key of ['dx', 'dw', 'db'] as const) {
      assertEqual(`${key} is there (${show(want)})`, made[key] !== null, want[key]);
      if (made[key] !== null) await lab.expect(`${key} (${show(want)})`, made[key], await (all[key] as Tensor).data(), 'gradient');
    }
  }
}

import { grad } from '@konv/autograd';
import { mul, Scope, sum, type Tensor } from '@konv/core-tensor';
import fc, { type Arbitrary } from 'fast-check';
import { assertClose, assertEqual, fail } from '../harness/assert.js';
import { expectMemory, type Lab, type Reading, readAll } from '../harness/lab.js';
import { layouts, place } from '../harness/place.js';
import { Random } from '../harness/random.js';
import type { Suite } from '../harness/suite.js';
import type { Stage } from '../tolerances.js';
import { type Grid, zeros } from './geometry-loops.js';
import {
  adaptivePoolSamples,
  avgPoolSamples,
  convSamples,
  convTransposeSamples,
  type GeometrySample,
  maxPoolSamples,
  maxUnpoolSamples,
} from './geometry-samples.js';

/** How many geometries are tried, and from which seed; what fails is printed with both. */
export interface GeometryRuns {
  /** Of each family. Default: 60. */
  readonly runs?: number;
  /** Default: 1, so that a suite which passes passes again. */
  readonly seed?: number;
}

const families: Readonly<Record<string, Arbitrary<GeometrySample>>> = {
  conv: convSamples,
  convTranspose: convTransposeSamples,
  maxPool: maxPoolSamples,
  avgPool: avgPoolSamples,
  'maxPool, undone by maxUnpool': maxUnpoolSamples,
  adaptivePool: adaptivePoolSamples,
};

/** Every geometry: sizes by the formula; values, indices and gradients as the naive float64 loops say. */
export function geometryProperties(suite: Suite, { runs = 60, seed = 1 }: GeometryRuns = {}): void {
  const { lab } = suite;
  suite.describe('any geometry, against naive loops', () => {
    for (const [name, samples] of Object.entries(families)) {
      suite.it(name, () => hold(lab, samples, { numRuns: runs, seed }));
    }
  });
}

/** How the inputs of a sample are made. */
interface Setting {
  readonly dtype: 'float32' | 'float64';
  readonly layout: (typeof layouts)[number];
  readonly decomposed: boolean;
  readonly numbers: number;
}

async function hold(lab: Lab, samples: Arbitrary<GeometrySample>, parameters: { numRuns: number; seed: number }): Promise<void> {
  const setting: Arbitrary<Setting> = fc.record({
    dtype: fc.constantFrom(...lab.floats),
    layout: fc.constantFrom(...layouts),
    decomposed: lab.modes.length > 1 ? fc.boolean() : fc.constant(false),
    numbers: fc.nat({ max: 99 }),
  });
  const property = fc.asyncProperty(samples, setting, (sample, how) => holds(lab, sample, how));
  const result = await fc.check(property, parameters);
  if (!result.failed || result.counterexample === null) return;
  const [sample, { dtype, layout, decomposed }] = result.counterexample;
  const inputs = sample.inputs.map((shape) => `[${shape.join(', ')}]`).join(' and ');
  const cause = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  fail(
    `${sample.name} of ${inputs}${sample.unbatched ? ', unbatched' : ''}, ${dtype}, ${layout}${decomposed ? ', decomposed' : ''}: ${cause}\n` +
      `  found after ${result.numRuns} runs from seed ${result.seed}, shrunk ${result.numShrinks} times; ` +
      `geometry: { seed: ${result.seed}, runs: ${result.numRuns} } finds it again`,
  );
}

function drawn(shape: readonly number[], tied: boolean, random: Random): Grid {
  const grid = zeros(shape);
  if (tied) for (let i = 0; i < grid.values.length; i++) grid.values[i] = random.whole(-3, 3);
  else grid.values.set(random.values(grid.values.length));
  return grid;
}

async function holds(lab: Lab, sample: GeometrySample, how: Setting): Promise<void> {
  const random = new Random(how.numbers);
  const inputs = sample.inputs.map((shape) => drawn(shape, sample.tied, random));
  const dy = drawn(sample.output, false, random);
  const { outputs, grads } = sample.expect(inputs, dy.values);
  const before = lab.memory();
  const scope = new Scope('sample');
  try {
    const pending = scope.run(() => forwardAndBackward(lab, sample, how, inputs, dy));
    const [y, g] = [await pending.outputs, await pending.grads];
    assertEqual('the number of outputs', y.length, outputs.length);
    outputs.forEach((e, i) => compare(lab, `output ${i}`, y[i], { ...e, shape: shapeOf(sample, e.shape) }, 'forward'));
    grads.forEach((e, i) =>
      compare(lab, `gradient of input ${i}`, g[i], { ...e, shape: i === 0 ? shapeOf(sample, e.shape) : e.shape }, 'gradient'),
    );
  } finally {
    scope.dispose();
  }
  expectMemory('after the sample', before, lab.memory());
}

/** As the call sees it: perhaps without the batch. */
function shapeOf({ unbatched }: GeometrySample, shape: readonly number[]): readonly number[] {
  return unbatched ? shape.slice(1) : shape;
}

function forwardAndBackward(lab: Lab, sample: GeometrySample, { dtype, layout, decomposed }: Setting, inputs: readonly Grid[], dy: Grid) {
  const { name } = decomposed ? lab.decomposed : lab.native;
  const x = inputs.map(({ shape, values }, i) => place(name, dtype, i === 0 ? shapeOf(sample, shape) : shape, values, layout));
  for (const t of x) t.requiresGrad = true;
  const outputs: readonly Tensor[] = sample.run(x);
  const total = sum(mul(outputs[0], place(name, dtype, outputs[0].shape, dy.values)));
  return { outputs: readAll(outputs), grads: readAll(grad([total], x)) };
}

function compare(lab: Lab, what: string, actual: Reading | null, expected: Grid, stage: Stage): void {
  if (actual === null) return fail(`${what}: expected values, got none`);
  assertEqual(`${what}, shape`, [...actual.shape], [...expected.shape]);
  assertClose(what, actual.values, expected.values, lab.tolerance(actual.dtype, stage));
}

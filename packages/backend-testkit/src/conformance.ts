import type { Backend, Unavailable } from '@konv/core-tensor';
import { Lab } from './harness/lab.js';
import { type Skip, Suite, type TestFramework } from './harness/suite.js';
import { bufferTests } from './suites/buffers.js';
import { mistakeTests } from './suites/mistakes.js';
import { moduleTests } from './suites/modules.js';
import { numberTests } from './suites/numbers.js';
import { viewTests } from './suites/views.js';
import { kernelTests } from './suites/kernels.js';
import { geometryTests } from './suites/geometry.js';
import { geometryProperties, type GeometryRuns } from './suites/geometry-properties.js';
import { errorTests } from './suites/errors.js';
import { fixtureTests, type FixtureViews } from './suites/fixtures.js';
import { optimizerTests } from './suites/optimizers.js';
import { gradientTests } from './suites/gradients.js';
import { trainingTests } from './suites/training.js';
import { type ToleranceOverrides, withOverrides } from './tolerances.js';

export interface ConformanceOptions {
  /** The title of the tests; default: the backend's name. */
  readonly name?: string;
  /** Makes the backend: what its factory returns, also `{ unavailable: reason }` or a promise of either. */
  readonly create: () => Backend | Unavailable | Promise<Backend | Unavailable>;
  /** Tests that cannot pass, each with its reason. A skip that names no test is itself a failing test. */
  readonly skip?: readonly Skip[];
  /** Entries that replace those of `tolerances`. */
  readonly tolerance?: ToleranceOverrides;
  /** How many random geometries are tried, and from which seed; a failure names both. Default: 60 a family, from seed 1. */
  readonly geometry?: GeometryRuns;
  /**
   * Whether every fixture runs in `each` layout of its operands (default), or the fixtures of an op take the layouts `in
   * turns`, which takes half the time.
   */
  readonly views?: FixtureViews;
}

/**
 * Defines the tests that every konv backend passes, through any framework's `describe` and `it`.
 *
 * Must be awaited where `create` is asynchronous: `await conformance({ describe, it }, { create: acme })` at the top level
 * of the test file. A backend that cannot run here makes one skipped test that says so.
 */
export function conformance(framework: TestFramework, options: ConformanceOptions): void | Promise<void> {
  let made: ReturnType<ConformanceOptions['create']>;
  try {
    made = options.create();
  } catch (e) {
    return failed(framework, options, e);
  }
  if (!(made instanceof Promise)) return define(framework, options, made);
  return made.then(
    (b) => define(framework, options, b),
    (e: unknown) => failed(framework, options, e),
  );
}

function failed({ describe, it }: TestFramework, { name = 'the backend' }: ConformanceOptions, cause: unknown): void {
  describe(`${name} conforms to the backend interface`, () => {
    it('can be made', () => {
      throw cause;
    });
  });
}

function define(framework: TestFramework, options: ConformanceOptions, made: Backend | Unavailable): void {
  if ('unavailable' in made) {
    const name = options.name ?? made.name ?? 'the backend';
    framework.describe(`${name} conforms to the backend interface`, () => {
      const { it } = framework;
      const skip = typeof it.skip === 'function' ? (it.skip as TestFramework['it']) : it;
      skip(`NOT TESTED: "${name}" is not available here: ${made.unavailable}`, () => {});
    });
    return;
  }
  const suite = new Suite(framework, new Lab(made, withOverrides(options.tolerance)), options.skip ?? []);
  framework.describe(`${options.name ?? made.name} conforms to the backend interface`, () => {
    bufferTests(suite);
    numberTests(suite);
    viewTests(suite);
    kernelTests(suite);
    geometryTests(suite);
    geometryProperties(suite, options.geometry);
    errorTests(suite);
    fixtureTests(suite, options.views);
    moduleTests(suite);
    mistakeTests(suite);
    optimizerTests(suite);
    gradientTests(suite);
    trainingTests(suite);
    suite.checkSkips();
  });
}

import type { Backend } from '@konv/core-tensor';
import { deviationOf, type Deviation, unsupportedTags } from '../deviations.js';
import { opFixtures } from '../fixtures/all.js';
import type { FixtureCase, FixtureFile } from '../fixtures/types.js';
import { Findings } from '../harness/assert.js';
import { type Lab, sameMemory } from '../harness/lab.js';
import { type Layout, layouts } from '../harness/place.js';
import type { Suite } from '../harness/suite.js';
import { operations } from '../operations.js';
import { fits, runCase, runCaseCounted, runError, type Way } from './fixture-case.js';

/** `each`: every case in every layout of its operands. `in turns`: the first case in the first layout, the next in the next. */
export type FixtureViews = 'each' | 'in turns';

/** Every fixture that PyTorch made: values, gradients, second derivatives and refusals. */
export function fixtureTests(suite: Suite, views: FixtureViews = 'each'): void {
  suite.describe('fixtures', () => {
    for (const file of opFixtures) suite.describe(file.family, () => fileTests(suite, file, views));
  });
}

function fileTests(suite: Suite, file: FixtureFile, views: FixtureViews): void {
  const ops = [...new Set(file.cases.map((c) => c.op))];
  for (const op of ops) {
    const cases = file.cases.filter((c) => c.op === op);
    if (operations[op] === undefined) {
      suite.it(op, () => {
        throw new Error(`expected a row for "${op}" in operations.ts, got none; say there how konv calls it`);
      });
      continue;
    }
    opTests(suite, op, cases, views);
  }
}

function opTests(suite: Suite, op: string, all: readonly FixtureCase[], views: FixtureViews): void {
  const { lab } = suite;
  const cases = all.filter((c) => fits(lab, c) && !(c.tags ?? []).some((tag) => tag in unsupportedTags));
  const on = (backend: Backend, some: readonly Layout[]): Way[] => some.map((layout) => ({ backend, layout }));
  const run = (ways: readonly Way[]) =>
    runAll(
      lab,
      cases.flatMap((c, i) => (views === 'each' ? ways : [ways[i % ways.length]]).map((way) => [c, way] as const)),
    );
  suite.it(op, () => run(on(lab.native, ['plain'])));
  suite.it(`${op} of views`, () => run(on(lab.native, layouts.slice(1))));
  if (lab.modes.length > 1) suite.it(`${op}, decomposed`, () => run(on(lab.decomposed, ['plain', 'strided'])));
}

type Run = readonly [FixtureCase, Way];

const labelOf = ([c, { layout }]: Run): string => (layout === 'plain' ? `"${c.name}"` : `"${c.name}" (${layout})`);

async function runAll(lab: Lab, all: readonly Run[]): Promise<void> {
  const findings = new Findings();
  const runs: Run[] = [];
  for (const run of all) {
    const [c, way] = run;
    const deviation: Deviation | undefined = deviationOf(c.op, c.name);
    if (deviation?.instead === 'skip') continue;
    const unreadable = deviation?.instead === 'result or error' && !lab.syncRead;
    const refused = c.error !== undefined || deviation?.instead === 'error' || unreadable;
    if (refused) await findings.during(labelOf(run), () => runError(lab, c, way, deviation));
    else runs.push(run);
  }
  const before = lab.memory();
  // A backend that reads behind a fence waits once for all.
  await Promise.all(runs.map((run) => findings.during(labelOf(run), () => runCase(lab, ...run))));
  // Which of them left something behind, each alone tells.
  if (!sameMemory(before, lab.memory())) for (const run of runs) await findings.during(labelOf(run), () => runCaseCounted(lab, ...run));
  findings.report();
}

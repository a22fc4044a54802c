import { deviationOf, type Deviation, unsupportedTags } from '../deviations.js';
import { opFixtures } from '../fixtures/all.js';
import type { FixtureCase, FixtureFile } from '../fixtures/types.js';
import { Findings } from '../harness/assert.js';
import type { Lab } from '../harness/lab.js';
import { layouts } from '../harness/place.js';
import type { Suite } from '../harness/suite.js';
import { operations } from '../operations.js';
import { fits, runCase, runError, type Way } from './fixture-case.js';

/** Every fixture that PyTorch made: values, gradients, second derivatives and refusals. */
export function fixtureTests(suite: Suite): void {
  suite.describe('fixtures', () => {
    for (const file of opFixtures) suite.describe(file.family, () => fileTests(suite, file));
  });
}

function fileTests(suite: Suite, file: FixtureFile): void {
  const ops = [...new Set(file.cases.map((c) => c.op))];
  for (const op of ops) {
    const cases = file.cases.filter((c) => c.op === op);
    if (operations[op] === undefined) {
      suite.it(op, () => {
        throw new Error(`expected a row for "${op}" in operations.ts, got none; say there how konv calls it`);
      });
      continue;
    }
    opTests(suite, op, cases);
  }
}

function opTests(suite: Suite, op: string, all: readonly FixtureCase[]): void {
  const { lab } = suite;
  const cases = all.filter((c) => fits(lab, c) && !(c.tags ?? []).some((tag) => tag in unsupportedTags));
  suite.it(op, () => runAll(lab, cases, [{ backend: lab.native, layout: 'plain' }]));
  suite.it(`${op} of views`, () =>
    runAll(
      lab,
      cases,
      layouts.slice(1).map((layout) => ({ backend: lab.native, layout })),
    ),
  );
  if (lab.modes.length === 1) return;
  suite.it(`${op}, decomposed`, () =>
    runAll(
      lab,
      cases,
      (['plain', 'strided'] as const).map((layout) => ({ backend: lab.decomposed, layout })),
    ),
  );
}

async function runAll(lab: Lab, cases: readonly FixtureCase[], ways: readonly Way[]): Promise<void> {
  const findings = new Findings();
  for (const way of ways) {
    for (const c of cases) {
      const deviation: Deviation | undefined = deviationOf(c.op, c.name);
      if (deviation?.instead === 'skip') continue;
      const unreadable = deviation?.instead === 'result or error' && !lab.syncRead;
      const refused = c.error !== undefined || deviation?.instead === 'error' || unreadable;
      const label = way.layout === 'plain' ? `"${c.name}"` : `"${c.name}" (${way.layout})`;
      await findings.during(label, () => (refused ? runError(lab, c, way, deviation) : runCase(lab, c, way)));
    }
  }
  findings.report();
}

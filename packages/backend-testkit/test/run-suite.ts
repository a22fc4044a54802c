import { conformance, type ConformanceOptions, type TestBody } from '../src/index.js';

export interface Outcome {
  /** The titles of the groups and of the test, without the backend's own. */
  readonly path: string;
  readonly error: Error | null;
  readonly skipped: boolean;
}

/** Runs the conformance suite by a framework of our own. `only` chooses tests by their path. */
export async function runSuite(options: ConformanceOptions, only: RegExp = /^/): Promise<Outcome[]> {
  const groups: string[] = [];
  const tests: { path: string; body: TestBody; skipped: boolean }[] = [];
  const describe = (title: string, body: () => void): void => {
    groups.push(title);
    body();
    groups.pop();
  };
  const define =
    (skipped: boolean) =>
    (title: string, body: TestBody): void => {
      tests.push({ path: [...groups.slice(1), title].join(' > '), body, skipped });
    };
  await conformance({ describe, it: Object.assign(define(false), { skip: define(true) }) }, options);
  const outcomes: Outcome[] = [];
  for (const { path, body, skipped } of tests) {
    if (path.search(only) < 0) continue;
    let error: Error | null = null;
    try {
      if (!skipped) await body();
    } catch (e) {
      error = e as Error;
    }
    outcomes.push({ path, error, skipped });
  }
  return outcomes;
}

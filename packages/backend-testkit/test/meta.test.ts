import { cpuJs } from '@konv/backend-cpu-js';
import { describe, expect, it } from 'vitest';
import { strangerBackend } from '../src/index.js';
import { brokenBackends } from './broken-backends.js';
import { runSuite } from './run-suite.js';

describe('the suite finds a backend', () => {
  it.each(brokenBackends.map((b) => [b.fault, b] as const))('in which %s', async (_, { fault, make, foundBy }) => {
    for (const tests of foundBy) {
      const sound = await runSuite({ create: () => cpuJs() }, tests);
      expect(sound.length, `tests by ${tests}`).toBeGreaterThan(0);
      expect(
        sound.filter((o) => o.error !== null),
        `sound, ${tests}`,
      ).toEqual([]);
      const broken = await runSuite({ create: () => ({ ...make(), name: `one in which ${fault}` }) }, tests);
      expect(broken.filter((o) => o.error !== null).length, `broken, found by ${tests}`).toBeGreaterThan(0);
    }
  });
});

describe('skips', () => {
  const create = () => strangerBackend();

  it('show their reason and do not run', async () => {
    const outcomes = await runSuite(
      {
        create,
        skip: [{ reason: 'the sign is lost', tests: ['numbers > casts truncate toward zero; anything but 0 is true', /unary > relu/] }],
      },
      /skipped/,
    );
    expect(outcomes.map((o) => o.path)).toEqual([
      'numbers > casts truncate toward zero; anything but 0 is true (skipped: the sign is lost)',
      'fixtures > unary > relu (skipped: the sign is lost)',
      'fixtures > unary > relu of views (skipped: the sign is lost)',
    ]);
    expect(outcomes.every((o) => o.skipped)).toBe(true);
  });

  it('that name no test fail', async () => {
    const outcomes = await runSuite({ create, skip: [{ reason: 'long gone', tests: ['no such test', /unary > relu/] }] }, /the skip/);
    expect(outcomes.length).toBe(1);
    expect(outcomes[0].error?.message).toMatch('expected a test named no such test, got none');
  });
});

describe('a backend that cannot run here', () => {
  it('is one loudly skipped test, also by promise', async () => {
    const unavailable = { unavailable: 'no WebGL2', name: 'webgl' };
    for (const create of [() => unavailable, async () => unavailable]) {
      const outcomes = await runSuite({ create });
      expect(outcomes).toEqual([{ path: 'NOT TESTED: "webgl" is not available here: no WebGL2', error: null, skipped: true }]);
    }
  });

  it('whose factory throws fails', async () => {
    const create = () => {
      throw new Error('no luck');
    };
    for (const factory of [create, async () => create()]) {
      const [outcome, ...more] = await runSuite({ create: factory });
      expect(more).toEqual([]);
      expect(outcome.error?.message).toBe('no luck');
    }
  });
});

it('a tolerance can be widened by entry', async () => {
  const make = brokenBackends.find((b) => b.fault === 'float64 is computed in float32')?.make as () => ReturnType<typeof cpuJs>;
  const wide = { relative: 1e-6 };
  const [strict] = await runSuite({ create: make }, /fixtures > unary > exp$/);
  const [loose] = await runSuite(
    { create: make, tolerance: { float64: { elementwise: wide, gradient: wide } } },
    /fixtures > unary > exp$/,
  );
  expect(strict.error?.message).toMatch(/expected .* within .* at flat position/);
  expect(loose.error).toBeNull();
});

import { defineConfig } from 'vitest/config';

// Packages import each other's sources in tests: no build is needed to run them.
const conditions = ['@konv/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // Node 20 has no `using`: lower it.
  oxc: { target: 'es2022' },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'tools/*/test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
  },
});

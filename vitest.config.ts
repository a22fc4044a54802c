import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { findChromium, launchArgs } from './tools/browser/chromium.mjs';
import { isolationHeaders } from './tools/browser/serve.mjs';
import { browserSpecs } from './tools/browser/specs.mjs';

// Packages import each other's sources in tests: no build is needed to run them.
const conditions = ['@konv/source'];
/** `npm run soak`. */
const soak = process.env.KONV_SOAK === '1';
const chromium = findChromium();
if (!chromium) console.warn('no Chromium found: the browser projects are left out (set CHROMIUM_PATH)');

/** What `@konv/tfjs` is tested on: resolved from there, as they are no dependencies of the root. */
const tfjs = ['core', 'backend-wasm', 'backend-webgl'].map((part) => `@konv/tfjs > @tensorflow/tfjs-${part}`);

/** Specs in one page of a headless Chromium, which the server answers with these headers. */
const inBrowser = (
  name: string,
  include: string[],
  headers: Record<string, string>,
  groupOrder: number,
  executablePath: string,
): TestProjectInlineConfiguration => ({
  extends: true,
  server: { headers },
  // Said beforehand: dependencies found while a page loads would have it loaded again.
  optimizeDeps: { include: ['fast-check', ...tfjs], noDiscovery: true },
  test: {
    include,
    sequence: { groupOrder },
    setupFiles: ['tools/browser/setup.ts'],
    provide: { isolated: Object.keys(headers).length > 0, soak },
    browser: {
      enabled: true,
      headless: true,
      provider: playwright({ launchOptions: { executablePath, args: launchArgs } }),
      instances: [{ browser: 'chromium', name }],
      fileParallelism: false,
      screenshotFailures: false,
    },
  },
});

/** After Node's tests: beside those a page has so little of two processors that its start takes minutes. */
const browserProjects = (executablePath: string) => [
  inBrowser('webgl', browserSpecs.webgl, isolationHeaders, 1, executablePath),
  inBrowser('browser', browserSpecs.isolatedPage, isolationHeaders, 1, executablePath),
  inBrowser('browser-plain', browserSpecs.plainPage, {}, 1, executablePath),
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // Node 20 has no `using`: lower it.
  oxc: { target: 'es2022' },
  test: {
    maxWorkers: 2,
    // Nothing here tests speed, and a machine may have other work: this is for what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          provide: { isolated: false, soak },
          include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'tools/*/test/**/*.test.ts'],
          exclude: browserSpecs.webglOnly,
          // Processes take half as long again to load konv.
          pool: 'threads',
        },
      },
      ...(chromium ? browserProjects(chromium) : []),
    ],
  },
});

import type { Context } from '../compare.js';
import { convSuite } from '../suites/conv.js';
import { gemmSuite } from '../suites/gemm.js';
import { lenetReadSuite, lenetSuite } from '../suites/steps.js';
import type { pageSuiteNames } from './names.js';

/** The suites that a page can run; `images` as `convSuite` has it. */
export const pageSuites: Readonly<Record<(typeof pageSuiteNames)[number], (context: Context, images: number | null) => Promise<void>>> = {
  gemm: gemmSuite,
  conv: convSuite,
  lenet: async (context) => {
    await lenetSuite(context);
    await lenetReadSuite(context);
  },
};

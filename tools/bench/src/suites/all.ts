import type { Context } from '../compare.js';
import { convSuite } from './conv.js';
import { dispatchSuite } from './dispatch.js';
import { elementwiseSuite } from './elementwise.js';
import { gemmSuite } from './gemm.js';
import { lenetSuite, resnetSuite } from './steps.js';
import { tfjsTrainSuite } from './tfjs-train.js';
import { threadsSuite } from './threads.js';
import { winogradSuite } from './winograd.js';

export const suites: Readonly<Record<string, (context: Context) => Promise<void>>> = {
  gemm: gemmSuite,
  conv: convSuite,
  winograd: winogradSuite,
  lenet: lenetSuite,
  resnet: resnetSuite,
  elementwise: elementwiseSuite,
  dispatch: dispatchSuite,
  threads: threadsSuite,
  'tfjs-train': tfjsTrainSuite,
};

/** `download` measures sizes, not times, and stands apart. */
export const suiteNames: readonly string[] = [...Object.keys(suites), 'download'];

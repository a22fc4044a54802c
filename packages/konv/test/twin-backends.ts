/** The backends on which the networks are trained beside PyTorch; one row each. */
import { type Backend, cpuJs, type Unavailable, wasm, webgl } from 'konv';

export interface TwinBackend {
  readonly name: string;
  /** Makes it; that it registers under another name than its row's is allowed. */
  readonly create: () => Backend | Unavailable | Promise<Backend | Unavailable>;
  /** (d) is asked up to this step only, with the reason. */
  readonly forcedUpTo?: { readonly step: number; readonly reason: string };
}

/** A page without shared memory, beside the isolated one that the same tests run in. */
const plainPage = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false;

/** Where this runs: a page's float64, which takes most of the time, computes what Node's does. */
export const inPage = 'document' in globalThis;

/** The one whose initial values, order of images and float64 are compared, too: they are what the others start from. */
export const reference = 'cpu-js';

export const twinBackends: readonly TwinBackend[] = [
  { name: 'wasm', create: () => wasm({ threads: 2 }) },
  // What a page may share makes a difference to wasm alone: the isolated one serves the others.
  ...(plainPage
    ? []
    : [
        { name: reference, create: cpuJs },
        {
          name: 'webgl',
          create: webgl,
          forcedUpTo: {
            step: 20,
            reason:
              'at step 100 of LeNet one window of the first max pool, of 75 264, holds two values within a rounding of each ' +
              "other: another one wins than in PyTorch's sums, and its kernel's gradient is 0.4 % off",
          },
        },
      ]),
];

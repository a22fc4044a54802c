/** The backends on which the networks are trained beside PyTorch; one row each. */
import { type Backend, cpuJs, type Unavailable, wasm } from 'konv';

export interface TwinBackend {
  readonly name: string;
  /** Makes it; that it registers under another name than its row's is allowed. */
  readonly create: () => Backend | Unavailable | Promise<Backend | Unavailable>;
}

/** The one whose initial values, order of images and float64 are compared, too: they are what the others start from. */
export const reference = 'cpu-js';

export const twinBackends: readonly TwinBackend[] = [
  { name: reference, create: cpuJs },
  { name: 'wasm', create: () => wasm({ threads: 2 }) },
];

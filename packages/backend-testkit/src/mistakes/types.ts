import type { nn } from '../harness/nn.js';

/** Notes a module, so that it is freed afterwards, and returns it. */
export type Own = <M extends nn.Module>(module: M) => M;

/** A mistake that users make, and what konv tells them. */
export interface Mistake {
  readonly title: string;
  /** Makes it, on the current backend. */
  readonly run: (own: Own) => unknown;
  /** The whole message, the same on every backend. */
  readonly message: string;
  /** It is seen by looking at values: only where these can be read at once. */
  readonly readsValues?: true;
}

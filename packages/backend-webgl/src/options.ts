import { BackendError } from '@konv/core-tensor';

/** What is needed of a canvas: an OffscreenCanvas or a canvas element that nothing else draws on. */
export interface WebglCanvas {
  getContext(type: 'webgl2', attributes?: object): unknown;
  addEventListener(type: string, listener: (event: { preventDefault(): void }) => void): void;
  removeEventListener(type: string, listener: (event: { preventDefault(): void }) => void): void;
}

export interface WebglOptions {
  /** What the backend is registered as; default 'webgl'. */
  readonly name?: string;
  /** The canvas whose context is used. Default: an OffscreenCanvas of its own, also in a worker. */
  readonly canvas?: WebglCanvas;
  /** Which GPU, where there are two. Default 'high-performance'. */
  readonly powerPreference?: 'default' | 'high-performance' | 'low-power';
  /** Bytes that all textures may have together. Default 4 GiB: WebGL does not tell what the GPU has. */
  readonly maxTotalBytes?: number;
  /** Bytes of textures kept for reuse after their tensors are gone. Default 512 MiB. */
  readonly poolBytes?: number;
  /**
   * Offer `dataSync`, `itemSync` and checks of values, for which the page stands still until the GPU has caught up.
   * Default false.
   */
  readonly syncRead?: boolean;
  /**
   * How often an elementwise expression is computed op by op before it gets a program of its own. Default 8: less makes
   * loops faster sooner, more compiles less for what happens a few times only.
   */
  readonly fuseAfter?: number;
}

type Rule = readonly [expected: string, holds: (value: unknown) => boolean];
const bytes: Rule = ['a whole number of bytes above 0', (v) => Number.isInteger(v) && (v as number) > 0];
const isCanvas = (v: unknown): boolean =>
  (['getContext', 'addEventListener', 'removeEventListener'] as const).every((f) => typeof (v as WebglCanvas | null)?.[f] === 'function');
const rules: Record<keyof WebglOptions, Rule> = {
  name: ['a name that is not empty', (v) => typeof v === 'string' && v !== ''],
  canvas: ['an OffscreenCanvas or a canvas element', isCanvas],
  powerPreference: [
    "'default', 'high-performance' or 'low-power'",
    (v) => v === 'default' || v === 'high-performance' || v === 'low-power',
  ],
  maxTotalBytes: bytes,
  poolBytes: ['a whole number of bytes, 0 or more', (v) => Number.isInteger(v) && (v as number) >= 0],
  syncRead: ['true or false', (v) => typeof v === 'boolean'],
  fuseAfter: ['a whole number, 0 or more', (v) => Number.isInteger(v) && (v as number) >= 0],
};

/** Refuses what is no option, and options that cannot be meant. Errors: `BackendError`, before anything is made. */
export function checkOptions(options: WebglOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new BackendError('webgl', `expected an object of options, got ${String(options)}; leave it out for the defaults`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(rules, name)) {
      throw new BackendError('webgl', `expected options of ${Object.keys(rules).join(', ')}, got "${name}"; mind the spelling`);
    }
    const [expected, holds] = rules[name as keyof WebglOptions];
    if (!holds(value))
      throw new BackendError('webgl', `expected ${name} to be ${expected}, got ${String(value)}; leave it out for the default`);
  }
}

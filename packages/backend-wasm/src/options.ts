import { BackendError } from '@konv/core-tensor';
import type { SimdLevel } from '@konv/wasm-kernels';

export interface WasmOptions {
  /** What the backend is registered as; default 'wasm'. */
  readonly name?: string;
  /** Threads in all, the caller's among them, at most 64. Default: the machine's cores; one in a page that is not isolated. */
  readonly threads?: number;
  /** Bytes that all tensors may have together. Default: what the heap may grow to, 4 GiB where the engine grants it. */
  readonly maxTotalBytes?: number;
  /** No kernel that trades accuracy for speed (Winograd): every output is a plain sum of products. Default false. */
  readonly strictNumerics?: boolean;
  /** The kernels to load. Default: the highest level that the engine validates. */
  readonly level?: SimdLevel;
  /** Where the kernels are to be fetched from: `kernelUrls` of '@konv/wasm-kernels/url', or files of your own. Default: they come with the code. */
  readonly kernelUrls?: Readonly<Record<SimdLevel, URL>>;
}

type Rule = readonly [expected: string, holds: (value: unknown) => boolean];

const isUrl = (value: unknown): boolean => value instanceof URL;

/** What each option must be; `threads` is looked at where the cores are counted. */
const rules: Record<Exclude<keyof WasmOptions, 'threads'>, Rule> = {
  name: ['a name that is not empty', (v) => typeof v === 'string' && v !== ''],
  maxTotalBytes: ['a whole number of bytes above 0', (v) => Number.isInteger(v) && (v as number) > 0],
  strictNumerics: ['true or false', (v) => typeof v === 'boolean'],
  level: ["'simd' or 'relaxed'", (v) => v === 'simd' || v === 'relaxed'],
  kernelUrls: [
    'a URL for each level, as in kernelUrls of @konv/wasm-kernels/url',
    (v) =>
      typeof v === 'object' && v !== null && isUrl((v as Record<string, unknown>).simd) && isUrl((v as Record<string, unknown>).relaxed),
  ],
};

/** Refuses what is no option, and options that cannot be meant. Errors: `BackendError`, before anything is made. */
export function checkOptions(options: WasmOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new BackendError('wasm', `expected an object of options, got ${String(options)}; leave it out for the defaults`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || name === 'threads') continue;
    if (!Object.hasOwn(rules, name)) {
      throw new BackendError('wasm', `expected options of threads, ${Object.keys(rules).join(', ')}, got "${name}"; mind the spelling`);
    }
    const [expected, holds] = rules[name as keyof typeof rules];
    if (!holds(value))
      throw new BackendError('wasm', `expected ${name} to be ${expected}, got ${String(value)}; leave it out for the default`);
  }
}

import type { Backend } from './backend.js';
import { BackendError } from './errors.js';
import { Generator } from './random/generator.js';
import type { Scope } from './scope.js';
import type { Tracer } from './tracer.js';

/** A registered backend: running, waiting to be made at first use, or noted as unavailable. */
export interface RegistryEntry {
  readonly name: string;
  backend: Backend | null;
  create: (() => Backend) | null;
  unavailable: string | null;
}

/**
 * What all copies of one ABI share. It hangs on `globalThis`, so that two installed copies of core-tensor (one per
 * peer range, say) see the same backends, scopes, tape and random numbers.
 */
export interface AbiState {
  readonly url: string;
  readonly entries: Map<string, RegistryEntry>;
  current: string | null;
  readonly scopes: Scope[];
  /** The `using` scope that is open, if any. */
  openHandle: Scope | null;
  gradEnabled: boolean;
  tracer: Tracer | null;
  readonly generator: Generator;
  debug: boolean;
}

const ABI = 1;
const PREFIX = 'konv.abi.';

function open(): AbiState {
  const host = globalThis as unknown as Record<symbol, AbiState | undefined>;
  const mine = Symbol.for(`${PREFIX}${ABI}`);
  for (const key of Object.getOwnPropertySymbols(host)) {
    if (key === mine || !key.description?.startsWith(PREFIX)) continue;
    throw new BackendError(
      'core-tensor',
      `expected one ABI of @konv/core-tensor in a program, got ABI ${ABI} at ${import.meta.url} beside ` +
        `${key.description.slice(PREFIX.length)} at ${host[key]?.url}; install one version of @konv/core-tensor`,
    );
  }
  const known = host[mine];
  if (known) return known;
  const state: AbiState = {
    url: import.meta.url,
    entries: new Map(),
    current: null,
    scopes: [],
    openHandle: null,
    gradEnabled: true,
    tracer: null,
    generator: new Generator(),
    debug: false,
  };
  Object.defineProperty(host, mine, { value: state });
  return state;
}

/** The shared state of this ABI. */
export const abi: AbiState = open();

import { defaultGenerator, FormatError, Generator, type GeneratorState } from '@konv/core-tensor';

/**
 * Where a DataLoader stands: plain values, so `JSON.stringify` and back keep it. The bytes of generators are in base64.
 */
export interface DataLoaderState {
  readonly version: 1;
  /** What the loader iterates; a loader that takes the state must agree. */
  readonly samples: number;
  readonly batchSize: number;
  readonly dropLast: boolean;
  /** The pass that is open or was broken off; null between passes. */
  readonly pass: {
    /** Batches that it has given out. */
    readonly batches: number;
    /** The generators at its beginning, from which its order comes. */
    readonly generators: readonly string[];
  } | null;
  /** The generators now: the global one, then the loader's and the sampler's where they are others. */
  readonly generators: readonly string[];
}

/** A state after its checks. */
export interface Position {
  readonly pass: { readonly batches: number; readonly generators: readonly GeneratorState[] } | null;
  readonly generators: readonly GeneratorState[];
}

/** What a state must agree with. */
export interface Plan {
  readonly samples: number;
  readonly batchSize: number;
  readonly dropLast: boolean;
  /** The number of batches in a pass. */
  readonly length: number;
  /** The number of generators. */
  readonly generators: number;
}

/** The generators that a pass may draw from, each once: the global one first. */
export function generatorsOf(...given: (Generator | undefined)[]): Generator[] {
  return [...new Set([defaultGenerator(), ...given.filter((g) => g !== undefined)])];
}

export function statesOf(generators: readonly Generator[]): GeneratorState[] {
  return generators.map((g) => g.getState());
}

export function setStates(generators: readonly Generator[], states: readonly GeneratorState[]): void {
  generators.forEach((g, k) => {
    g.setState(states[k]);
  });
}

function encode(state: GeneratorState): string {
  return btoa(Array.from(state, (byte) => String.fromCharCode(byte)).join(''));
}

export function encodeState(plan: Plan, { pass, generators }: Position): DataLoaderState {
  const { samples, batchSize, dropLast } = plan;
  return {
    version: 1,
    samples,
    batchSize,
    dropLast,
    pass: pass && { batches: pass.batches, generators: pass.generators.map(encode) },
    generators: generators.map(encode),
  };
}

function refuse(expected: string, got: string, remedy = 'pass what stateDict() returned'): FormatError {
  return new FormatError('DataLoader', `expected ${expected}, got ${got}; ${remedy}`);
}

function decode(text: unknown): GeneratorState {
  if (typeof text !== 'string') throw refuse("a generator's state in base64", text === null ? 'null' : typeof text);
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new FormatError('DataLoader', "expected a generator's state in base64, got other text; pass what stateDict() returned", {
      cause,
    });
  }
  // A trial, so that a bad state is refused before any generator has changed.
  new Generator().setState(bytes);
  return bytes;
}

function decodeAll(list: unknown, plan: Plan): GeneratorState[] {
  const got = Array.isArray(list) ? `${list.length}` : typeof list;
  if (!Array.isArray(list) || list.length !== plan.generators) {
    throw refuse(`the states of ${plan.generators} generators`, got, 'give the loader and its sampler the generators they had');
  }
  return list.map(decode);
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x);
}

/** Checks a state against the loader that is to take it. Errors: `FormatError`; nothing has changed then. */
export function decodeState(plan: Plan, state: unknown): Position {
  if (!isRecord(state)) throw refuse('a state in an object', state === null ? 'null' : Array.isArray(state) ? 'an array' : typeof state);
  if (state.version !== 1) throw refuse('a state of version 1', String(state.version));
  for (const name of ['samples', 'batchSize', 'dropLast'] as const) {
    if (state[name] === plan[name]) continue;
    throw refuse(`a state of ${name} ${plan[name]}`, String(state[name]), 'build the loader as it was when the state was taken');
  }
  const generators = decodeAll(state.generators, plan);
  const { pass } = state;
  if (pass === null) return { pass, generators };
  if (!isRecord(pass)) throw refuse('a pass in an object, or null', String(pass));
  const { batches } = pass;
  if (!Number.isSafeInteger(batches) || (batches as number) < 0 || (batches as number) > plan.length) {
    throw refuse(`a whole number of batches in [0, ${plan.length}]`, String(batches));
  }
  return { pass: { batches: batches as number, generators: decodeAll(pass.generators, plan) }, generators };
}

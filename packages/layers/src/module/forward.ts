import { KonvError } from '@konv/core-tensor';
import { BackwardHooks, type FullBackwardHook } from './backward-hooks.js';
import { located } from './located.js';
import type { Module } from './module.js';

/** Runs before `forward`. An array that it returns replaces the inputs; another value but undefined replaces them by itself. */
export type ForwardPreHook = (module: Module, inputs: readonly unknown[]) => unknown;
/** Runs after `forward`. What it returns, unless undefined, replaces the output. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;

/** One finished call of a `forward`. */
export interface ModuleCall {
  readonly module: Module;
  readonly inputs: readonly unknown[];
  readonly output: unknown;
  /** 0 for the outermost module. */
  readonly depth: number;
  /** Counts the calls in the order in which they began. */
  readonly index: number;
}

/** What `forward`'s wrapper looks at. Null stands for nothing to do, which is one comparison. */
export interface CallSlots {
  pre: readonly ForwardPreHook[];
  post: readonly ForwardHook[];
  backward: readonly FullBackwardHook[];
  /** Runs once, before everything else of the first call. */
  init: ((inputs: readonly unknown[]) => void) | null;
}

/** Where a module keeps its `CallSlots`: a symbol, so that no user's property can be in the way. */
export const SLOTS: unique symbol = Symbol.for('konv.module.slots.1') as never;
const WRAPPED = Symbol.for('konv.module.forward.1');

// biome-ignore lint/suspicious/noExplicitAny: users narrow the parameters of `forward`; only any[] lets them.
type Forward = (this: Module, ...inputs: any[]) => any;

/** A call that has begun: what `ModuleCall` has, without what is not known yet. */
export type ModuleEntry = Omit<ModuleCall, 'output'>;

interface Trace {
  readonly onCall: (call: ModuleCall) => void;
  readonly onEnter: ((entry: ModuleEntry) => void) | null;
  depth: number;
  calls: number;
}
let trace: Trace | null = null;

/**
 * Calls `onCall` as each `forward` within `fn` returns (so inner modules come before outer ones; `index` gives the order
 * of entry), with what it really took and gave, hooks included. While it runs nothing is released early: outputs may be
 * kept. An inner trace takes over from an outer one until it ends. `onEnter` hears of each call as it begins, before
 * its hooks: of one that throws it is all that is heard.
 */
export function withModuleTrace<T>(fn: () => T, onCall: (call: ModuleCall) => void, onEnter?: (entry: ModuleEntry) => void): T {
  const outer = trace;
  trace = { onCall, onEnter: onEnter ?? null, depth: 0, calls: 0 };
  try {
    return fn();
  } finally {
    trace = outer;
  }
}

/** Whether somebody watches the calls. */
export function isTracing(): boolean {
  return trace !== null;
}

/** Whether a call of this module runs its `forward` and nothing else. */
export function isPlain(module: Module): boolean {
  return module[SLOTS] === null;
}

/**
 * Wraps the `forward` that instances of `module`'s class find first, once per function, where it stands in the chain of
 * prototypes. `super.forward(...)` reaches the wrapper of a base class with an instance whose own `forward` is another:
 * it then only calls through, so hooks run once a call however long the chain is.
 */
export function wrapForward(module: Module): void {
  const found = module.forward as Forward;
  if (WRAPPED in found) return;
  let owner = Object.getPrototypeOf(module);
  while (!Object.hasOwn(owner, 'forward')) owner = Object.getPrototypeOf(owner);
  Object.defineProperty(owner, 'forward', { value: wrapped(found), configurable: true, writable: true });
}

function wrapped(raw: Forward): Forward {
  const forward: Forward = function (...inputs) {
    if (this.forward !== forward) return raw.apply(this, inputs);
    try {
      return trace === null && this[SLOTS] === null ? raw.apply(this, inputs) : call(this, raw, inputs);
    } catch (e) {
      throw located(e, this);
    }
  };
  Object.defineProperty(forward, WRAPPED, { value: true });
  Object.defineProperty(forward, 'length', { value: raw.length, configurable: true });
  return forward;
}

function call(module: Module, raw: Forward, given: readonly unknown[]): unknown {
  const watch = trace;
  let inputs = given;
  let output: unknown;
  const depth = watch === null ? 0 : watch.depth++;
  const index = watch === null ? 0 : watch.calls++;
  try {
    watch?.onEnter?.({ module, inputs, depth, index });
    initialize(module, inputs);
    for (const hook of module[SLOTS]?.pre ?? []) {
      const next = hook(module, inputs);
      if (next !== undefined) inputs = Array.isArray(next) ? next : [next];
    }
    const backward = module[SLOTS]?.backward ?? [];
    const gradients = backward.length === 0 ? null : new BackwardHooks(module, backward);
    if (gradients !== null) inputs = gradients.wrapInputs(inputs);
    output = raw.apply(module, inputs as unknown[]);
    for (const hook of module[SLOTS]?.post ?? []) {
      const next = hook(module, inputs, output);
      if (next !== undefined) output = next;
    }
    if (gradients !== null) output = gradients.wrapOutput(output);
  } finally {
    if (watch !== null) watch.depth--;
  }
  watch?.onCall({ module, inputs, output, depth, index });
  return output;
}

function initialize(module: Module, inputs: readonly unknown[]): void {
  const slots = module[SLOTS];
  if (slots === null || slots.init === null) return;
  slots.init(inputs);
  slots.init = null;
  tidy(module);
}

/** Back to the fast path when the last hook is gone. */
function tidy(module: Module): void {
  const slots = module[SLOTS];
  if (slots === null || slots.init !== null) return;
  if (slots.pre.length + slots.post.length + slots.backward.length === 0) module[SLOTS] = null;
}

function slotsOf(module: Module, op: string): CallSlots {
  if (Object.hasOwn(module, 'forward')) {
    throw new KonvError(
      op,
      `expected forward to be a method of ${module.constructor.name}, got a property of one instance, which calls no hooks; ` +
        'write forward(x) { ... } in the class',
    );
  }
  return (module[SLOTS] ??= { pre: [], post: [], backward: [], init: null });
}

/** Adds a hook; returns the function that takes it away again. A list never changes while it is being walked. */
export function addHook<K extends 'pre' | 'post' | 'backward'>(
  op: string,
  module: Module,
  list: K,
  hook: CallSlots[K][number],
): () => void {
  if (typeof hook !== 'function') throw new KonvError(op, `expected a function, got ${typeof hook}`);
  const slots = slotsOf(module, op) as Record<K, readonly CallSlots[K][number][]>;
  // A hook that is added twice runs twice, and each of the two can be removed.
  const mine = ((...args: unknown[]) => (hook as (...given: unknown[]) => unknown)(...args)) as CallSlots[K][number];
  slots[list] = [...slots[list], mine];
  return () => {
    slots[list] = slots[list].filter((h) => h !== mine);
    tidy(module);
  };
}

/** Has `init` run with the inputs of the first call, before its hooks. If it throws, it runs again at the next call. */
export function initializeAtFirstCall(module: Module, init: (inputs: readonly unknown[]) => void): void {
  slotsOf(module, 'initializeAtFirstCall').init = init;
}

import { abi, type Tracer } from '@konv/core-tensor';
import { backward } from './backward.js';
import { intercept, leafHooks, registerHook } from './hooks.js';
import { clock, type Node } from './node.js';
import { finish, record } from './tape.js';

/** What fills core's slot; `clock` and `leafHooks` are shared by all copies of this package. */
const tracer: Tracer & { clock: typeof clock; leafHooks: typeof leafHooks } = {
  record,
  finish: (node, outputs) => finish(node as Node, outputs),
  backward,
  registerHook,
  intercept,
  clock,
  leafHooks,
};

// The first copy of this package that is imported records; later copies read its graphs.
abi.tracer ??= tracer;

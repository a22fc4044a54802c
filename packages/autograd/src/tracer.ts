import { abi, type Tracer } from '@konv/core-tensor';
import { backward } from './backward.js';
import { clock, type Node } from './node.js';
import { finish, record } from './tape.js';

/** What fills core's slot; `clock` is shared by all copies of this package. */
const tracer: Tracer & { clock: typeof clock } = {
  record,
  finish: (node, outputs) => finish(node as Node, outputs),
  backward,
  clock,
};

// The first copy of this package that is imported records; later copies read its graphs.
abi.tracer ??= tracer;

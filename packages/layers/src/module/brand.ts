import type { Module } from './module.js';

/** On the prototype of every Module, of whichever copy of the package: `instanceof` would see only its own. */
export const BRAND: unique symbol = Symbol.for('konv.module.1') as never;

/** Whether `x` is a Module, of whichever copy of the package. */
export function isModule(x: unknown): x is Module {
  return typeof x === 'object' && x !== null && BRAND in x;
}

/** Where a module keeps the names of its buffers; true: state dicts hold it. */
export const BUFFERS: unique symbol = Symbol.for('konv.module.buffers.1') as never;

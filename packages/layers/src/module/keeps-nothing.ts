import { isPlain } from './forward.js';
import type { Module } from './module.js';

/**
 * A static property of layer classes whose `forward` stores neither its input nor its output, and returns its input or a
 * tensor that nobody else has. It is not inherited: a subclass may store what it likes.
 * `'one op'` says besides that it makes no tensor on the way, so there is nothing to clean up after it.
 */
export const KEEPS_NOTHING: unique symbol = Symbol.for('konv.module.keepsNothing.1') as never;

/** Whether this very module keeps nothing: no subclass, no hook that may look at what passes. */
export function keepsNothing(module: Module): boolean {
  return Object.hasOwn(module.constructor, KEEPS_NOTHING) && isPlain(module) && !Object.hasOwn(module, 'forward');
}

/** Whether a module that keeps nothing makes no tensors but its output. */
export function isOneOp(module: Module): boolean {
  return (module.constructor as { [KEEPS_NOTHING]?: unknown })[KEEPS_NOTHING] === 'one op';
}

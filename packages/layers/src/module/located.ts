import { isKonvError, type KonvError } from '@konv/core-tensor';
import type { Module } from './module.js';
import { pathTo } from './walk.js';

interface Location {
  /** The outermost module that the error has left so far. */
  top: Module;
  /** From `top` down to the module that failed. */
  path: readonly string[];
  readonly failed: string;
  readonly message: string;
}

// Nobody knows the root before the error has left it: the location grows on the way out.
const locations = new WeakMap<KonvError, Location>();

/** A property that cannot be found by name: a module in a Map, a closure, a plain array. */
const UNKNOWN = '?';

/**
 * Called as an error leaves the `forward` of `module`: puts the failing module in front of the message, once, by its
 * path from the outermost module that the error has left: `features.3 (Conv2d): [conv] expected ...`. A module that was
 * called by itself has no path: `Conv2d: [conv] expected ...`. Errors of others pass unchanged. Returns the error.
 */
export function located(error: unknown, module: Module): unknown {
  if (!isKonvError(error)) return error;
  const known = locations.get(error);
  if (known === undefined) {
    const first: Location = { top: module, path: [], failed: module.constructor.name, message: error.message };
    locations.set(error, first);
    rewrite(error, first);
  } else if (known.top !== module) {
    known.path = [...(pathTo(module, known.top) ?? [UNKNOWN]), ...known.path];
    known.top = module;
    rewrite(error, known);
  }
  return error;
}

function rewrite(error: KonvError, { path, failed, message }: Location): void {
  const label = path.length > 0 ? `${path.join('.')} (${failed})` : failed;
  // The message is rendered into the stack, and the stack is what an uncaught error prints. It may be rendered at its
  // first reading only: so it is read while the message is still the old one.
  const { message: before, stack } = error;
  error.path.splice(0, error.path.length, ...path);
  error.message = `${label}: ${message}`;
  if (typeof stack === 'string') error.stack = stack.replace(before, () => error.message);
}

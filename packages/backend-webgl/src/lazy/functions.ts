import type { BinaryKind, UnaryKind } from '@konv/core-tensor';
import { arithmetic } from './functions/arithmetic.js';
import { bits } from './functions/bits.js';
import { comparisons } from './functions/compare.js';
import type { Definition, Definitions } from './functions/definition.js';
import { errorFunction } from './functions/error-function.js';
import { exponentials } from './functions/exponential.js';
import { casts, integers } from './functions/integer.js';
import { inverses } from './functions/inverse.js';
import { logarithms } from './functions/logarithm.js';
import { powers } from './functions/power.js';
import { trigonometric } from './functions/trigonometric.js';

/** Every kind is there in float32. */
const floats = {
  ...arithmetic,
  ...comparisons,
  ...exponentials,
  ...logarithms,
  ...powers,
  ...trigonometric,
  ...inverses,
  ...errorFunction,
} satisfies Record<`f_${UnaryKind | BinaryKind}`, Definition>;

/**
 * Elementwise functions in GLSL: `f_` of floats, `i_` of int32 and bool, each for a texel of four, and what they call. Those
 * that a program uses are put before it. GPUs' own `exp`, `log`, `sin`, `pow`, `tanh` are as rough as 2^-11; so nothing here
 * rests on more than correctly rounded +, -, *, division and square root to a few units in the last place, and operations on bits.
 */
export const definitions: Definitions = { ...bits, ...floats, ...integers, ...casts };

/** The definitions of these functions, each after what it needs. */
export function functionsFor(names: Iterable<string>): string {
  const done = new Set<string>();
  const out: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const { code, needs } = definitions[name];
    for (const n of needs) visit(n);
    // Parts of one program may each bring the functions that they need: the second time is skipped.
    out.push(`#ifndef HAS_${name}\n#define HAS_${name}\n${code}\n#endif`);
  };
  for (const name of names) visit(name);
  return out.join('\n');
}

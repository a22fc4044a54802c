import { KonvError } from '@konv/core-tensor';
import { checkOptions } from '../arguments.js';
import { Module } from '../module/module.js';

/** PyTorch's `inplace` saves an activation; here `Sequential` frees those that nobody needs. */
function refuseInplace(layer: string, options: unknown): void {
  if (typeof options !== 'object' || options === null || !('inplace' in options)) return;
  throw new KonvError(
    layer,
    'expected no option inplace, got one: layers never write over their input; leave it out, Sequential frees what nobody needs',
  );
}

/** `checkOptions`, and what to do without `inplace`. */
export function checkActivation(layer: string, options: unknown, known: readonly string[]): void {
  refuseInplace(layer, options);
  checkOptions(layer, options, known);
}

/** A number, `fallback` where it is left out. */
export function realNumber(layer: string, name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw new KonvError(layer, `expected ${name} to be a number, got ${typeof value === 'string' ? `'${value}'` : String(value)}`);
}

/** An activation that nothing can be said about. Its constructor refuses what PyTorch users may give it. */
export abstract class FixedActivation extends Module {
  constructor(...given: readonly never[]) {
    super();
    const [first] = given as readonly unknown[];
    if (first === undefined) return;
    const layer = new.target.name;
    refuseInplace(layer, first);
    const got = typeof first === 'object' && first !== null ? Object.keys(first).join(', ') : String(first);
    if (got !== '') throw new KonvError(layer, `expected no arguments, got ${got}; write new ${layer}()`);
  }
}

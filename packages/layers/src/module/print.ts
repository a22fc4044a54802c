import type { Module } from './module.js';
import { ownChildren } from './walk.js';

/** As PyTorch prints it: the class, `extraRepr()`, and a line `(name): ...` for each child, indented by two spaces. */
export function formatModule(module: Module): string {
  const extra = module.extraRepr();
  const own = extra === '' ? [] : extra.split('\n');
  const children = ownChildren(module).map(([name, child]) => `(${name}): ${indent(child.toString())}`);
  const { name } = module.constructor;
  if (own.length === 1 && children.length === 0) return `${name}(${own[0]})`;
  const lines = [...own, ...children];
  return lines.length === 0 ? `${name}()` : `${name}(\n  ${lines.join('\n  ')}\n)`;
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

/** `(3, 3)`, and `(3,)` for one. */
export function tuple(values: readonly number[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(', ')})`;
}

/** `True` or `False`. */
export function bool(value: boolean): string {
  return value ? 'True' : 'False';
}

/** A number as Python prints a float: `1.0`, `0.3`, `1e-05`, `inf`. */
export function float(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  const text = String(value);
  return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : text}.0` : text;
}

/**
 * Checks of what constructors are given. JavaScript users have no compiler that would see `new Conv2d(1, 6, 5, 2)` or
 * `{ pading: 2 }`; PyTorch users will write both.
 */
import { KonvError, ShapeError } from '@konv/core-tensor';

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Refuses what is not an options object and names that it does not know. */
export function checkOptions(layer: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new KonvError(layer, `expected an object of options, got ${show(options)}; write { ${known[0]}: ... }`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const camel = name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
    const remedy = known.includes(camel) ? `; write ${camel}` : '';
    throw new KonvError(layer, `expected options among ${known.join(', ')}, got ${name}${remedy}`);
  }
}

export function whole(layer: string, name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  const bound = least === Number.MIN_SAFE_INTEGER ? '' : ` >= ${least}`;
  throw new ShapeError(layer, `expected ${name} to be a whole number${bound}, got ${show(value)}`);
}

/** One whole number for each of `rank` axes. */
export function perAxis(layer: string, name: string, value: unknown, rank: number, least: number): number[] {
  const list: unknown[] = Array.isArray(value) ? value : new Array(rank).fill(value);
  if (list.length === rank && list.every((v) => Number.isSafeInteger(v) && (v as number) >= least)) return list.slice() as number[];
  const many = rank === 1 ? '' : `, or ${rank} of them`;
  throw new ShapeError(
    layer,
    `expected ${name} to be a whole number >= ${least}${many}, got ${show(value)}; pass one for all axes or one an axis`,
  );
}

export function flag(layer: string, name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new KonvError(layer, `expected ${name} to be true or false, got ${show(value)}`);
}

export function oneOf<T extends string>(layer: string, name: string, value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T;
  throw new KonvError(layer, `expected ${name} to be ${known.map((k) => `'${k}'`).join(' or ')}, got ${show(value)}`);
}

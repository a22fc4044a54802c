import { KonvError } from '@konv/core-tensor';

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Refuses what is not an options object and names that it does not know. */
export function checkNames(op: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new KonvError(op, `expected an object of options, got ${show(options)}; write { ${known[0]}: ... }`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const camel = name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
    const remedy = known.includes(camel) ? `write ${camel}` : 'leave it out';
    throw new KonvError(op, `expected options among ${known.join(', ')}, got ${name}; ${remedy}`);
  }
}

export function checkWhole(op: string, name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new KonvError(op, `expected ${name} to be a whole number >= ${least}, got ${show(value)}`);
}

export function checkBoolean(op: string, name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new KonvError(op, `expected ${name} to be true or false, got ${show(value)}`);
}

export function checkOneOf(op: string, name: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  throw new KonvError(op, `expected ${name} to be ${known.map((k) => `'${k}'`).join(' or ')}, got ${show(value)}`);
}

export function checkPositive(op: string, name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return;
  throw new KonvError(op, `expected ${name} to be a finite number > 0, got ${show(value)}`);
}

export function checkPath(op: string, value: unknown): void {
  if ((typeof value === 'string' && value !== '') || value instanceof URL) return;
  throw new KonvError(op, `expected a path, got ${value === '' ? 'an empty text' : show(value)}; name a file`);
}

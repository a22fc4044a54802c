import { defaultGenerator, type Generator, KonvError, ShapeError, showShape } from '@konv/core-tensor';
import type { HostTensor } from '../host-tensor.js';

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Refuses what is not an options object and names that it does not know. */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new KonvError(op, `expected an object of options, got ${show(options)}; write { ${known[0]}: ... }`);
  }
  const odd = Object.keys(options).find((name) => !known.includes(name));
  if (odd === undefined) return;
  const camel = odd.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
  const remedy = known.includes(camel) ? `write ${camel}` : 'leave it out';
  throw new KonvError(op, `expected options among ${known.join(', ')}, got ${odd}; ${remedy}`);
}

/** Whole numbers of at least `least`: one, or as many as one of `lengths` says. */
export function wholes(op: string, name: string, value: unknown, lengths: readonly number[], least: number): number[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const counted = !Array.isArray(value) || lengths.includes(list.length);
  if (counted && list.every((v) => Number.isSafeInteger(v) && (v as number) >= least)) return list.slice() as number[];
  const many = lengths.filter((n) => n > 1).join(' or ');
  throw new ShapeError(
    op,
    `expected ${name} to be a whole number >= ${least}, or ${many} of them, got ${show(value)}; pass one for all sides or one for each`,
  );
}

/** `[height, width]` of one size or two. */
export function sizes(op: string, value: unknown): [height: number, width: number] {
  const [height, width = height] = wholes(op, 'size', value, [1, 2], 1);
  return [height, width];
}

export function flag(op: string, name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new KonvError(op, `expected ${name} to be true or false, got ${show(value)}; leave it out for the default`);
}

export function oneOf<T extends string>(op: string, name: string, value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T;
  const list = known.map((k) => `'${k}'`).join(', ');
  throw new KonvError(op, `expected ${name} to be one of ${list}, got ${show(value)}; leave it out for the default`);
}

/** The generator of each call: the one given, or the global one of that moment. */
export function source(op: string, generator: Generator | undefined): () => Generator {
  if (generator === undefined) return defaultGenerator;
  if (typeof (generator as Partial<Generator> | null)?.random32 === 'function') return () => generator;
  throw new KonvError(op, `expected generator to be a Generator, got ${show(generator)}; leave it out for the global one`);
}

/** Height and width of an image `[..., height, width]`. */
export function imageSize(op: string, { shape }: HostTensor): [height: number, width: number] {
  if (shape.length >= 2) return [shape[shape.length - 2], shape[shape.length - 1]];
  throw new ShapeError(op, `expected an image [..., height, width], got ${showShape(shape)}; reshape it in the dataset`);
}

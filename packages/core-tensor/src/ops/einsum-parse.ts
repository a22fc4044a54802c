import { ShapeError } from '../errors.js';
import { type Shape, showShape } from '../shape.js';

/** A letter, or '.0', '.1', ... for the axes that an ellipsis stands for, aligned at its end. */
export type Label = string;

export interface Equation {
  /** One label for each axis of each operand. */
  readonly inputs: readonly (readonly Label[])[];
  readonly output: readonly Label[];
  /** An axis of size 1 stretches to what the others have. */
  readonly sizes: ReadonlyMap<Label, number>;
}

/** The letters before and after an ellipsis; `after` is null where there is none. */
interface Subscripts {
  readonly before: readonly Label[];
  readonly after: readonly Label[] | null;
}

function readSubscripts(text: string, where: string, refuse: (why: string) => never): Subscripts {
  const parts = text.split('...');
  if (parts.length > 2) refuse(`one ellipsis at most ${where}, got '${text}'`);
  for (const part of parts) {
    const odd = /[^a-zA-Z]/.exec(part);
    if (odd !== null) refuse(`letters, '...', ',' and '->', got '${odd[0]}' ${where}`);
  }
  return { before: [...parts[0]], after: parts.length === 2 ? [...parts[1]] : null };
}

function ellipsis(count: number, of: number): Label[] {
  return Array.from({ length: count }, (_, i) => `.${of - count + i}`);
}

/** Reads an equation against the operands' shapes. Errors: `ShapeError`. */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  const shown = `equation '${String(equation)}' for ${shapes.map(showShape).join(', ')}`;
  const refuse = (why: string): never => {
    throw new ShapeError('einsum', `expected ${why} (${shown})`);
  };
  if (typeof equation !== 'string') refuse(`an equation as text, got ${typeof equation}`);
  const sides = equation.replaceAll(' ', '').split('->');
  if (sides.length > 2) refuse("one '->' at most, got more");
  const terms = sides[0].split(',');
  if (terms.length !== shapes.length) refuse(`${terms.length} operands, got ${shapes.length}`);
  const read = terms.map((term, i) => readSubscripts(term, `for operand ${i}`, refuse));

  const spare = read.map(({ before, after }, i) => shapes[i].length - before.length - (after?.length ?? 0));
  const unfit = read.findIndex(({ after }, i) => (after === null ? spare[i] !== 0 : spare[i] < 0));
  if (unfit >= 0) refuse(`as many subscripts as axes for operand ${unfit}, got '${terms[unfit]}' for ${showShape(shapes[unfit])}`);
  const width = Math.max(0, ...read.map(({ after }, i) => (after === null ? 0 : spare[i])));
  const inputs = read.map(({ before, after }, i) => (after === null ? before : [...before, ...ellipsis(spare[i], width), ...after]));

  const sizes = labelSizes(inputs, shapes, refuse);
  return { inputs, sizes, output: outputLabels(sides[1], inputs, width, refuse) };
}

function labelSizes(inputs: readonly (readonly Label[])[], shapes: readonly Shape[], refuse: (why: string) => never): Map<Label, number> {
  const sizes = new Map<Label, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const size = shapes[i][axis];
      const twin = labels.indexOf(label);
      const name = label.startsWith('.') ? '...' : label;
      if (shapes[i][twin] !== size)
        refuse(`one size for '${name}', which stands twice for operand ${i}, got ${shapes[i][twin]} and ${size}`);
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && size !== 1 && known !== size) refuse(`one size for '${name}', got ${known} and ${size} for operand ${i}`);
      sizes.set(label, known === 1 ? size : known);
    });
  });
  return sizes;
}

function outputLabels(
  text: string | undefined,
  inputs: readonly (readonly Label[])[],
  width: number,
  refuse: (why: string) => never,
): readonly Label[] {
  const all = inputs.flat();
  if (text === undefined) {
    const once = [...new Set(all)].filter((l) => !l.startsWith('.') && all.indexOf(l) === all.lastIndexOf(l));
    return [...ellipsis(width, width), ...once.sort()];
  }
  const { before, after } = readSubscripts(text, 'in the output', refuse);
  const letters = [...before, ...(after ?? [])];
  for (const label of letters) {
    if (!all.includes(label)) refuse(`output subscripts that some operand has, got '${label}'`);
    if (letters.indexOf(label) !== letters.lastIndexOf(label)) refuse(`each output subscript once, got '${label}' twice`);
  }
  return after === null ? before : [...before, ...ellipsis(width, width), ...after];
}

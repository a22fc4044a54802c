import { isFloat, promote } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { showShape } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { mul } from './binary.js';
import { cast } from './cast.js';
import { diagonal } from './diagonal.js';
import { type Equation, type Label, parseEquation } from './einsum-parse.js';
import { replacing, tidy } from './handles.js';
import { batchedMatmul } from './matmul.js';
import { clone } from './movement.js';
import { sum } from './reduce.js';
import { permute, reshape, squeeze, transpose } from './view.js';

/** A tensor whose axes have distinct labels. */
interface Term {
  readonly x: Tensor;
  readonly labels: readonly Label[];
}

/** Repeated labels as diagonals, and stretched axes left out: the other operands bring them. */
function simplified(x: Tensor, labels: readonly Label[], sizes: Equation['sizes']): Term {
  const stretched = labels.flatMap((l, i) => (x.shape[i] === 1 && sizes.get(l) !== 1 ? [i] : []));
  let y = stretched.length > 0 ? squeeze(x, stretched) : x;
  let left = labels.filter((_, i) => !stretched.includes(i));
  for (let twin = left.findIndex((l, i) => left.indexOf(l) < i); twin >= 0; twin = left.findIndex((l, i) => left.indexOf(l) < i)) {
    const first = left.indexOf(left[twin]);
    y = diagonal(y, 0, first, twin);
    left = [...left.filter((_, i) => i !== first && i !== twin), left[twin]];
  }
  return { x: y, labels: left };
}

/** Sums over the axes that nobody needs. */
function summed({ x, labels }: Term, needed: ReadonlySet<Label>): Term {
  const axes = labels.flatMap((l, i) => (needed.has(l) ? [] : [i]));
  return axes.length === 0 ? { x, labels } : { x: sum(x, axes), labels: labels.filter((l) => needed.has(l)) };
}

function ordered({ x, labels }: Term, order: readonly Label[]): Tensor {
  return permute(
    x,
    order.map((l) => labels.indexOf(l)),
  );
}

type Groups = readonly [batch: readonly Label[], rows: readonly Label[], columns: readonly Label[]];

/** The term as [batch, rows, columns]. Whichever order its data has is taken as it lies, without a copy. */
function matrices(term: Term, [batch, rows, columns]: Groups, sizes: Equation['sizes']): Tensor {
  const count = (labels: readonly Label[]): number => labels.reduce((n, l) => n * (sizes.get(l) as number), 1);
  const [b, r, c] = [count(batch), count(rows), count(columns)];
  const straight = ordered(term, [...batch, ...rows, ...columns]);
  if (!straight.isContiguous) {
    const turned = ordered(term, [...batch, ...columns, ...rows]);
    if (turned.isContiguous) return transpose(reshape(turned, [b, c, r]), 1, 2);
  }
  return reshape(straight, [b, r, c]);
}

/** The term with an axis of size 1 for every label of `order` that it lacks. */
function aligned(term: Term, order: readonly Label[]): Tensor {
  const own = ordered(
    term,
    order.filter((l) => term.labels.includes(l)),
  );
  let next = 0;
  return reshape(
    own,
    order.map((l) => (term.labels.includes(l) ? own.shape[next++] : 1)),
  );
}

function contract(a: Term, b: Term, needed: ReadonlySet<Label>, sizes: Equation['sizes']): Term {
  const shared = a.labels.filter((l) => b.labels.includes(l));
  const batch = shared.filter((l) => needed.has(l));
  const inner = shared.filter((l) => !needed.has(l));
  const rows = a.labels.filter((l) => !shared.includes(l));
  const columns = b.labels.filter((l) => !shared.includes(l));
  const labels = [...batch, ...rows, ...columns];
  if (inner.length === 0 || !isFloat(a.x.dtype)) {
    const order = [...labels, ...inner];
    return summed({ x: mul(aligned(a, order), aligned(b, order)), labels: order }, needed);
  }
  const y = batchedMatmul(matrices(a, [batch, rows, inner], sizes), matrices(b, [batch, inner, columns], sizes));
  const shape = labels.map((l) => sizes.get(l) as number);
  return { x: replacing(y, reshape(y, shape)), labels };
}

function evaluate({ inputs, output, sizes }: Equation, operands: readonly Tensor[]): Tensor {
  const terms = operands.map((x, i) => simplified(x, inputs[i], sizes));
  const wanted = new Set(output);
  let done = terms[0];
  for (let i = 1; i < terms.length; i++) {
    const needed = new Set([...wanted, ...terms.slice(i + 1).flatMap((t) => t.labels)]);
    const left = summed(done, new Set([...needed, ...terms[i].labels]));
    const right = summed(terms[i], new Set([...needed, ...left.labels]));
    done = contract(left, right, needed, sizes);
  }
  const last = summed(done, wanted);
  const y = ordered(last, output);
  if (!last.x.isView && !operands.includes(last.x)) return replacing(last.x, y);
  return operands.length === 1 ? y : clone(y);
}

/**
 * Products of elements, summed: each operand's axes are named by letters, and the result has the letters behind '->';
 * what does not stand there is summed over. `einsum('bij,bjk->bik', a, b)` is bmm.
 *
 * A letter that stands twice for one operand means its diagonal. '...' stands for any further axes, which broadcast;
 * without it in the output they are summed over. Without '->' the result has '...' and then, sorted, the letters that
 * stand once. Axes of one letter have one size or 1. Spaces do not matter. Operands are contracted from left to right,
 * two at a time, by matrix products; dtypes are promoted. A single operand that nothing is summed of gives a view.
 * Errors: `ShapeError` for the equation and for sizes; `DTypeError` for bool. Source: torch.einsum.
 */
export function einsum(equation: string, ...operands: readonly (Tensor | readonly Tensor[])[]): Tensor {
  const op = 'einsum';
  const list = operands.flat() as Tensor[];
  if (list.length === 0 || !list.every(isTensor)) {
    throw new ShapeError(
      op,
      `expected tensors after the equation, got ${list.length === 0 ? 'none' : list.map((x) => typeof x).join(', ')}`,
    );
  }
  for (const x of list) {
    if (checkTensor(op, x).dtype === 'bool') {
      throw new DTypeError(op, `expected numbers, got bool ${showShape(x.shape)}; use cast('int32') first`);
    }
  }
  const parsed = parseEquation(
    equation,
    list.map((x) => x.shape),
  );
  const dtype = list.reduce((d, x) => promote(d, x.dtype), list[0].dtype);
  return tidy(() =>
    evaluate(
      parsed,
      list.map((x) => cast(x, dtype)),
    ),
  );
}

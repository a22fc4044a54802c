import type { DType } from '../dtype.js';
import { sizeOf, type Shape } from '../shape.js';
import { chooseFormatter, type Formatter } from './formatter.js';
import { getPrintOptions, type PrintOptions, withOptions } from './options.js';

/** What there is to print of a tensor. */
export interface PrintableTensor {
  /** Row-major; 0 is False in a bool tensor. */
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly requiresGrad?: boolean;
  /** Name of the node that made it, e.g. `AddBackward0`; where there is one, `requiresGrad` goes unsaid. */
  readonly gradFn?: string | null;
  /** Headed by `Parameter containing:`. */
  readonly parameter?: boolean;
}

const PREFIX = 'tensor(';

/**
 * The text that PyTorch prints for such a tensor, to the letter: `tensor([[1., 2.]], requires_grad=True)`. int32 and
 * float64 name their dtype, as float32 is PyTorch's default for floats and int64 for whole numbers.
 *
 * `options` go before those of `setPrintOptions`, for this call. Empty tensors print their shape when it is not `[0]`.
 * Errors: `KonvError` for options out of range.
 *
 * Source: PyTorch 1.13, `str(tensor)`.
 */
export function formatTensor(view: PrintableTensor, options: Partial<PrintOptions> = {}): string {
  const o = withOptions(getPrintOptions(), options);
  const empty = sizeOf(view.shape) === 0;
  const suffixes: string[] = [];
  if (empty && view.shape.length !== 1) suffixes.push(`size=(${view.shape.join(', ')})`);
  // An empty bool tensor shows no values that would tell its dtype.
  if (view.dtype !== 'float32' && (empty || view.dtype !== 'bool')) suffixes.push(`dtype=torch.${view.dtype}`);
  if (view.gradFn) suffixes.push(`grad_fn=<${view.gradFn}>`);
  else if (view.requiresGrad) suffixes.push('requires_grad=True');

  const body = PREFIX + (empty ? '[]' : formatValues(view, o));
  const text = appendSuffixes(body, suffixes, o.lineWidth);
  return view.parameter ? `Parameter containing:\n${text}` : text;
}

/** A walk over the elements to be shown; `null` stands for those left out. */
type Shown = readonly (number | null)[];

function formatValues(view: PrintableTensor, o: PrintOptions): string {
  const { data, shape } = view;
  const summarize = sizeOf(shape) > o.threshold;
  const shown = shape.map((size) => shownIndices(size, summarize, o.edgeItems));

  const values: number[] = [];
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) values.push(data[at]);
    else for (const i of shown[axis]) if (i !== null) collect(axis + 1, at * shape[axis] + i);
  };
  collect(0, 0);

  const formatter = chooseFormatter(values, view.dtype, o);
  if (shape.length === 0) return formatter.format(data[0]);

  const block = (axis: number, at: number, indent: number): string => {
    const start = at * shape[axis];
    if (axis === shape.length - 1) return formatRow(data, start, shown[axis], formatter, indent, o.lineWidth);
    const parts = shown[axis].map((i) => (i === null ? '...' : block(axis + 1, start + i, indent + 1)));
    // Blocks of more axes stand further apart.
    const gap = `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(indent + 1)}`;
    return `[${parts.join(gap)}]`;
  };
  return block(0, 0, PREFIX.length);
}

function shownIndices(size: number, summarize: boolean, edge: number): Shown {
  if (!summarize || size <= 2 * edge) return Array.from({ length: size }, (_, i) => i);
  const head = Array.from({ length: edge }, (_, i) => i);
  return [...head, null, ...head.map((i) => size - edge + i)];
}

function formatRow(data: ArrayLike<number>, start: number, shown: Shown, formatter: Formatter, indent: number, lineWidth: number): string {
  const perLine = Math.max(1, Math.floor((lineWidth - indent) / (formatter.width + 2)));
  const items = shown.map((i) => (i === null ? ' ...' : formatter.format(data[start + i])));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
  return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`;
}

/** Each suffix on the last line when it fits there, else on a line of its own. */
function appendSuffixes(body: string, suffixes: readonly string[], lineWidth: number): string {
  let text = body;
  // PyTorch counts two columns more than the line has.
  let column = body.length - body.lastIndexOf('\n') + 1;
  for (const s of suffixes) {
    if (column + s.length + 2 > lineWidth) {
      text += `,\n${' '.repeat(PREFIX.length)}${s}`;
      column = PREFIX.length + s.length;
    } else {
      text += `, ${s}`;
      column += s.length + 2;
    }
  }
  return `${text})`;
}

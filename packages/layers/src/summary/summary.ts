import {
  checkShape,
  type DType,
  DTypeError,
  getRngState,
  isTensor,
  KonvError,
  noGrad,
  Scope,
  setRngState,
  ShapeError,
  type Tensor,
  zeros,
} from '@konv/core-tensor';
import { checkOptions } from '../arguments.js';
import { isModule } from '../module/brand.js';
import type { Module } from '../module/module.js';
import { walkModules } from '../module/walk.js';
import { bytes } from './count.js';
import { type SummaryRow, traceRows } from './rows.js';
import { formatSummary } from './table.js';

export interface SummaryOptions {
  /** Of inputs that are given as shapes; one, or one an input. Default: the model's own float dtype, else float32. */
  dtype?: DType | readonly DType[];
  /** Default: the backend of the model's parameters, else the current one. */
  backend?: string;
}

/** What `summary` found. Prints as a table. */
export class Summary {
  /** In the order in which the modules were called; of a broken model up to the layer that failed, which is the last. */
  readonly rows: readonly SummaryRow[];
  /** What the forward threw, or null. */
  readonly error: unknown;
  /** Elements of all parameters of the model, and of those that are trained. */
  readonly parameters: number;
  readonly trainable: number;
  /** Of one forward pass. */
  readonly multiplyAdds: number;
  readonly parameterBytes: number;
  readonly bufferBytes: number;
  readonly inputBytes: number;
  /** Bytes of all that one forward pass computes: about what training holds until the backward pass. */
  readonly activationBytes: number;
  /** Paths of layers without children that the forward did not reach. */
  readonly notCalled: readonly string[];

  constructor(model: Module, inputs: readonly Tensor[], rows: readonly SummaryRow[], error: unknown, called: ReadonlySet<string>) {
    const parameters = [...model.parameters()];
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    this.rows = rows;
    this.error = error;
    this.parameters = sum(parameters.map((p) => p.size));
    this.trainable = sum(parameters.filter((p) => p.requiresGrad).map((p) => p.size));
    this.multiplyAdds = sum(rows.map((r) => r.multiplyAdds));
    this.parameterBytes = sum(parameters.map(bytes));
    this.bufferBytes = sum([...model.buffers()].map(bytes));
    this.inputBytes = sum(inputs.map(bytes));
    this.activationBytes = sum(rows.map((r) => r.activationBytes));
    const leaves = [...walkModules(model)].filter(([, m]) => [...m.children()].length === 0);
    this.notCalled = error === null ? leaves.map(([path]) => path).filter((path) => path !== '' && !called.has(path)) : [];
  }

  toString(): string {
    return formatSummary(this);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

type Input = readonly number[] | Tensor;

/**
 * Runs the model once on zeros and tells what each layer did: its output's shape, its parameters, its multiply-adds, and
 * what memory it takes.
 *
 * `inputShape` is the whole shape, with the batch: `[1, 1, 28, 28]`; a list of shapes, a tensor or a list of tensors for
 * what zeros cannot stand for. The model runs in evaluation mode without gradients; its mode, its buffers and the random
 * numbers are afterwards as they were. Multiply-adds are those of convolutions (padding included), linear layers and
 * matrix products, wherever in a forward they stand.
 *
 * A model that fails is no error: the rows end with the layer that failed and `error` holds what it threw.
 * Errors: `KonvError` for what is no module, `ShapeError` for what is no shape. Source of the idea: torchinfo.
 */
export function summary(model: Module, inputShape: Input | readonly Input[], options: SummaryOptions = {}): Summary {
  if (!isModule(model))
    throw new KonvError('summary', `expected a module, got ${model === null ? 'null' : typeof model}; pass the network`);
  checkOptions('summary', options, ['dtype', 'backend']);
  const given = listOf(inputShape);
  const scope = new Scope('summary');
  const modes = [...model.modules()].map((m) => [m, m.training] as const);
  const random = getRngState();
  try {
    return scope.run(() => {
      const inputs = given.map((x, i) => (isTensor(x) ? x : zerosFor(model, x, i, options)));
      model.eval();
      const { rows, error } = noGrad(() => traceRows(model, () => model.forward(...(inputs as [Tensor]))));
      return new Summary(model, inputs, rows, error, new Set(rows.map((r) => r.path)));
    });
  } finally {
    setRngState(random);
    for (const [module, training] of modes) module.training = training;
    scope.dispose();
  }
}

function listOf(input: unknown): readonly Input[] {
  if (isTensor(input)) return [input];
  if (!Array.isArray(input)) {
    throw new ShapeError('summary', `expected the input's shape as a list, got ${typeof input}; for one image write [1, 1, 28, 28]`);
  }
  return input.length > 0 && input.every((x) => isTensor(x) || Array.isArray(x)) ? (input as Input[]) : [input as number[]];
}

function zerosFor(model: Module, shape: readonly number[], i: number, { dtype, backend }: SummaryOptions): Tensor {
  checkShape('summary', shape);
  const own = model.parameters().next().value as Tensor | undefined;
  const asked = typeof dtype === 'string' ? dtype : dtype?.[i];
  if (dtype !== undefined && asked === undefined) throw new DTypeError('summary', `expected a dtype an input, got none for input ${i}`);
  return zeros(shape, { dtype: asked ?? own?.dtype ?? 'float32', backend: backend ?? own?.backend });
}

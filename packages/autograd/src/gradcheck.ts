import { enableGrad, GradError, isTensor, noGrad, type Shape, Scope, showShape, type Tensor, tensor } from '@konv/core-tensor';
import { grad } from './grad.js';

export interface GradcheckOptions {
  /** The step of the central differences (default 1e-6). */
  eps?: number;
  /** Absolute tolerance (default 1e-5). */
  atol?: number;
  /** Relative tolerance (default 1e-3). */
  rtol?: number;
}

/** Takes as many tensors as there are inputs. Must be a pure function of them. */
export type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

function refuse(op: string, detail: string): never {
  throw new GradError(op, detail);
}

function checkInputs(op: string, inputs: readonly Tensor[]): void {
  if (!inputs.some((x) => x.requiresGrad)) refuse(op, 'expected an input that requires grad, got none; set requiresGrad on one');
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i];
    if (!x.requiresGrad) continue;
    if (x.dtype !== 'float64') {
      refuse(
        op,
        `expected float64 inputs, got ${x.dtype} for input ${i}: differences of rounded numbers prove nothing; use { dtype: 'float64' } on a backend that has it`,
      );
    }
    if (!x.isLeaf)
      refuse(op, `expected leaves, got input ${i} of shape ${showShape(x.shape)} that an op made; detach() it and set requiresGrad`);
    if (x.ref.strides.some((s, a) => s === 0 && x.shape[a] > 1))
      refuse(op, `expected inputs whose elements are apart in memory, got input ${i} expanded; clone() it`);
  }
}

/** fn's outputs as a list of float tensors. */
function evaluate(op: string, fn: Checked, inputs: readonly Tensor[]): readonly Tensor[] {
  const made = enableGrad(() => fn(...inputs));
  const list = isTensor(made) ? [made] : made;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isTensor))
    refuse(op, 'expected fn to return a tensor or a non-empty array of tensors');
  return list;
}

function position(flat: number, shape: Shape): number[] {
  const at = new Array<number>(shape.length);
  for (let i = shape.length - 1, rest = flat; i >= 0; i--) {
    at[i] = rest % shape[i];
    rest = Math.floor(rest / shape[i]);
  }
  return at;
}

/** Runs `fn` in a scope of its own, across awaits. */
async function scoped<T>(fn: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = new Scope();
  try {
    return await fn(scope);
  } finally {
    scope.dispose();
  }
}

/** The values of all outputs. */
function outputsAt(op: string, fn: Checked, inputs: readonly Tensor[]): Promise<ArrayLike<number>[]> {
  return scoped((s) => Promise.all(s.run(() => evaluate(op, fn, inputs).map((y) => y.data()))));
}

/** Column j of d(outputs)/d(x) by central differences; x is changed in place and put back. */
async function difference(
  op: string,
  fn: Checked,
  inputs: readonly Tensor[],
  x: Tensor,
  j: number,
  value: number,
  eps: number,
): Promise<Float64Array[]> {
  const at = position(j, x.shape);
  const put = (v: number): Tensor => noGrad(() => x.set_(at, v));
  try {
    put(value + eps);
    const above = await outputsAt(op, fn, inputs);
    put(value - eps);
    const below = await outputsAt(op, fn, inputs);
    return above.map((a, o) => Float64Array.from(a, (v, i) => (v - below[o][i]) / (2 * eps)));
  } finally {
    put(value);
  }
}

/** Row i of d(output)/d(every input) by the rules; null where an input has no influence. */
async function analytic(y: Tensor, i: number, wanted: readonly Tensor[]): Promise<(ArrayLike<number> | null)[]> {
  if (!y.requiresGrad) return wanted.map(() => null);
  return scoped((s) => {
    const reads = s.run(() => {
      const hot = new Float64Array(y.size);
      hot[i] = 1;
      const gradOutputs = [tensor(hot, { shape: y.shape, dtype: y.dtype, backend: y.backend })];
      return grad([y], wanted, { gradOutputs, retainGraph: true, allowUnused: true }).map((g) => g?.data() ?? null);
    });
    return Promise.all(reads);
  });
}

interface Mismatch {
  text: string;
  count: number;
  total: number;
  largest: number;
}

/**
 * Compares the gradients of `fn` with central differences (f(x + eps) - f(x - eps)) / 2 eps, entry by entry of every
 * Jacobian: |rule - difference| <= atol + rtol |difference|. Resolves to true; inputs are left as they were.
 *
 * `inputs`: float64 leaves with `requiresGrad`, of any strides; others are constants. `fn` returns one tensor or several.
 * At kinks (relu at 0, ties) differences and derivatives disagree: keep away from them.
 * Errors: `GradError` with the place and both values where they disagree. Source: torch.autograd.gradcheck.
 */
export async function gradcheck(fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions = {}): Promise<true> {
  return check('gradcheck', fn, inputs, options);
}

async function check(op: string, fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions): Promise<true> {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  checkInputs(op, inputs);
  const wanted = inputs.filter((x) => x.requiresGrad);
  await scoped(async (s) => {
    const outputs = s.run(() => evaluate(op, fn, inputs));
    const rows: (ArrayLike<number> | null)[][][] = [];
    for (const y of outputs) {
      const ofOutput: (ArrayLike<number> | null)[][] = [];
      for (let i = 0; i < y.size; i++) ofOutput.push(await analytic(y, i, wanted));
      rows.push(ofOutput);
    }
    for (let k = 0; k < wanted.length; k++) {
      const x = wanted[k];
      const values = await x.data();
      const found: Mismatch = { text: '', count: 0, total: 0, largest: 0 };
      for (let j = 0; j < x.size; j++) {
        const columns = await difference(op, fn, inputs, x, j, values[j], eps);
        columns.forEach((column, o) => {
          for (let i = 0; i < column.length; i++)
            compare(rows[o][i][k]?.[j] ?? 0, column[i], () => where(o, i, outputs[o], j, x), found, atol, rtol);
        });
      }
      if (found.count > 0) {
        const { text, count, total, largest } = found;
        refuse(
          op,
          `expected the gradient with respect to input ${inputs.indexOf(x)} to agree with differences, got ${text}; ${count} of ${total} entries differ, by up to ${largest.toExponential(2)}`,
        );
      }
    }
  });
  return true;
}

function where(o: number, i: number, y: Tensor, j: number, x: Tensor): string {
  return `d output ${o} [${position(i, y.shape).join(', ')}] / d element [${position(j, x.shape).join(', ')}]`;
}

function compare(rule: number, numeric: number, place: () => string, found: Mismatch, atol: number, rtol: number): void {
  found.total++;
  const distance = Math.abs(rule - numeric);
  if (distance <= atol + rtol * Math.abs(numeric) || Object.is(rule, numeric)) return;
  if (found.count++ === 0) found.text = `${place()}: ${rule} by the rule, ${numeric} by differences`;
  if (!(distance <= found.largest)) found.largest = distance;
}

/** Weights without pattern, so that no error cancels: no draw from the user's generator. */
function weightLike(y: Tensor, seed: number): Tensor {
  const values = Float64Array.from({ length: y.size }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * (seed + 1)));
  return tensor(values, { shape: y.shape, dtype: y.dtype, backend: y.backend, requiresGrad: true });
}

/**
 * `gradcheck` of the gradients of `fn`, as functions of the inputs and of the outputs' gradients: whether the second
 * derivatives are right. Errors as `gradcheck`. Source: torch.autograd.gradgradcheck.
 */
export async function gradgradcheck(fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions = {}): Promise<true> {
  checkInputs('gradgradcheck', inputs);
  const n = inputs.length;
  return scoped(async (s) => {
    const outputs = s.run(() => evaluate('gradgradcheck', fn, inputs));
    const through = outputs.map((y) => y.requiresGrad);
    const weights = s.run(() => outputs.filter((_, o) => through[o]).map(weightLike));
    if (weights.length === 0) refuse('gradgradcheck', 'expected an output that requires grad, got none; nothing to differentiate');
    const gradients: Checked = (...all) => {
      const made = evaluate('gradgradcheck', fn, all.slice(0, n)).filter((_, o) => through[o]);
      const wanted = all.slice(0, n).filter((x) => x.requiresGrad);
      const found = grad(made, wanted, { gradOutputs: all.slice(n), createGraph: true, allowUnused: true });
      return found.filter((g) => g !== null);
    };
    return check('gradgradcheck', gradients, [...inputs, ...weights], options);
  });
}

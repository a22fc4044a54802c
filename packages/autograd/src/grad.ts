import { type BackwardOptions, currentScope, disposed, GradError, isTensor, showShape, type Tensor } from '@konv/core-tensor';
import { alias, owned } from './accumulate.js';
import { checkRoot, gradientFor } from './backward.js';
import { Pass } from './engine.js';

export interface GradOptions extends BackwardOptions {
  /** One for each output; a scalar output may have null. */
  gradOutputs?: readonly (Tensor | null)[] | Tensor | null;
  /** Inputs that the outputs do not depend on give null instead of an error. */
  allowUnused?: boolean;
}

interface InternalOptions extends GradOptions {
  /** Partial derivatives: the walk does not go on behind the inputs. */
  stopAtInputs?: boolean;
}

/**
 * The gradients of the sum of `outputs` (each weighted by its `gradOutputs`) with respect to `inputs`, leaves or not,
 * without touching any `grad`. One tensor an input, of its shape; frees the graph unless `retainGraph` (default:
 * `createGraph`). Errors: `GradError` where an input does not require grad or is not used (unless `allowUnused`), and
 * as `backward`. Source: torch.autograd.grad.
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions & { allowUnused?: false },
): Tensor[];
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options: InternalOptions): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: InternalOptions = {},
): (Tensor | null)[] {
  const ys = listOf('outputs', outputs);
  const xs = listOf('inputs', inputs);
  const { createGraph = false, retainGraph = createGraph, allowUnused = false, stopAtInputs = false } = options;
  for (const y of ys) checkRoot('grad', y);
  for (let i = 0; i < xs.length; i++) checkInput(xs[i], i);
  const weights = weightsOf(ys, options.gradOutputs);
  const pass = new Pass({ createGraph, retainGraph, targets: xs, stopAtTargets: stopAtInputs });
  try {
    const roots = pass.scope.run(() => ys.map((tensor, i) => ({ tensor, gradient: gradientFor('grad', tensor, weights[i]) })));
    pass.run(roots);
    const results = pass.within(() => collect(pass, xs, createGraph));
    for (let i = 0; i < xs.length; i++) if (results[i] === null && !allowUnused) throw unused(xs[i], i);
    const parent = currentScope();
    for (const g of results) {
      if (parent !== null && g !== null) parent.adopt(g);
      else g?.keep();
    }
    return results;
  } finally {
    pass.scope.dispose();
  }
}

/** A handle of its own for each input, also for one that is asked for twice. */
function collect(pass: Pass, xs: readonly Tensor[], createGraph: boolean): (Tensor | null)[] {
  const found = xs.map((x) => pass.gradientOf(x));
  return found.map((g, i) => {
    if (g === null) return null;
    return owned(found.indexOf(g) === i && found.lastIndexOf(g) === i ? g : alias(g, createGraph));
  });
}

function listOf(what: string, xs: Tensor | readonly Tensor[]): readonly Tensor[] {
  const list = isTensor(xs) ? [xs] : xs;
  if (Array.isArray(list) && list.length > 0 && list.every(isTensor)) return list;
  throw new GradError('grad', `expected ${what} to be a tensor or a non-empty array of tensors, got ${String(xs)}`);
}

function weightsOf(ys: readonly Tensor[], given: GradOptions['gradOutputs']): readonly (Tensor | null)[] {
  if (given === undefined || given === null) return ys.map(() => null);
  const weights = isTensor(given) ? [given] : given;
  if (weights.length === ys.length) return weights;
  throw new GradError('grad', `expected one of gradOutputs for each of ${ys.length} outputs, got ${weights.length}`);
}

function checkInput(x: Tensor, i: number): void {
  if (x.storage === null) throw disposed('grad', x);
  if (x.requiresGrad) return;
  throw new GradError(
    'grad',
    `expected inputs that require grad, got input ${i} of shape ${showShape(x.shape)} that does not; set requiresGrad before the forward pass`,
  );
}

function unused(x: Tensor, i: number): GradError {
  return new GradError(
    'grad',
    `expected the outputs to depend on every input, got input ${i} of shape ${showShape(x.shape)} that was not used; pass ` +
      '{ allowUnused: true } to get null for it',
  );
}

import {
  BackendError,
  getRngState,
  isTensor,
  observeOps,
  type Operand,
  Scope,
  setRngState,
  type Shape,
  type Tensor,
  zeros,
} from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { optimizerKernels } from './optim.js';

/** What is needed of a model: any konv Module, or an object of your own. */
export interface WarmUpModel {
  forward(x: Tensor): unknown;
  parameters?(): Iterable<Tensor>;
}

export interface WarmUpOptions {
  /**
   * From the model's result to the loss that will be trained, e.g. `(y) => crossEntropy(y, zeros([64], { dtype: 'int32' }))`:
   * the backward pass from it is compiled, too. Default: the sum of the result, where it requires a gradient.
   */
  readonly loss?: (result: Tensor) => Tensor;
}

/** Programs that are made now, from a run in which nothing is drawn, read or changed. */
export async function warmUp(engine: Engine, model: WarmUpModel, shape: Shape, options: WarmUpOptions): Promise<number> {
  if (typeof model?.forward !== 'function') {
    throw new BackendError('warmup', `expected a model with forward(x), got ${String(model)}; give a Module`);
  }
  engine.check('warmup');
  const before = engine.programs.compiled;
  const rng = getRngState();
  const gradients = new Map<Tensor, { readonly grad: Tensor | null; readonly kept: boolean }>();
  /** The gradients of whatever takes part are put away, and put back afterwards. */
  const putAway = (x: Operand): void => {
    if (!isTensor(x) || !x.isLeaf || !x.requiresGrad || gradients.has(x)) return;
    const { grad } = x;
    gradients.set(x, { grad, kept: grad?.kept ?? false });
    if (grad) grad.kept = true; // Another in its place would free it.
    x.grad = null;
  };
  for (const p of model.parameters?.() ?? []) putAway(p);
  const inner = new Scope('warmup');
  try {
    const run = () => inner.run(() => rehearse(engine, model, shape, options));
    engine.runDry(true, () => observeOps(run, (_op, inputs) => inputs.forEach(putAway)));
  } finally {
    for (const [x, { grad, kept }] of gradients) {
      x.grad = grad;
      if (grad) grad.kept = kept;
    }
    inner.dispose();
    setRngState(rng);
  }
  await engine.programs.ready();
  return engine.programs.compiled - before;
}

function rehearse(engine: Engine, model: WarmUpModel, shape: Shape, options: WarmUpOptions): void {
  const x = zeros(shape, { backend: engine.name });
  const y = model.forward(x);
  const results = Array.isArray(y) ? y : [y];
  for (const result of results) {
    if (!isTensor(result)) continue;
    const loss = options.loss ? options.loss(result) : result.requiresGrad ? result.sum() : null;
    if (loss?.requiresGrad) {
      loss.backward();
      for (const kernel of optimizerKernels) engine.programs.begin(kernel);
    }
    // What is pending is computed by readers.
    (loss ?? result).storage?.backend.read((loss ?? result).ref).catch(() => {});
  }
}

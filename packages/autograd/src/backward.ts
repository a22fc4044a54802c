import {
  add,
  add_,
  BackendError,
  type BackwardOptions,
  disposed,
  DTypeError,
  GradError,
  isTensor,
  onesLike,
  sameShape,
  ShapeError,
  showShape,
  type Tensor,
} from '@konv/core-tensor';
import { owned } from './accumulate.js';
import { Pass } from './engine.js';

/** Refuses a tensor that is freed or not in a graph. */
export function checkRoot(op: string, root: Tensor): void {
  if (root.storage === null) throw disposed(op, root);
  if (root.requiresGrad) return;
  throw new GradError(
    op,
    `expected a tensor that requires grad, got one of shape ${showShape(root.shape)} that was not computed from any; set ` +
      'requiresGrad on a leaf before computing it, outside of noGrad',
  );
}

/** Refuses a gradient that does not look like its tensor; without one, that of a tensor with one element is 1. */
export function gradientFor(op: string, root: Tensor, gradient: Tensor | null | undefined): Tensor {
  if (gradient === null || gradient === undefined) {
    if (root.size === 1) return onesLike(root);
    throw new GradError(
      op,
      `expected a scalar, got shape ${showShape(root.shape)} without a gradient; reduce it (sum(), mean()), or pass a ` +
        'gradient of its shape',
    );
  }
  if (!isTensor(gradient))
    throw new DTypeError(op, `expected the gradient to be a tensor, got ${typeof gradient}; wrap it with tensor(...)`);
  if (gradient.storage === null) throw disposed(op, gradient);
  if (gradient.device !== root.device) {
    throw new BackendError(
      op,
      `expected a gradient on "${root.backend}", got one on "${gradient.backend}"; await gradient.to('${root.backend}')`,
    );
  }
  if (!sameShape(gradient.shape, root.shape)) {
    throw new ShapeError(
      op,
      `expected a gradient of the tensor's shape ${showShape(root.shape)}, got ${showShape(gradient.shape)}; reshape or expand it`,
    );
  }
  if (gradient.dtype !== root.dtype) {
    throw new DTypeError(op, `expected a gradient of the tensor's dtype ${root.dtype}, got ${gradient.dtype}; use cast('${root.dtype}')`);
  }
  return gradient;
}

/**
 * Adds the gradient of `root` with respect to every leaf that requires grad to the leaf's `grad`. An error leaves every
 * `grad` as it was. With `createGraph` a leaf and its recorded `grad` hold each other until `grad` is set to null; prefer
 * `grad()` there. Errors: `GradError`, `ShapeError`, `DTypeError`. Source: torch.Tensor.backward.
 */
export function backward(root: Tensor, gradient: Tensor | null = null, options: BackwardOptions = {}): void {
  checkRoot('backward', root);
  const { createGraph = false, retainGraph = createGraph } = options;
  const pass = new Pass({ createGraph, retainGraph, targets: null });
  try {
    const seed = pass.scope.run(() => gradientFor('backward', root, gradient));
    pass.run([{ tensor: root, gradient: seed }]);
    // First all that may fail, then the assignments, which cannot.
    const ready = pass.within(() => prepare(pass.leaves, createGraph));
    for (const [leaf, g] of ready) leaf.grad = g;
  } finally {
    pass.scope.dispose();
  }
}

/** What each leaf's `grad` is to become. A leaf that was freed since has no use for one. */
function prepare(leaves: ReadonlyMap<Tensor, Tensor>, createGraph: boolean): [Tensor, Tensor][] {
  const alive = [...leaves].filter(([leaf]) => !leaf.disposed);
  for (const [leaf, g] of alive) checkGrad(leaf, g);
  const ready: [Tensor, Tensor][] = [];
  const inPlace: [Tensor, Tensor][] = [];
  for (const [leaf, g] of alive) {
    const { grad } = leaf;
    if (grad === null || grad.disposed) ready.push([leaf, owned(g)]);
    else if (createGraph) ready.push([leaf, add(grad, g)]);
    else inPlace.push([grad, g]);
  }
  for (const [grad, g] of inPlace) add_(grad, g);
  return ready;
}

/** The gradient and what is already there fit the leaf. */
function checkGrad(leaf: Tensor, g: Tensor): void {
  if (leaf.device !== g.device) {
    throw new GradError(
      'backward',
      `expected the leaf of shape ${showShape(leaf.shape)} on "${g.backend}", where the graph was built, got it on ` +
        `"${leaf.backend}"; run the forward pass again after moving`,
    );
  }
  const { grad } = leaf;
  if (grad === null || grad.disposed) return;
  if (sameShape(grad.shape, g.shape) && grad.dtype === g.dtype && grad.device === g.device) return;
  throw new GradError(
    'backward',
    `expected the present grad of a leaf to be ${showShape(g.shape)} ${g.dtype} on "${g.backend}", got ` +
      `${showShape(grad.shape)} ${grad.dtype} on "${grad.backend}"; set it to null (zeroGrad) first`,
  );
}

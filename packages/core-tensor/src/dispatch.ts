import { abi } from './abi.js';
import type { Backend, TensorRef } from './backend.js';
import { type DType, dtypes } from './dtype.js';
import { BackendError, DTypeError, GradError, ShapeError } from './errors.js';
import type { Op, Operand, OutputSpec, RefOperand } from './ops/define-op.js';
import { describe, disposed } from './operand.js';
import { currentScope, Scope } from './scope.js';
import { broadcastStrides, contiguousStrides, sameShape, showShape, sizeOf } from './shape.js';
import { Storage } from './storage.js';
import { isTensor, Tensor } from './tensor.js';

/** How a backend serves an op in a dtype. */
type Route = 'kernel' | 'decompose';
const routes = new WeakMap<Backend, Map<Op, (Route | undefined)[]>>();

function route(backend: Backend, op: Op, dtype: DType): Route {
  let table = routes.get(backend);
  if (!table) routes.set(backend, (table = new Map()));
  let row = table.get(op);
  if (!row) table.set(op, (row = []));
  const column = dtypes.indexOf(dtype);
  return (row[column] ??= findRoute(backend, op, dtype));
}

function findRoute(backend: Backend, op: Op, dtype: DType): Route {
  const { family, kind, decompose } = op;
  if (family !== null && typeof backend[family] === 'function' && backend.supports(family, kind, dtype)) return 'kernel';
  if (decompose !== null) return 'decompose';
  throw new BackendError(
    op.name,
    `expected "${backend.name}" to have the kernel ${family}${kind ? `('${kind}')` : ''}, got none: [${op.name}] is not ` +
      `supported on "${backend.name}" for ${dtype}; cast the operands or move them to another backend`,
  );
}

/** Hears of an op that has run. `outputs` are not its own to keep or free. */
export type OpObserver = (op: Op, inputs: readonly Operand[], attrs: unknown, outputs: readonly Tensor[]) => void;
let observer: OpObserver | null = null;

/**
 * Calls `onOp` after each op that `fn` runs, in order: what a summary or a profile counts. An op that the backend lacks is
 * heard of once, not by what it is decomposed into; in-place ops are not heard of. An inner observer takes over.
 */
export function observeOps<T>(fn: () => T, onOp: OpObserver | null): T {
  const outer = observer;
  observer = onOp;
  try {
    return fn();
  } finally {
    observer = outer;
  }
}

/** Refuses freed tensors, tensors of two backends and views whose base was rewritten. Returns the common backend. */
function checkOperands(name: string, inputs: readonly Operand[]): Backend {
  let backend: Backend | null = null;
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i];
    if (x === null || typeof x === 'number') continue;
    if (!isTensor(x)) throw new DTypeError(name, `expected a tensor, got ${describe(x)}; wrap it with tensor(...)`);
    const s = x.storage;
    if (s === null) throw disposed(name, x);
    if (backend === null) backend = s.backend;
    else if (s.backend !== backend) {
      throw new BackendError(
        name,
        `expected operands on one backend, got "${backend.name}" and "${s.backend.name}"; call useBackend(...) or ` +
          'ready() before building, or `await net.to(...)` / `await t.to(...)`',
      );
    }
    if (x.viewEpoch !== s.rebases && abi.gradEnabled && x.isView) {
      throw new GradError(
        name,
        'expected a view of current values, got one whose base was changed in place afterwards with gradients recorded; ' +
          'take the view again',
      );
    }
  }
  if (backend === null) throw new DTypeError(name, 'expected at least one tensor operand');
  return backend;
}

function wantsGrad(inputs: readonly Operand[]): boolean {
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i];
    if (x !== null && typeof x !== 'number' && x.requiresGrad) return true;
  }
  return false;
}

function dtypeOf(inputs: readonly Operand[]): DType {
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i];
    if (x !== null && typeof x !== 'number') return x.dtype;
  }
  return 'float32';
}

/** Runs an op with one output. */
export function dispatch<A>(op: Op<A>, inputs: readonly Operand[], attrs: A): Tensor {
  return dispatchAll(op, inputs, attrs)[0];
}

/**
 * Runs an op: checks the operands, asks its shape rule, allocates, calls the kernel or the decomposition, and has the
 * tape record it. The only caller of kernels, but for `dispatchInPlace`.
 */
export function dispatchAll<A>(op: Op<A>, inputs: readonly Operand[], attrs: A): readonly Tensor[] {
  const backend = checkOperands(op.name, inputs);
  const specs = op.infer(inputs, attrs);
  const tracer = op.differentiable && abi.gradEnabled && wantsGrad(inputs) ? abi.tracer : null;
  const node = tracer === null ? null : tracer.record(op, inputs, attrs);
  let outputs: readonly Tensor[];
  try {
    outputs = op.view !== null ? [viewOf(op, inputs[0] as Tensor, attrs)] : compute(backend, op, inputs, attrs, specs);
  } catch (e) {
    node?.release();
    throw e;
  }
  if (node !== null) (tracer as NonNullable<typeof tracer>).finish(node, outputs);
  if (observer !== null) observer(op, inputs, attrs, outputs);
  return outputs;
}

function viewOf<A>(op: Op<A>, x: Tensor, attrs: A): Tensor {
  const window = (op.view as NonNullable<Op<A>['view']>)(x, attrs);
  const storage = x.storage as Storage;
  const ref = { buffer: storage.buffer, dtype: x.dtype, ...window };
  return new Tensor(storage.retain(), ref, true);
}

function compute<A>(backend: Backend, op: Op<A>, inputs: readonly Operand[], attrs: A, specs: readonly OutputSpec[]): readonly Tensor[] {
  const served = route(backend, op, dtypeOf(inputs)) === 'kernel' && (op.accepts === null || op.accepts(backend, attrs));
  if (!served && !hasEmpty(inputs, specs)) return decomposed(op, inputs, attrs);
  const outputs: Tensor[] = [];
  try {
    for (let i = 0; i < specs.length; i++) outputs.push(allocate(backend, specs[i]));
    runKernel(backend, op, inputs, attrs, outputs.map(refOf));
  } catch (e) {
    for (const t of outputs) t.dispose();
    throw e;
  }
  return outputs;
}

const refOf = (t: Tensor): TensorRef => t.ref;

function hasEmpty(inputs: readonly Operand[], specs: readonly OutputSpec[]): boolean {
  for (const x of inputs) if (x !== null && typeof x !== 'number' && x.size === 0) return true;
  for (const s of specs) if (sizeOf(s.shape) === 0) return true;
  return false;
}

/** The outputs of a decomposition: recorded as one op, whatever it is made of; what it used in between is freed. */
function decomposed<A>(op: Op<A>, inputs: readonly Operand[], attrs: A): readonly Tensor[] {
  const parent = currentScope();
  const inner = new Scope(`the decomposition of ${op.name}`);
  const before = abi.gradEnabled;
  abi.gradEnabled = false;
  try {
    const made = observeOps(() => inner.run(() => (op.decompose as NonNullable<Op<A>['decompose']>)(inputs, attrs)), null);
    const outputs = isTensor(made) ? [made] : made;
    for (const t of outputs) {
      t.isView = false;
      if (parent) parent.adopt(t);
      else t.outlive();
    }
    return outputs;
  } finally {
    abi.gradEnabled = before;
    inner.dispose();
  }
}

/** A new tensor with uninitialised values. */
export function allocate(backend: Backend, spec: OutputSpec): Tensor {
  const storage = Storage.alloc(backend, spec.dtype, spec.shape, 'activation');
  const { shape, dtype } = spec;
  return new Tensor(storage, { buffer: storage.buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 }, false);
}

/** Hands strided, broadcast or contiguous windows to the kernel; empty operands never reach it. */
function runKernel<A>(backend: Backend, op: Op<A>, inputs: readonly Operand[], attrs: A, outs: readonly TensorRef[]): void {
  let work = false;
  for (const o of outs) if (sizeOf(o.shape) > 0) work = true;
  if (!work) return;
  const refs: RefOperand[] = new Array(inputs.length);
  let copies: Tensor[] | null = null;
  try {
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i];
      if (x === null || typeof x === 'number') {
        refs[i] = x;
        continue;
      }
      if (x.size === 0) {
        for (const o of outs) if (sizeOf(o.shape) > 0) backend.fill(op.onEmpty, o);
        return;
      }
      let ref = x.ref;
      if (!x.isContiguous && (op.strided & (1 << i)) === 0) {
        const copy = allocate(backend, x);
        copies ??= [];
        copies.push(copy);
        backend.copyStrided(ref, copy.ref);
        ref = copy.ref;
      }
      refs[i] = op.broadcast && !sameShape(ref.shape, outs[0].shape) ? expandRef(ref, outs[0]) : ref;
    }
    op.kernel(backend, refs, attrs, outs);
  } finally {
    if (copies !== null) for (const t of copies) t.dispose();
  }
}

function expandRef(ref: TensorRef, to: TensorRef): TensorRef {
  return { ...ref, shape: to.shape, strides: broadcastStrides(ref.shape, ref.strides, to.shape) };
}

/**
 * Runs an op with its (single) result written over `target`, which is normally `inputs[0]`: the in-place methods.
 * Gradients: the history of `target` becomes this op. Errors: `GradError` for a leaf that requires grad while recording,
 * or for a view in a graph; `ShapeError` and `DTypeError` where the result does not fit.
 */
export function dispatchInPlace<A>(name: string, op: Op<A>, inputs: readonly Operand[], attrs: A, target: Tensor): Tensor {
  const backend = checkOperands(name, inputs);
  if (target.storage === null) throw disposed(name, target);
  checkNoOverlap(name, target);
  const spec = op.infer(inputs, attrs)[0];
  if (!sameShape(spec.shape, target.shape)) {
    throw new ShapeError(
      name,
      `expected a result of the tensor's own shape ${showShape(target.shape)}, got ${showShape(spec.shape)}; use the form without _`,
    );
  }
  if (spec.dtype !== target.dtype) {
    throw new DTypeError(name, `expected a result of the tensor's own dtype ${target.dtype}, got ${spec.dtype}; cast the operand`);
  }
  const recording = abi.gradEnabled && (target.requiresGrad || wantsGrad(inputs));
  if (recording) checkRebase(name, target);
  const tracer = recording && op.differentiable ? abi.tracer : null;
  const node = tracer === null ? null : tracer.record(op, inputs, attrs);
  try {
    writeOver(backend, op, inputs, attrs, target);
  } catch (e) {
    node?.release();
    throw e;
  }
  if (node !== null) {
    (tracer as NonNullable<typeof tracer>).finish(node, [target]);
    target.storage.rebases++;
    target.viewEpoch = target.storage.rebases;
  }
  return target;
}

/** Refuses a window of which several elements are one: an expanded view. What would be written there has no answer. */
export function checkNoOverlap(name: string, target: Tensor): void {
  if (target.isContiguous) return;
  const { shape, strides } = target.ref;
  if (strides.every((s, i) => s !== 0 || shape[i] < 2)) return;
  throw new ShapeError(
    name,
    `expected a tensor whose elements are apart in memory, got an expanded view of shape ${showShape(shape)}; use clone() or contiguous() first`,
  );
}

/** Whether the history of `target` may be replaced. */
export function checkRebase(name: string, target: Tensor): void {
  if (target.isLeaf && target.requiresGrad) {
    throw new GradError(
      name,
      'expected a tensor that is not a leaf of the graph, got a leaf that requires grad; wrap the change in noGrad(() => ...)',
    );
  }
  if (target.isView) {
    throw new GradError(
      name,
      'expected a whole tensor, got a view of one that takes part in a graph; use set_(index, value) on the base, ' +
        'or wrap the change in noGrad(() => ...)',
    );
  }
}

function writeOver<A>(backend: Backend, op: Op<A>, inputs: readonly Operand[], attrs: A, target: Tensor): void {
  const storage = target.storage as Storage;
  const direct = target.isContiguous && (op.family === 'unary' || op.family === 'binary') && route(backend, op, target.dtype) === 'kernel';
  if (direct && inputs.every((x) => !isTensor(x) || x.storage !== storage || sameWindow(x.ref, target.ref))) {
    runKernel(backend, op, inputs, attrs, [target.ref]);
  } else {
    const [result] = compute(backend, op, inputs, attrs, [{ shape: target.shape, dtype: target.dtype }]);
    if (result.size > 0) backend.copyStrided(result.ref, target.ref);
    result.dispose();
  }
  storage.buffer.version++;
}

function sameWindow(a: TensorRef, b: TensorRef): boolean {
  return a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides);
}

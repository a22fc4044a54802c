import type { Backend, TensorRef } from '../backend.js';
import { full } from '../creation.js';
import { checkNoOverlap, checkRebase, dispatch } from '../dispatch.js';
import { isFloat, promote } from '../dtype.js';
import { BackendError, DTypeError, ShapeError } from '../errors.js';
import { abi } from '../abi.js';
import { noGrad } from '../grad-mode.js';
import { checkTensor, describe } from '../operand.js';
import { normalizeAxis, sameShape, showShape, type Shape } from '../shape.js';
import type { Storage } from '../storage.js';
import { type Index, isTensor, Tensor } from '../tensor.js';
import { cast } from './cast.js';
import type { SliceAxis } from './catalogue.js';
import { ALL_STRIDED, defineOp, type Op } from './define-op.js';
import { tidy } from './handles.js';
import { expand, parseIndex, reshape, slicedShape, sliceWindow, unsqueeze } from './view.js';

export const cloneOp: Op<null> = defineOp('clone', {
  family: 'copyStrided',
  strided: 1,
  infer: ([x]) => [x as Tensor],
  kernel: (backend, [x], _attrs, [out]) => backend.copyStrided(x as TensorRef, out),
});

function windowOf(ref: TensorRef, axes: readonly SliceAxis[]): TensorRef {
  return { buffer: ref.buffer, dtype: ref.dtype, ...sliceWindow(ref, axes) };
}

function copyInto(backend: Backend, x: TensorRef, out: TensorRef, axes: readonly SliceAxis[]): void {
  if (axes.every((a) => a.size > 0)) backend.copyStrided(x, windowOf(out, axes));
}

export const embedOp: Op<{ readonly shape: Shape; readonly axes: readonly SliceAxis[] }> = defineOp('embed', {
  family: 'copyStrided',
  strided: 1,
  infer: ([value], { shape }) => [{ shape, dtype: (value as Tensor).dtype }],
  kernel: (backend, [value], { axes }, [out]) => {
    backend.fill(0, out);
    copyInto(backend, value as TensorRef, out, axes);
  },
});

export const setSliceOp: Op<{ readonly axes: readonly SliceAxis[] }> = defineOp('setSlice', {
  family: 'copyStrided',
  strided: ALL_STRIDED,
  infer: ([base]) => [base as Tensor],
  kernel: (backend, [base, value], { axes }, [out]) => {
    backend.copyStrided(base as TensorRef, out);
    copyInto(backend, value as TensorRef, out, axes);
  },
});

export const catOp: Op<{ readonly axis: number }> = defineOp('cat', {
  family: 'copyStrided',
  strided: ALL_STRIDED,
  infer: (inputs, { axis }) => {
    const [first] = inputs as readonly Tensor[];
    let total = 0;
    for (const x of inputs as readonly Tensor[]) total += x.shape[axis];
    return [{ shape: first.shape.map((d, i) => (i === axis ? total : d)), dtype: first.dtype }];
  },
  kernel: (backend, inputs, { axis }, [out]) => {
    let start = 0;
    for (const x of inputs as readonly TensorRef[]) {
      const axes = x.shape.map((size, i) => ({ start: i === axis ? start : 0, step: 1, size, drop: false }));
      copyInto(backend, x, out, axes);
      start += x.shape[axis];
    }
  },
});

/** A row-major copy. Source: torch.clone. */
export function clone(x: Tensor): Tensor {
  checkTensor('clone', x);
  return dispatch(cloneOp, [x], null);
}

/** The tensor itself where its data is row-major without gaps, else a copy that is. Source: torch.Tensor.contiguous. */
export function contiguous(x: Tensor): Tensor {
  return checkTensor('contiguous', x).isContiguous ? x : clone(x);
}

/** The same values (shared storage) as a leaf outside the graph. Source: torch.Tensor.detach. */
export function detach(x: Tensor): Tensor {
  // Not a view to the tape: it has no base there whose history could change.
  return new Tensor((checkTensor('detach', x).storage as Storage).retain(), x.ref, false);
}

function checkList(op: string, xs: readonly Tensor[]): void {
  if (!Array.isArray(xs) || xs.length === 0 || !xs.every(isTensor)) {
    throw new ShapeError(
      op,
      `expected a non-empty array of tensors, got ${Array.isArray(xs) ? `[${xs.map(describe).join(', ')}]` : describe(xs)}; pass them in one array`,
    );
  }
  for (const x of xs) checkTensor(op, x);
}

/**
 * The tensors one after another along `axis`; all other sizes must agree. dtypes are promoted.
 * Errors: `ShapeError`. Source: torch.cat.
 */
export function cat(xs: readonly Tensor[], axis = 0): Tensor {
  checkList('cat', xs);
  const [first] = xs;
  const a = normalizeAxis('cat', axis, first.rank);
  for (const x of xs) {
    if (x.rank === first.rank && x.shape.every((d, i) => i === a || d === first.shape[i])) continue;
    throw new ShapeError(
      'cat',
      `expected shapes equal but for axis ${a}, got ${xs.map((t) => showShape(t.shape)).join(', ')}; reshape or slice them`,
    );
  }
  const dtype = xs.reduce((d, x) => promote(d, x.dtype), first.dtype);
  return tidy(() => {
    const same = xs.map((x) => cast(x, dtype));
    // An empty tensor would end the kernel call before the others are copied.
    const filled = same.filter((x) => x.size > 0);
    return dispatch(catOp, filled.length > 0 ? filled : same, { axis: a });
  });
}

/** The tensors, all of one shape, along a new axis. Source: torch.stack. */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  checkList('stack', xs);
  for (const x of xs) {
    if (!sameShape(x.shape, xs[0].shape)) {
      throw new ShapeError(
        'stack',
        `expected tensors of one shape, got ${xs.map((t) => showShape(t.shape)).join(', ')}; use cat, or reshape them`,
      );
    }
  }
  const a = normalizeAxis('stack', axis, xs[0].rank + 1);
  return tidy(() =>
    cat(
      xs.map((x) => unsqueeze(x, a)),
      a,
    ),
  );
}

/** The adjoint of `slice`: zeros of `shape` with `x` at the slice. */
export function embed(x: Tensor, shape: Shape, axes: readonly SliceAxis[]): Tensor {
  return dispatch(embedOp, [x], { shape, axes });
}

/** Writes `value` over a window of `x`'s storage; the tape sees it as an op on the whole of `x`. */
function writeWindow(x: Tensor, axes: readonly SliceAxis[], value: Tensor, recording: boolean): void {
  const storage = x.storage as Storage;
  const source = value.storage as Storage;
  const { backend } = storage;
  // A source in the same storage may overlap the window: copyStrided does not promise an order.
  const apart = source === storage && value.size > 0 ? noGrad(() => clone(value)) : value;
  const node = recording && abi.tracer ? abi.tracer.record(setSliceOp, [x, value], { axes }) : null;
  if (value.size > 0) backend.copyStrided(apart.ref, windowOf(x.ref, axes));
  if (apart !== value) apart.dispose();
  storage.buffer.version++;
  if (node !== null) {
    abi.tracer?.finish(node, [x]);
    x.viewEpoch = ++storage.rebases;
  }
}

/** Whether the write is to be recorded, after checking that it may be made at all. */
function checkWritable(name: string, x: Tensor, value: Tensor | number): boolean {
  const { device } = checkTensor(name, x);
  if (typeof value !== 'number') {
    if (checkTensor(name, value).device !== device) {
      throw new BackendError(name, `expected a value on "${x.backend}", got one on "${value.backend}"; await value.to('${x.backend}')`);
    }
  }
  checkNoOverlap(name, x);
  const recording = abi.gradEnabled && (x.requiresGrad || (typeof value !== 'number' && value.requiresGrad));
  if (recording) checkRebase(name, x);
  return recording;
}

/** `value` in the shape of the window; leading axes of size 1 may be there or not, as in PyTorch's assignments. */
function stretched(name: string, value: Tensor, shape: Shape): Tensor {
  if (sameShape(value.shape, shape)) return value;
  const surplus = value.rank - shape.length;
  const own = value.shape.slice(Math.max(0, surplus));
  const lead = shape.length - own.length;
  if (value.shape.slice(0, Math.max(0, surplus)).some((d) => d !== 1) || own.some((d, i) => d !== 1 && d !== shape[lead + i])) {
    throw new ShapeError(
      name,
      `expected a value that stretches to the target's shape ${showShape(shape)}, got ${showShape(value.shape)}; reshape it`,
    );
  }
  return expand(surplus > 0 ? reshape(value, own) : value, shape);
}

function assign(name: string, x: Tensor, axes: readonly SliceAxis[], value: Tensor | number, recording: boolean): void {
  const shape = slicedShape(axes);
  if (typeof value === 'number' && !recording) {
    const storage = x.storage as Storage;
    if (axes.every((a) => a.size > 0)) storage.backend.fill(value, windowOf(x.ref, axes));
    storage.buffer.version++;
    return;
  }
  tidy(() => {
    const v = typeof value === 'number' ? full([], value, { dtype: x.dtype, backend: x.backend }) : cast(value, x.dtype);
    writeWindow(x, axes, stretched(name, v, shape), recording);
  });
}

/**
 * x[index] = value, in place and differentiable in both; `value` broadcasts to the slice. Index notation as in `slice`.
 * Errors: `GradError` where x is a leaf that requires grad or a view in a graph; `ShapeError`, also for an expanded x;
 * `DTypeError` for floats into an int32 or bool tensor. Source: PyTorch indexing.
 */
export function set_(x: Tensor, index: readonly Index[], value: Tensor | number): Tensor {
  const recording = checkWritable('set_', x, value);
  if (!Array.isArray(index))
    throw new ShapeError('set_', `expected an array of indices, got ${describe(index)}; write set_([i, j], value)`);
  if (typeof value !== 'number' && isFloat(value.dtype) && !isFloat(x.dtype)) {
    throw new DTypeError('set_', `expected a ${x.dtype} value, got ${value.dtype}; cast it first`);
  }
  assign('set_', x, parseIndex('set_', index, x.shape), value, recording);
  return x;
}

/** x = source in place, broadcast and cast as needed; differentiable. Errors: as `set_`. Source: torch.Tensor.copy_. */
export function copy_(x: Tensor, source: Tensor): Tensor {
  checkTensor('copy_', source);
  const recording = checkWritable('copy_', x, source);
  assign('copy_', x, parseIndex('copy_', [], x.shape), source, recording);
  return x;
}

function fillWith(name: string, x: Tensor, value: number): Tensor {
  if (typeof value !== 'number') throw new DTypeError(name, `expected a number, got ${describe(value)}; use copy_ for tensors`);
  const recording = checkWritable(name, x, value);
  assign(name, x, parseIndex(name, [], x.shape), value, recording);
  return x;
}

/** Every element = value, in place. Source: torch.Tensor.fill_. */
export function fill_(x: Tensor, value: number): Tensor {
  return fillWith('fill_', x, value);
}

/** Every element = 0, in place. Source: torch.Tensor.zero_. */
export function zero_(x: Tensor): Tensor {
  return fillWith('zero_', x, 0);
}

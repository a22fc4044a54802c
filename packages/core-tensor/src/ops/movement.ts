import type { Backend, TensorRef } from '../backend.js';
import { full } from '../creation.js';
import { checkRebase, disposed, dispatch } from '../dispatch.js';
import { isFloat, promote } from '../dtype.js';
import { BackendError, DTypeError, ShapeError } from '../errors.js';
import { abi } from '../abi.js';
import { normalizeAxis, sameShape, showShape, type Shape } from '../shape.js';
import type { Storage } from '../storage.js';
import { type Index, isTensor, Tensor } from '../tensor.js';
import { cast } from './cast.js';
import type { SliceAxis } from './catalogue.js';
import { ALL_STRIDED, defineOp, type Op } from './define-op.js';
import { expand, parseIndex, slicedShape, sliceWindow, unsqueeze } from './view.js';

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
  return dispatch(cloneOp, [x], null);
}

/** The tensor itself where its data is row-major without gaps, else a copy that is. Source: torch.Tensor.contiguous. */
export function contiguous(x: Tensor): Tensor {
  return x.isContiguous ? x : clone(x);
}

/** The same values (shared storage) as a leaf outside the graph. Source: torch.Tensor.detach. */
export function detach(x: Tensor): Tensor {
  if (x.storage === null) throw disposed('detach', x);
  return new Tensor(x.storage.retain(), x.ref, true);
}

function checkList(op: string, xs: readonly Tensor[]): void {
  if (!Array.isArray(xs) || xs.length === 0 || !xs.every(isTensor)) {
    throw new ShapeError(op, 'expected a non-empty array of tensors; pass them in one array');
  }
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
    throw new ShapeError('cat', `expected shapes equal but for axis ${a}, got ${xs.map((t) => showShape(t.shape)).join(', ')}`);
  }
  const dtype = xs.reduce((d, x) => promote(d, x.dtype), first.dtype);
  const same = xs.map((x) => cast(x, dtype));
  // An empty tensor would end the kernel call before the others are copied.
  const filled = same.filter((x) => x.size > 0);
  return dispatch(catOp, filled.length > 0 ? filled : [same[0]], { axis: a });
}

/** The tensors, all of one shape, along a new axis. Source: torch.stack. */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  checkList('stack', xs);
  for (const x of xs) {
    if (!sameShape(x.shape, xs[0].shape)) {
      throw new ShapeError('stack', `expected tensors of one shape, got ${xs.map((t) => showShape(t.shape)).join(', ')}`);
    }
  }
  const a = normalizeAxis('stack', axis, xs[0].rank + 1);
  return cat(xs.map((x) => unsqueeze(x, a)), a);
}

/**
 * `value` around the tensor. `padding` counts from the last axis backwards, two numbers an axis:
 * `[left, right, top, bottom, ...]`. Errors: `ShapeError` for odd lists and negative numbers. Source: torch.nn.functional.pad.
 */
export function pad(x: Tensor, padding: readonly number[], options: { value?: number } = {}): Tensor {
  const { value = 0 } = options;
  if (!Array.isArray(padding) || padding.length % 2 !== 0 || padding.length > 2 * x.rank || padding.some((p) => !Number.isInteger(p) || p < 0)) {
    throw new ShapeError('pad', `expected an even list of at most ${2 * x.rank} whole numbers >= 0, got [${String(padding)}] for input ${showShape(x.shape)}`);
  }
  const axes: SliceAxis[] = x.shape.map((size, i) => ({ start: padding[2 * (x.rank - 1 - i)] ?? 0, step: 1, size, drop: false }));
  const shape = x.shape.map((size, i) => size + axes[i].start + (padding[2 * (x.rank - 1 - i) + 1] ?? 0));
  if (value === 0) return dispatch(embedOp, [x], { shape, axes });
  if (x.size === 0) return full(shape, value, { dtype: x.dtype, backend: x.backend });
  return dispatch(setSliceOp, [full(shape, value, { dtype: x.dtype, backend: x.backend }), x], { axes });
}

/** The adjoint of `slice`: zeros of `shape` with `x` at the slice. */
export function embed(x: Tensor, shape: Shape, axes: readonly SliceAxis[]): Tensor {
  return dispatch(embedOp, [x], { shape, axes });
}

/** Writes `value` over a window of `x`'s storage; the tape sees it as an op on the whole of `x`. */
function writeWindow(name: string, x: Tensor, axes: readonly SliceAxis[], value: Tensor): void {
  const storage = x.storage as Storage;
  const source = value.storage as Storage;
  const recording = abi.gradEnabled && (x.requiresGrad || value.requiresGrad);
  if (recording) checkRebase(name, x);
  const node = recording && abi.tracer ? abi.tracer.record(setSliceOp, [x, value], { axes }) : null;
  const { backend } = storage;
  if (value.size > 0) {
    // A source in the same storage may overlap the window: copyStrided does not promise an order.
    const apart = source === storage ? clone(value.detach()) : value;
    backend.copyStrided(apart.ref, windowOf(x.ref, axes));
    if (apart !== value) apart.dispose();
  }
  storage.buffer.version++;
  if (node !== null) {
    abi.tracer?.finish(node, [x]);
    x.viewEpoch = ++storage.rebases;
  }
}

function checkWritable(name: string, x: Tensor, value: Tensor | null): void {
  if (x.storage === null) throw disposed(name, x);
  if (value === null) return;
  if (value.storage === null) throw disposed(name, value);
  if (value.storage.backend !== x.storage.backend) {
    throw new BackendError(name, `expected a value on "${x.backend}", got one on "${value.backend}"; await value.to('${x.backend}')`);
  }
  if (isFloat(value.dtype) && !isFloat(x.dtype)) {
    throw new DTypeError(name, `expected a ${x.dtype} value, got ${value.dtype}; cast it first`);
  }
}

/**
 * x[index] = value, in place and differentiable in both; `value` broadcasts to the slice. Index notation as in `slice`.
 * Errors: `GradError` where x is a leaf that requires grad or a view in a graph; `ShapeError`. Source: PyTorch indexing.
 */
export function set_(x: Tensor, index: readonly Index[], value: Tensor | number): Tensor {
  checkWritable('set_', x, typeof value === 'number' ? null : value);
  const axes = parseIndex('set_', index, x.shape);
  const shape = slicedShape(axes);
  if (typeof value === 'number' && !(abi.gradEnabled && x.requiresGrad)) {
    const storage = x.storage as Storage;
    if (axes.every((a) => a.size > 0)) storage.backend.fill(value, windowOf(x.ref, axes));
    storage.buffer.version++;
    return x;
  }
  const v = typeof value === 'number' ? full([], value, { dtype: x.dtype, backend: x.backend }) : cast(value, x.dtype);
  writeWindow('set_', x, axes, sameShape(v.shape, shape) ? v : expand(v, shape));
  return x;
}

/** x = source in place, broadcast and cast as needed; differentiable. Source: torch.Tensor.copy_. */
export function copy_(x: Tensor, source: Tensor): Tensor {
  if (source.storage === null) throw disposed('copy_', source);
  const v = cast(source, x.dtype);
  checkWritable('copy_', x, v);
  const axes = parseIndex('copy_', [], x.shape);
  writeWindow('copy_', x, axes, sameShape(v.shape, x.shape) ? v : expand(v, x.shape));
  return x;
}

/** Every element = value, in place. Source: torch.Tensor.fill_. */
export function fill_(x: Tensor, value: number): Tensor {
  return set_(x, [], value);
}

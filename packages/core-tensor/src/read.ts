import { abi } from './abi.js';
import { allocate } from './dispatch.js';
import { type DType, type HostArray, hostArray, isDType } from './dtype.js';
import { BackendError, GradError, KonvError, ShapeError } from './errors.js';
import { breathe } from './finalizer.js';
import { disposed } from './operand.js';
import { formatTensor } from './print/index.js';
import { getBackend } from './registry.js';
import { contiguousStrides, type Shape, showShape } from './shape.js';
import { Storage } from './storage.js';
import { Tensor } from './tensor.js';

/** The brand of `Parameter`, which imports this file. */
const PARAMETER = Symbol.for('konv.parameter.1');

export type Nested = number | boolean | Nested[];

export function liveStorage(op: string, t: Tensor): Storage {
  if (t.storage === null) throw disposed(op, t);
  return t.storage;
}

/** Calls `use` with a row-major window of `t`, made if needed and freed as soon as the read has been issued. */
function withContiguous<R>(t: Tensor, use: (ref: Tensor['ref'], storage: Storage) => R): R {
  const storage = liveStorage('data', t);
  if (t.isContiguous) return use(t.ref, storage);
  const copy = allocate(storage.backend, t);
  try {
    storage.backend.copyStrided(t.ref, copy.ref);
    return use(copy.ref, copy.storage as Storage);
  } finally {
    copy.dispose();
  }
}

export async function data(t: Tensor): Promise<HostArray> {
  liveStorage('data', t);
  if (t.size === 0) return hostArray(t.dtype, 0);
  // The read is issued, and its snapshot taken, before anything is awaited.
  const pending = withContiguous(t, async (ref, storage) => {
    storage.retain();
    try {
      return await storage.backend.read(ref);
    } finally {
      storage.release();
    }
  });
  // Together: a read that fails while the event loop turns must not count as unhandled.
  const [values] = await Promise.all([pending, breathe()]);
  return checkFinite(t, values);
}

function checkFinite(t: Tensor, values: HostArray): HostArray {
  if (!abi.debug) return values;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new KonvError('read', `expected finite values (debug is on), got ${values[i]} at flat position ${i} of ${showShape(t.shape)}`);
  }
  return values;
}

export function dataSync(op: string, t: Tensor): HostArray {
  const { backend } = liveStorage(op, t);
  if (t.size === 0) return hostArray(t.dtype, 0);
  if (!backend.capabilities.syncRead || !backend.readSync) {
    throw new BackendError(op, `expected a backend with synchronous reads, got "${backend.name}"; use await t.${op.replace('Sync', '')}()`);
  }
  return withContiguous(t, (ref, storage) => checkFinite(t, (storage.backend.readSync as NonNullable<typeof backend.readSync>)(ref)));
}

function checkOne(op: string, t: Tensor): void {
  if (t.size === 1) return;
  throw new ShapeError(op, `expected a tensor with one element, got ${t.size} in shape ${showShape(t.shape)}; reduce it or use data()`);
}

export async function item(t: Tensor): Promise<number> {
  checkOne('item', t);
  return (await data(t))[0];
}

export function itemSync(t: Tensor): number {
  checkOne('itemSync', t);
  return dataSync('itemSync', t)[0];
}

function nest(values: HostArray, shape: Shape, dtype: DType): Nested {
  let at = 0;
  const level = (axis: number): Nested => {
    if (axis === shape.length) return dtype === 'bool' ? values[at++] !== 0 : values[at++];
    return Array.from({ length: shape[axis] }, () => level(axis + 1));
  };
  return level(0);
}

export async function array(t: Tensor): Promise<Nested> {
  return nest(await data(t), t.shape, t.dtype);
}

export function arraySync(t: Tensor): Nested {
  return nest(dataSync('arraySync', t), t.shape, t.dtype);
}

function text(t: Tensor, values: HostArray): string {
  return formatTensor({
    data: values,
    shape: t.shape,
    dtype: t.dtype,
    requiresGrad: t.requiresGrad,
    gradFn: t.node?.name ?? null,
    parameter: PARAMETER in t,
  });
}

export function toText(t: Tensor): string {
  if (t.storage === null) return `tensor(freed by ${t.freedBy}, shape=${showShape(t.shape)}, dtype=${t.dtype})`;
  const { backend } = t.storage;
  if (backend.capabilities.syncRead && backend.readSync) return text(t, dataSync('toString', t));
  return `tensor(shape=${showShape(t.shape)}, dtype=${t.dtype}, backend=${backend.name})`;
}

export async function toTextAsync(t: Tensor): Promise<string> {
  return text(t, await data(t));
}

/**
 * The same values on another backend, as a new leaf with the same `requiresGrad`. Errors: `GradError` for a tensor in
 * a graph (the graph does not span backends), `BackendError` for a name that is not registered.
 */
export async function to(t: Tensor, name: string): Promise<Tensor> {
  if (isDType(name)) throw new BackendError('to', `expected the name of a backend, got the dtype "${name}"; use cast('${name}')`);
  const target = getBackend(name);
  if (!t.isLeaf) throw new GradError('to', 'expected a leaf, got a tensor in a graph; move the leaves, or use detach() first');
  const moved = await moveValues(t, target);
  moved.requiresGrad = t.requiresGrad;
  return moved;
}

/** A copy of the values of `t` on `target`. */
export async function moveValues(t: Tensor, target: ReturnType<typeof getBackend>): Promise<Tensor> {
  const { dtype, shape } = t;
  if (!target.capabilities.dtypes.includes(dtype)) {
    throw new BackendError('to', `expected "${target.name}" to hold ${dtype}, got ${target.capabilities.dtypes.join(', ')}; cast first`);
  }
  const values = await data(t);
  const storage = Storage.alloc(target, dtype, shape, 'input');
  const ref = { buffer: storage.buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
  try {
    if (values.length > 0) target.write(values, ref);
  } catch (e) {
    storage.release();
    throw e;
  }
  return new Tensor(storage, ref, false);
}

import {
  BackendError,
  contiguousStrides,
  type DType,
  getBackend,
  GradError,
  type HostArray,
  isFloat,
  KonvError,
  Storage,
  type Tensor,
  type TensorRef,
  toHostArray,
} from '@konv/core-tensor';
import type { Module } from './module.js';
import { ownBuffers, ownParameters, walkModules } from './walk.js';

type Backend = ReturnType<typeof getBackend>;

/** A tensor that goes elsewhere, and what it will hold there. */
interface Move {
  readonly what: string;
  readonly t: Tensor;
  readonly target: Backend;
  readonly dtype: DType;
  /** Where it was when it was read: whoever changes it meanwhile is told so. */
  readonly from: Storage;
  readonly version: number;
  made: { storage: Storage; ref: TensorRef } | null;
}

/** Parameters, their gradients and buffers, each once, with a name for errors. */
function* everything(module: Module): Generator<[string, Tensor]> {
  const seen = new Set<Tensor>();
  for (const [path, m] of walkModules(module)) {
    for (const [name, t] of [...ownParameters(m), ...ownBuffers(m)]) {
      if (seen.has(t)) continue;
      seen.add(t);
      const label = path === '' ? name : `${path}.${name}`;
      yield [label, t];
      if (t.grad !== null) yield [`the gradient of ${label}`, t.grad];
    }
  }
}

/** Every parameter, gradient and buffer moves to the backend `name`, or none does. The handles stay the same. */
export async function moveModule(module: Module, name: string): Promise<void> {
  const target = getBackend(name);
  await relocate(module, 'to', (t) => (t.device === target ? null : { target, dtype: t.dtype }));
}

/** The float ones among them become `dtype`. */
export async function castModule(module: Module, dtype: 'float32' | 'float64'): Promise<void> {
  const op = dtype === 'float64' ? 'double' : 'float';
  await relocate(module, op, (t) => (!isFloat(t.dtype) || t.dtype === dtype ? null : { target: t.device, dtype }));
}

type Where = { target: Backend; dtype: DType } | null;

async function relocate(module: Module, op: string, where: (t: Tensor) => Where): Promise<void> {
  const moves: Move[] = [];
  for (const [what, t] of everything(module)) {
    const to = where(t);
    if (to !== null) moves.push(planned(op, what, t, to.target, to.dtype));
  }
  const values = await Promise.all(moves.map(({ t }) => t.data()));
  try {
    moves.forEach((move, i) => make(move, values[i]));
    // A backend may have put the work off: what fails must fail while everything is still where it was.
    for (const target of new Set(moves.map((m) => m.target))) await target.sync();
    for (const { what, t, from, version } of moves) {
      if (t.storage === from && from.buffer.version === version) continue;
      throw new KonvError(
        op,
        `expected ${what} to stay as it is while it moves, got a change meanwhile; await ${op}(...) before training on`,
      );
    }
  } catch (e) {
    for (const { made } of moves) made?.storage.release();
    throw e;
  }
  for (const { t, made } of moves) if (made !== null) t.replaceStorage(made.storage, made.ref);
}

function planned(op: string, what: string, t: Tensor, target: Backend, dtype: DType): Move {
  if (!t.isLeaf) {
    throw new GradError(op, `expected ${what} to be outside of a graph, got one that an op made; call zeroGrad() or detach() it first`);
  }
  if (!target.capabilities.dtypes.includes(dtype)) {
    throw new BackendError(
      op,
      `expected "${target.name}" to hold ${dtype} (${what}), got a backend of ${target.capabilities.dtypes.join(', ')}; cast it first`,
    );
  }
  const from = t.storage as Storage;
  return { what, t, target, dtype, from, version: from.buffer.version, made: null };
}

function make(move: Move, values: HostArray): void {
  const { t, target, dtype } = move;
  const { shape } = t;
  const storage = Storage.alloc(target, dtype, shape, 'parameter');
  const ref: TensorRef = { buffer: storage.buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 };
  move.made = { storage, ref };
  if (values.length > 0) target.write(dtype === t.dtype ? values : toHostArray(dtype, values), ref);
}

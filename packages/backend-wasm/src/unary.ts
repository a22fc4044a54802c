import type { ActivationKind, TensorRef, UnaryKind } from '@konv/core-tensor';
import { mapKinds } from '@konv/wasm-kernels';
import type { Engine } from './engine.js';
import { CHEAP, COSTLY, map } from './map.js';
import { addressOf } from './operand.js';
import { Walk } from './strided.js';

/** What a kind costs: see `CHEAP` and `COSTLY`. */
const grains: Partial<Record<UnaryKind, number>> = {
  exp: COSTLY,
  log: COSTLY,
  tanh: COSTLY,
  sigmoid: COSTLY,
  sinh: COSTLY,
  cosh: COSTLY,
  exp2: COSTLY,
  expm1: COSTLY,
  log2: COSTLY,
  log10: COSTLY,
  log1p: COSTLY,
  erf: COSTLY,
};

const floatKinds = {
  exp: mapKinds.f32_exp,
  log: mapKinds.f32_log,
  sqrt: mapKinds.f32_sqrt,
  tanh: mapKinds.f32_tanh,
  floor: mapKinds.f32_floor,
  neg: mapKinds.f32_neg,
  abs: mapKinds.f32_abs,
  sign: mapKinds.f32_sign,
  square: mapKinds.f32_square,
  reciprocal: mapKinds.f32_reciprocal,
  rsqrt: mapKinds.f32_rsqrt,
  ceil: mapKinds.f32_ceil,
  round: mapKinds.f32_round,
  trunc: mapKinds.f32_trunc,
  relu: mapKinds.f32_relu,
  sigmoid: mapKinds.f32_sigmoid,
  sinh: mapKinds.f32_sinh,
  cosh: mapKinds.f32_cosh,
  exp2: mapKinds.f32_exp2,
  expm1: mapKinds.f32_expm1,
  log2: mapKinds.f32_log2,
  log10: mapKinds.f32_log10,
  log1p: mapKinds.f32_log1p,
  erf: mapKinds.f32_erf,
} satisfies Partial<Record<UnaryKind, number>>;

type HostKind = Exclude<UnaryKind, keyof typeof floatKinds>;

const int32Kinds: Partial<Record<UnaryKind, number>> = {
  neg: mapKinds.i32_neg,
  abs: mapKinds.i32_abs,
  sign: mapKinds.i32_sign,
  square: mapKinds.i32_square,
  relu: mapKinds.i32_relu,
};

/** One row: n floats of the heap from `ix` by steps of `sx`, to `io` by `so`. */
type HostRow = (n: number, heap: Float32Array, ix: number, sx: number, io: number, so: number) => void;

/**
 * Kinds that networks hardly use are left to JavaScript's Math, which is exact for arguments of any size: the reduction of
 * a large angle alone would outweigh the kernels of all the kinds above. A loop of its own for each, because V8 keeps what
 * it learns per source function: one loop that calls a function per element is several times slower.
 */
const hostRows = {
  sin(n, heap, ix, sx, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) heap[io] = Math.sin(heap[ix]);
  },
  cos(n, heap, ix, sx, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) heap[io] = Math.cos(heap[ix]);
  },
  tan(n, heap, ix, sx, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) heap[io] = Math.tan(heap[ix]);
  },
  asin(n, heap, ix, sx, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) heap[io] = Math.asin(heap[ix]);
  },
  acos(n, heap, ix, sx, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) heap[io] = Math.acos(heap[ix]);
  },
  atan(n, heap, ix, sx, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) heap[io] = Math.atan(heap[ix]);
  },
} satisfies Record<HostKind, HostRow>;

export function unary(engine: Engine, kind: UnaryKind, x: TensorRef, out: TensorRef): void {
  const code = x.dtype === 'int32' ? int32Kinds[kind] : (floatKinds as Partial<Record<UnaryKind, number>>)[kind];
  if (code === undefined) onHost(engine, hostRows[kind as HostKind], x, out);
  else map(engine, code, grains[kind] ?? CHEAP, x.dtype, x, null, null, out);
}

function onHost(engine: Engine, row: HostRow, x: TensorRef, out: TensorRef): void {
  const heap = engine.heap.f32;
  const walk = new Walk(out.shape, [x.strides, out.strides], [addressOf(x) / 4, addressOf(out) / 4]);
  const { at, step } = walk;
  do row(walk.n, heap, at[0], step[0], at[1], step[1]);
  while (walk.next());
}

/** out = activation(out) for a contiguous float32 `out`: the end of a kernel that has none of its own. */
export function activate(engine: Engine, activation: ActivationKind | null, out: TensorRef): void {
  if (activation !== null) unary(engine, activation, out, out);
}

import type { BinaryKind, TensorRef } from '@konv/core-tensor';
import { mapKinds } from '@konv/wasm-kernels';
import { copyStrided, fill } from './copy.js';
import type { Engine } from './engine.js';
import { CHEAP, map } from './map.js';
import { addressOf } from './operand.js';
import { Walk } from './strided.js';
import { bitsOf } from './table.js';

type Kinds = Partial<Record<BinaryKind, number>>;

const floatKinds: Kinds = {
  add: mapKinds.f32_add,
  sub: mapKinds.f32_sub,
  mul: mapKinds.f32_mul,
  div: mapKinds.f32_div,
  maximum: mapKinds.f32_maximum,
  minimum: mapKinds.f32_minimum,
  eq: mapKinds.f32_eq,
  ne: mapKinds.f32_ne,
  lt: mapKinds.f32_lt,
  le: mapKinds.f32_le,
  reluGrad: mapKinds.f32_reluGrad,
  sigmoidGrad: mapKinds.f32_sigmoidGrad,
  tanhGrad: mapKinds.f32_tanhGrad,
};

const int32Kinds: Kinds = {
  add: mapKinds.i32_add,
  sub: mapKinds.i32_sub,
  mul: mapKinds.i32_mul,
  maximum: mapKinds.i32_maximum,
  minimum: mapKinds.i32_minimum,
  eq: mapKinds.i32_eq,
  ne: mapKinds.i32_ne,
  lt: mapKinds.i32_lt,
  le: mapKinds.i32_le,
};

const boolKinds: Kinds = {
  maximum: mapKinds.u8_maximum,
  minimum: mapKinds.u8_minimum,
  mul: mapKinds.u8_minimum,
  eq: mapKinds.u8_eq,
  ne: mapKinds.u8_ne,
  lt: mapKinds.u8_lt,
  le: mapKinds.u8_le,
};

/** Powers of float32 that are a few instructions. */
const powers: ReadonlyMap<number, number> = new Map([
  [2, mapKinds.f32_square],
  [3, mapKinds.f32_cube],
  [0.5, mapKinds.f32_powHalf],
  [-1, mapKinds.f32_reciprocal],
]);

export function binary(engine: Engine, kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  // A comparison's result is bool whatever it compares: the operands say of which dtype numbers are.
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : out.dtype;
  if (kind === 'gt') return binary(engine, 'lt', b, a, out);
  if (kind === 'ge') return binary(engine, 'le', b, a, out);
  if (kind === 'pow' && typeof a !== 'number' && typeof b === 'number' && powerOfNumber(engine, a, b, out)) return;
  const code = (dtype === 'float32' ? floatKinds : dtype === 'int32' ? int32Kinds : boolKinds)[kind];
  if (code !== undefined) map(engine, code, CHEAP, dtype, a, b, null, out);
  else if (dtype === 'int32') onHost(engine, () => engine.heap.i32, powerInt32Row, a, b, out);
  else onHost(engine, () => engine.heap.f32, hostRows[kind as keyof typeof hostRows], a, b, out);
}

/** Whether the power was one of those that need no logarithm, and is computed. */
function powerOfNumber(engine: Engine, x: TensorRef, exponent: number, out: TensorRef): boolean {
  if (exponent === 1) copyStrided(engine, x, out);
  else if (exponent === 0) fill(engine, 1, out);
  else if (x.dtype === 'int32' && exponent === 2) map(engine, mapKinds.i32_square, CHEAP, x.dtype, x, null, null, out);
  else {
    const code = x.dtype === 'float32' ? powers.get(exponent) : undefined;
    if (code === undefined) return false;
    map(engine, code, CHEAP, x.dtype, x, null, null, out);
  }
  return true;
}

type HostRow<T> = (n: number, heap: T, ia: number, sa: number, ib: number, sb: number, io: number, so: number) => void;

/** C's `pow`, not JavaScript's: 1 to any power and -1 to an infinite one are 1. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  return base ** exponent;
}

/** Exact modulo 2^32 by repeated squaring. A negative exponent truncates the fraction: only 1 and -1 survive. */
function powerInt32(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let e = exponent, b = base; e > 0; e >>>= 1, b = Math.imul(b, b)) if (e & 1) result = Math.imul(result, b);
  return result;
}

const powerInt32Row: HostRow<Int32Array> = (n, heap, ia, sa, ib, sb, io, so) => {
  for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) heap[io] = powerInt32(heap[ia], heap[ib]);
};

/**
 * Left to JavaScript: a general power needs a logarithm of more than float32's digits, an exact `fmod` as many steps as the
 * exponents differ by, and networks use none of the three where time matters. A loop for each: see `hostRows` of unary.ts.
 */
const hostRows = {
  pow(n, heap, ia, sa, ib, sb, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) heap[io] = power(heap[ia], heap[ib]);
  },
  fmod(n, heap, ia, sa, ib, sb, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) heap[io] = heap[ia] % heap[ib];
  },
  atan2(n, heap, ia, sa, ib, sb, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) heap[io] = Math.atan2(heap[ia], heap[ib]);
  },
} satisfies Partial<Record<BinaryKind, HostRow<Float32Array>>>;

/** Numbers become elements of the heap, too, with strides 0. `heap` is asked once these have been allocated: it may grow. */
function onHost<T>(engine: Engine, heap: () => T, row: HostRow<T>, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  engine.temporary(8, (cells) => {
    const view = heap();
    const none = new Array<number>(out.shape.length).fill(0);
    const place = (x: TensorRef | number, cell: number): number => {
      if (typeof x !== 'number') return addressOf(x) / 4;
      engine.heap.i32[cell / 4] = bitsOf(x, out.dtype);
      return cell / 4;
    };
    const strides = (x: TensorRef | number): readonly number[] => (typeof x === 'number' ? none : x.strides);
    const walk = new Walk(out.shape, [strides(a), strides(b), out.strides], [place(a, cells), place(b, cells + 4), addressOf(out) / 4]);
    const { at, step } = walk;
    do row(walk.n, view, at[0], step[0], at[1], step[1], at[2], step[2]);
    while (walk.next());
  });
}

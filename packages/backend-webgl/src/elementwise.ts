import type { BinaryKind, TensorRef, UnaryKind } from '@konv/core-tensor';
import { bufferOf, isWhole } from './buffer.js';
import type { Engine } from './engine.js';
import { texelType } from './gl/formats.js';
import { express } from './lazy/operands.js';

/** The letter of a type in the names of functions. */
const letter = (x: TensorRef): 'f' | 'i' => (x.dtype === 'float32' ? 'f' : 'i');

export function unary(engine: Engine, kind: UnaryKind, x: TensorRef, out: TensorRef): void {
  express(engine, `${letter(x)}_${kind}`, [x], [texelType(x.dtype)], out);
}

export function binary(engine: Engine, kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const operand = typeof a === 'number' ? (b as TensorRef) : a;
  const type = texelType(operand.dtype);
  express(engine, `${letter(operand)}_${kind}`, [a, b], [type, type], out);
}

export function where(engine: Engine, condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const type = texelType(out.dtype);
  express(engine, `${letter(out)}_where`, [condition, a, b], ['bool', type, type], out);
}

export function cast(engine: Engine, x: TensorRef, out: TensorRef): void {
  const from = letter(x);
  const to = out.dtype === 'bool' ? 'b' : letter(out);
  const fn = from === to || (x.dtype === 'bool' && to === 'i') ? `${from}_id` : `cast_${from}_${to}`;
  express(engine, fn, [x], [texelType(x.dtype)], out);
}

export function fill(engine: Engine, value: number, out: TensorRef): void {
  express(engine, `${letter(out)}_id`, [value], [texelType(out.dtype)], out);
}

/** Every movement of data. A whole tensor shares the other's texture until one of them is written. */
export function copyStrided(engine: Engine, x: TensorRef, out: TensorRef): void {
  const from = bufferOf(x);
  if (isWhole(x) && isWhole(out) && from.pending === null && from.texture !== null && !(engine.dry && !bufferOf(out).dry)) {
    engine.put(out, engine.textureOf(from).retain());
    return;
  }
  express(engine, `${letter(out)}_id`, [x], [texelType(x.dtype)], out);
}

import type { TensorRef } from '@konv/core-tensor';
import { bufferOf, isWhole, mergeAxes, sizeOf } from '../buffer.js';
import type { Engine } from '../engine.js';
import { texelType, type TexelType } from '../gl/formats.js';
import { evaluate } from './evaluate.js';
import { hold, type Leaf, letGo, makeOp, type Node, type Op, type Scalar } from './node.js';

/** Ops in one program: beyond this drivers take long to compile and registers run out. */
const MAX_OPS = 32;

/** A number, rounded as an element of that type would be. */
export function scalar(value: number, type: TexelType): Scalar {
  const rounded = type === 'float32' ? Math.fround(value) : type === 'int32' ? value | 0 : Number(value !== 0);
  return { kind: 'scalar', type, value: rounded };
}

/** A tensor as an argument of an expression: what is pending in it is taken up, what has been computed is a leaf. */
export function node(engine: Engine, x: TensorRef | number, type: TexelType): Node {
  if (typeof x === 'number') return scalar(x, type);
  const { pending } = bufferOf(x);
  if (pending !== null && isWhole(x) && pending.taken === 0) {
    pending.taken++;
    return hold(pending);
  }
  return leaf(engine, x);
}

export function leaf(engine: Engine, x: TensorRef): Leaf {
  const texture = engine.textureOf(bufferOf(x)).retain();
  const { shape, strides } = mergeAxes(x.shape, x.strides);
  const rank = shape.length;
  const one = strides.every((s) => s === 0);
  const flat = rank === 1 && strides[0] === 1 && x.offset % 4 === 0;
  const mode = one ? 'one' : flat ? 'flat' : 'strided';
  return { kind: 'leaf', type: texelType(x.dtype), texture, mode, shape, strides, offset: x.offset, holders: 1 };
}

/**
 * `fn` of the arguments as what `out` will hold: computed when somebody needs it where `out` is its whole buffer, else at
 * once. Takes over one hold on each argument.
 */
export function express(engine: Engine, fn: string, args: Node[], out: TensorRef): void {
  const op = bounded(engine, makeOp(texelType(out.dtype), fn, args, sizeOf(out.shape)));
  const buffer = bufferOf(out);
  if (!isWhole(out) || (engine.dry && !buffer.dry)) {
    const texture = evaluate(engine, op);
    letGo(op);
    engine.put(out, texture);
    return;
  }
  if (buffer.pending) letGo(buffer.pending);
  buffer.pending = op;
  buffer.texture?.release();
  buffer.texture = null;
}

/** Computes arguments that would make the expression too long, or need more textures than there are units. */
function bounded(engine: Engine, op: Op): Op {
  if (op.ops <= MAX_OPS && op.leaves <= engine.maxInputs) return op;
  return makeOp(
    op.type,
    op.fn,
    op.args.map((a) => (a.kind === 'op' ? computed(engine, a) : a)),
    op.size,
  );
}

function computed(engine: Engine, op: Op): Leaf {
  const texture = evaluate(engine, op);
  const { type, size } = op;
  letGo(op);
  return { kind: 'leaf', type, texture, mode: 'flat', shape: [size], strides: [1], offset: 0, holders: 1 };
}

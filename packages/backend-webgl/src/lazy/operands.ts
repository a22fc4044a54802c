import { BackendError, type TensorRef, sizeOf } from '@konv/core-tensor';
import { bufferOf, isWhole, mergeAxes } from '../buffer.js';
import type { Engine } from '../engine.js';
import { texelType, type TexelType } from '../gl/formats.js';
import type { Texture } from '../gl/texture.js';
import { evaluate } from './evaluate.js';
import { MAX_AXES } from './load.js';
import { hold, type Leaf, letGo, makeOp, type Node, type Op, type Scalar } from './node.js';

/** Ops in one program: beyond this drivers take long to compile and registers run out. */
const MAX_OPS = 32;

/** A number, rounded as an element of that type would be. */
function scalar(value: number, type: TexelType): Scalar {
  const rounded = type === 'float32' ? Math.fround(value) : type === 'int32' ? value | 0 : Number(value !== 0);
  return { kind: 'scalar', type, value: rounded };
}

/**
 * Functions that read views (broadcast, transposed, with offsets) in their own program. All others have a view brought into
 * order first: each kind of operand of each function is a program to compile, and these few are what views meet.
 */
const readsViews: ReadonlySet<string> = new Set(['f_id', 'i_id', 'f_add', 'f_sub', 'f_mul', 'f_div', 'f_where']);

/**
 * A tensor as an argument of `fn`: what is pending in it is taken up, what has been computed is a leaf. `again`: another
 * operand is of the same buffer, so it is computed first.
 */
function node(engine: Engine, fn: string, x: TensorRef | number, type: TexelType, again: boolean): Node {
  if (typeof x === 'number') return scalar(x, type);
  const { pending } = bufferOf(x);
  if (pending !== null && isWhole(x) && pending.taken === 0 && !again) {
    pending.taken++;
    return hold(pending);
  }
  const read = leaf(engine, x);
  if (read.mode === 'flat' || readsViews.has(fn)) return read;
  return computed(engine, makeOp(read.type, read.type === 'float32' ? 'f_id' : 'i_id', [read], sizeOf(x.shape)));
}

function leaf(engine: Engine, x: TensorRef): Leaf {
  const texture = engine.textureOf(bufferOf(x)).retain();
  const { shape, strides } = mergeAxes(x.shape, x.strides);
  if (shape.length > MAX_AXES) {
    texture.release();
    throw new BackendError(
      'copyStrided',
      `expected a view of at most ${MAX_AXES} axes that do not lie behind one another, got shape [${x.shape.join(', ')}] ` +
        `with strides [${x.strides.join(', ')}]; permute in two steps with contiguous() between`,
    );
  }
  const rank = shape.length;
  const one = strides.every((s) => s === 0);
  const flat = rank === 1 && strides[0] === 1 && x.offset % 4 === 0;
  const mode = one ? 'one' : flat ? 'flat' : 'strided';
  return { kind: 'leaf', type: texelType(x.dtype), texture, mode, shape, strides, offset: x.offset, holders: 1 };
}

/**
 * `fn` of the operands as what `out` will hold: computed when somebody needs it where `out` is its whole buffer, else at
 * once. `types`: of each operand, for those that are numbers.
 */
export function express(
  engine: Engine,
  fn: string,
  operands: readonly (TensorRef | number)[],
  types: readonly TexelType[],
  out: TensorRef,
): void {
  const op = combine(engine, fn, operands, types, out);
  const buffer = bufferOf(out);
  if (!isWhole(out) || (engine.dry && !buffer.dry)) {
    let texture: Texture;
    try {
      texture = evaluate(engine, op);
    } finally {
      letGo(op);
    }
    engine.put(out, texture);
    return;
  }
  if (buffer.pending) letGo(buffer.pending);
  buffer.pending = op;
  buffer.texture?.release();
  buffer.texture = null;
}

/** An error on the way (no room, a lost context) leaves nothing held. */
function combine(engine: Engine, fn: string, operands: readonly (TensorRef | number)[], types: readonly TexelType[], out: TensorRef): Op {
  const args: Node[] = [];
  try {
    operands.forEach((x, i) => {
      const again = typeof x !== 'number' && operands.some((o, j) => j !== i && typeof o !== 'number' && o.buffer === x.buffer);
      args.push(node(engine, fn, x, types[i], again));
    });
    bound(engine, args);
  } catch (e) {
    for (const a of args) letGo(a);
    throw e;
  }
  // A copy of an expression is that expression.
  const [first] = args;
  if (isCopy(fn) && first.kind === 'op' && first.type === out.dtype) {
    first.taken--;
    return first;
  }
  return makeOp(texelType(out.dtype), fn, args, sizeOf(out.shape));
}

const isCopy = (fn: string): boolean => fn === 'f_id' || fn === 'i_id';

/** Computes arguments that would make the expression too long, or need more textures than there are units. */
function bound(engine: Engine, args: Node[]): void {
  const { ops, leaves } = makeOp('bool', '', args, 0);
  if (ops <= MAX_OPS && leaves <= engine.maxInputs) return;
  args.forEach((a, i) => {
    if (a.kind !== 'op') return;
    // Where it cannot be computed, the argument has its own hold still.
    args[i] = computed(engine, hold(a));
    letGo(a);
  });
}

/** An op's result as a leaf; the hold on the op goes. */
function computed(engine: Engine, op: Op): Leaf {
  const { type, size } = op;
  let texture: Texture;
  try {
    texture = evaluate(engine, op);
  } finally {
    letGo(op);
  }
  return { kind: 'leaf', type, texture, mode: 'flat', shape: [size], strides: [1], offset: 0, holders: 1 };
}

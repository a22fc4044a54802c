import { byteSize, sizeOf } from '@konv/core-tensor';
import type { DType, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf } from './memory.js';
import { isContiguous, isOneElement, Walk } from './strided.js';

/** Elements that a thread takes at a time where an element costs about as much as its way through the memory. */
export const CHEAP = 65536;
/** The same for functions of some dozens of instructions. */
export const COSTLY = 16384;

/** What a kernel of rows finds its operands by: four addresses, four steps, and the rows. See wasm-kernels/assembly/map. */
const HEAD = 12;
const AXIS = 5;
/** Words for two numbers that stand in the table as operands. */
const NUMBERS = 3;
/** Elements of a row that are one work item: whole chunks of the kernel. */
const BLOCK = 32768;

const asFloat = new Float32Array(1);
const asBits = new Int32Array(asFloat.buffer);

/** The 32 bits of a number in `dtype`: rounded to float32, wrapped to int32. */
export function bitsOf(x: number, dtype: DType): number {
  if (dtype === 'int32') return x | 0;
  if (dtype === 'bool') return x !== 0 ? 1 : 0;
  asFloat[0] = x;
  return asBits[0];
}

type Operand = TensorRef | number | null;

/** Bits of `layout` for operand number i, or -1 where only a table can say it. */
function layoutOf(x: Operand, dtype: DType, out: TensorRef, i: number): number {
  const bytes = dtype === 'bool' ? 256 << i : 0;
  if (x === null) return 0;
  if (typeof x === 'number') return bytes | (1 << (2 * i));
  if (isContiguous(out.shape, x.strides)) return bytes;
  return isOneElement(out.shape, x.strides) ? bytes | (2 << (2 * i)) : -1;
}

function wordOf(x: Operand, dtype: DType): number {
  if (x === null) return 0;
  return typeof x === 'number' ? bitsOf(x, dtype) : addressOf(x);
}

/**
 * out = f(a, b, c) elementwise, for a function of `mapKinds`; operands that it does not have are null, numbers are of the
 * dtype given. Contiguous operands, numbers and single elements are one call without a table.
 */
export function map(engine: Engine, kind: number, grain: number, dtype: DType, a: Operand, b: Operand, c: Operand, out: TensorRef): void {
  const dtypeA = a === null || typeof a === 'number' ? dtype : a.dtype;
  if (isContiguous(out.shape, out.strides)) {
    const layoutA = layoutOf(a, dtypeA, out, 0);
    const layoutB = layoutOf(b, dtype, out, 1);
    const layoutC = layoutOf(c, dtype, out, 2);
    if ((layoutA | layoutB | layoutC) >= 0) {
      const layout = layoutA | layoutB | layoutC | (out.dtype === 'bool' ? 2048 : 0);
      engine.run('map', [kind, wordOf(a, dtypeA), wordOf(b, dtype), wordOf(c, dtype), addressOf(out), layout], {
        items: sizeOf(out.shape),
        grain,
        scratch: 8192,
      });
      return;
    }
  }
  const none = new Array<number>(out.shape.length).fill(0);
  const strides = (x: Operand): readonly number[] => (x === null || typeof x === 'number' ? none : x.strides);
  const walk = new Walk(out.shape, [strides(a), strides(b), strides(c), out.strides], [0, 0, 0, 0]);
  engine.temporary(tableBytes(walk), (table) => {
    const words = engine.heap.i32;
    let at = table / 4 + HEAD + AXIS * walk.sizes.length;
    const place = (x: Operand, of: DType): number => {
      if (x === null) return 0;
      if (typeof x !== 'number') return addressOf(x);
      words[at] = bitsOf(x, of);
      return 4 * at++;
    };
    const bytes = (dtypeA === 'bool' ? 1 : 0) | (dtype === 'bool' ? 6 : 0) | (out.dtype === 'bool' ? 8 : 0);
    const items = writeTable(words, table, walk, [place(a, dtypeA), place(b, dtype), place(c, dtype), addressOf(out)], bytes, [
      byteSize[dtypeA],
      byteSize[dtype],
      byteSize[dtype],
      byteSize[out.dtype],
    ]);
    // What is not there passes for contiguous: nothing has to be done about it.
    if (b === null) words[table / 4 + 5] = byteSize[dtype];
    if (c === null) words[table / 4 + 6] = byteSize[dtype];
    engine.run('map_strided', [kind, table], { items, grain: Math.ceil(grain / Math.min(walk.n, BLOCK)), scratch: 9216 });
  });
}

export function tableBytes(walk: Walk): number {
  return 4 * (HEAD + AXIS * walk.sizes.length + NUMBERS);
}

/**
 * Writes the table of a walk over operands whose elements have these sizes in bytes; returns its items. The last operand
 * is `out`, the fourth of the table, those before are the first ones.
 */
export function writeTable(
  words: Int32Array,
  table: number,
  walk: Walk,
  addresses: readonly number[],
  bytes: number,
  sizes: readonly number[],
): number {
  const { n, step } = walk;
  const last = addresses.length - 1;
  let at = table / 4;
  for (let p = 0; p <= last; p++) {
    const place = p === last ? 3 : p;
    words[at + place] = addresses[p];
    words[at + 4 + place] = step[p] * sizes[p];
  }
  words[at + 8] = bytes;
  words[at + 9] = n;
  words[at + 10] = Math.min(n, BLOCK);
  words[at + 11] = walk.sizes.length;
  at += HEAD;
  for (let axis = walk.sizes.length - 1; axis >= 0; axis--, at += AXIS) {
    words[at] = walk.sizes[axis];
    for (let p = 0; p <= last; p++) words[at + 1 + (p === last ? 3 : p)] = walk.strides[axis][p] * sizes[p];
  }
  return walk.rows * Math.ceil(n / BLOCK);
}

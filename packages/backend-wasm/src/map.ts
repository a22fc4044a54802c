import { byteSize, sizeOf } from '@konv/core-tensor';
import type { DType, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf } from './operand.js';
import { isContiguous, isOneElement, Walk } from './strided.js';
import { bitsOf, grainOfWalk, passAsContiguous, tableBytes, writeTable } from './table.js';

/** Elements that a thread takes at a time where an element costs about as much as its way through the memory. */
export const CHEAP = 32768;
/** The same for functions of some dozens of instructions. */
export const COSTLY = 8192;

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
  const walk = new Walk(out.shape, [strides(a), strides(b), strides(c), out.strides], [0, 0, 0, 0], 1);
  engine.temporary(tableBytes(walk) + 8, (table) => {
    const words = engine.heap.i32;
    // Numbers are elements, too: behind the table, with strides 0.
    let at = (table + tableBytes(walk)) / 4;
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
    if (b === null) passAsContiguous(words, table, walk, 1, byteSize[dtype]);
    if (c === null) passAsContiguous(words, table, walk, 2, byteSize[dtype]);
    engine.run('map_strided', [kind, table], { items, grain: grainOfWalk(grain, walk), scratch: 9216 });
  });
}

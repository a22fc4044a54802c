import { byteSize, sizeOf } from '@konv/core-tensor';
import type { TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { CHEAP } from './map.js';
import { addressOf } from './operand.js';
import { isContiguous, Walk } from './strided.js';
import { bitsOf, grainOfWalk, tableBytes, writeTable } from './table.js';

/** Columns that `copy_transposed` takes at a time. */
const LINE = 16;
/** Bytes up to which one thread copies or fills what is contiguous. */
const WHOLE = 4 * CHEAP;

export function copyStrided(engine: Engine, x: TensorRef, out: TensorRef): void {
  if (isContiguous(out.shape, x.strides) && isContiguous(out.shape, out.strides)) {
    const bytes = sizeOf(out.shape) * byteSize[out.dtype];
    if (bytes <= WHOLE || engine.threads === 1) {
      const from = addressOf(x);
      engine.heap.u8.copyWithin(addressOf(out), from, from + bytes);
      return;
    }
  }
  copyRows(engine, x.strides, addressOf(x), out);
}

export function fill(engine: Engine, value: number, out: TensorRef): void {
  const bits = bitsOf(value, out.dtype);
  const size = sizeOf(out.shape);
  if (size * 4 <= WHOLE && isContiguous(out.shape, out.strides)) {
    const begin = addressOf(out);
    if (out.dtype === 'bool') engine.heap.u8.fill(bits, begin, begin + size);
    else engine.heap.i32.fill(bits, begin / 4, begin / 4 + size);
    return;
  }
  engine.temporary(4, (cell) => {
    engine.heap.i32[cell / 4] = bits;
    copyRows(engine, new Array<number>(out.shape.length).fill(0), cell, out);
  });
}

function copyRows(engine: Engine, strides: readonly number[], from: number, out: TensorRef): void {
  const walk = new Walk(out.shape, [strides, out.strides], [0, 0]);
  const size = byteSize[out.dtype];
  engine.temporary(tableBytes(walk), (table) => {
    const transposed = size === 4 && makeTransposed(walk);
    const items = writeTable(engine.heap.i32, table, walk, [from, addressOf(out)], size === 1 ? 1 : 0, [size, size]);
    if (transposed) {
      const { n: columns, sizes, strides, step } = walk;
      const rows = sizes[sizes.length - 1];
      // As the kernel decides: 16 of the one, all of the other.
      const byRows = strides[strides.length - 1][1] > step[0];
      const [blocked, whole] = byRows ? [rows, columns] : [columns, rows];
      const outer = sizes.slice(0, -1).reduce((product, d) => product * d, 1);
      engine.run('copy_transposed', [table], {
        items: outer * Math.ceil(blocked / LINE),
        grain: Math.ceil(CHEAP / (whole * LINE)),
        scratch: 1024,
      });
    } else engine.run('copy_strided', [table], { items, grain: grainOfWalk(CHEAP, walk) });
  });
}

/**
 * Whether one axis is contiguous in the source and another one in the destination, both at least as long as a block. If so,
 * the destination's becomes the walk's row and the source's the axis around it.
 */
function makeTransposed(walk: Walk): boolean {
  const strides = [...walk.strides, walk.step];
  const sizes = [...walk.sizes, walk.n];
  const ofSource = strides.findIndex(([x]) => x === 1);
  const ofOut = strides.findIndex(([, out]) => out === 1);
  if (ofOut < 0 || ofSource < 0 || ofOut === ofSource || sizes[ofOut] < 4 || sizes[ofSource] < 4) return false;
  walk.reorder(ofSource, ofOut);
  return true;
}

import { storeFirst } from './lanes';

/** out[i] = (accumulate ? out[i] : 0) + parts[0, i] + parts[1, i] + ..., in this order: parts are `size` floats apart. An item is 4 elements. */
export function sum_parts(parts: usize, count: i32, size: i32, out: usize, accumulate: i32, begin: i32, end: i32): void {
  const step = <usize>size << 2;
  for (let i = begin; i < end; i++) {
    const at = <usize>i << 4;
    let sum = accumulate ? v128.load(out + at) : v128.load(parts + at);
    let from = parts + at + (accumulate ? 0 : step);
    for (let p = accumulate ? 0 : 1; p < count; p++, from += step) sum = f32x4.add(sum, v128.load(from));
    storeFirst(out + at, sum, size - (i << 2));
  }
}

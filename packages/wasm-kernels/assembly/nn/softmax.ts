import { firstLanes, storeFirst } from '../lanes';
import { exp, log, prepareExp } from '../map/math';
import { scratch } from '../scratch';
import { sum4 } from '../simd';

/** Columns whose exponentials are summed in float32 before they join a double. */
const BLOCK: i32 = 2048;

/** The last vector of a row: -infinity, of which exp is 0, where the row has ended. */
// @ts-ignore: decorator
@inline
function rest(x: usize, count: i32): v128 {
  return v128.bitselect(v128.load(x), f32x4.splat(-Infinity), firstLanes(count));
}

/** The greatest of n; NaN if one is. */
function greatest(n: i32, x: usize): f32 {
  let most = f32x4.splat(-Infinity);
  // pmax drops a NaN of its second operand, and is one instruction where max is eight: note them beside it.
  let unordered = f32x4.splat(0);
  const whole = x + (<usize>(n & ~3) << 2);
  for (; x != whole; x += 16) {
    const v = v128.load(x);
    most = f32x4.pmax(most, v);
    unordered = v128.or(unordered, f32x4.ne(v, v));
  }
  if (n & 3) {
    const v = rest(x, n & 3);
    most = f32x4.pmax(most, v);
    unordered = v128.or(unordered, f32x4.ne(v, v));
  }
  if (v128.any_true(unordered)) return NaN;
  most = f32x4.pmax(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1));
  return max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1));
}

/** The sum of exp(x - most) over n, which are written to `out` unless that is 0. Scratch holds the constants of `exp`. */
function exponentials(n: i32, x: usize, most: f32, out: usize): f64 {
  const constants = scratch;
  const most4 = f32x4.splat(most);
  let total: f64 = 0;
  for (let i = 0; i < n; i += BLOCK) {
    const count = min(BLOCK, n - i);
    let sum = f32x4.splat(0);
    for (let j = 0; j < count; j += 4, x += 16) {
      const left = count - j;
      const v = exp(f32x4.sub(left < 4 ? rest(x, left) : v128.load(x), most4), constants);
      sum = f32x4.add(sum, v);
      if (out) {
        storeFirst(out, v, left);
        out += 16;
      }
    }
    total += sum4(sum);
  }
  return total;
}

/** out = x - log(sum of exp x), about the row's greatest. */
function logSoftmaxRow(n: i32, x: usize, out: usize): void {
  const most = greatest(n, x);
  const most4 = f32x4.splat(most);
  const logSum = log(f32x4.splat(<f32>exponentials(n, x, most, 0)));
  for (let i = 0; i < n; i += 4, x += 16, out += 16) {
    storeFirst(out, f32x4.sub(f32x4.sub(v128.load(x), most4), logSum), n - i);
  }
}

/** out = softmax of each row of x [rows, n]; an item is a row. Scratch: 256 bytes. */
export function softmax(x: usize, out: usize, n: i32, begin: i32, end: i32): void {
  prepareExp(scratch);
  const row = <usize>n << 2;
  for (let item = begin; item < end; item++) {
    const from = x + <usize>item * row;
    const to = out + <usize>item * row;
    const scale = f32x4.splat(<f32>(1 / exponentials(n, from, greatest(n, from), to)));
    for (let i = 0; i < n; i += 4) {
      const at = to + (<usize>i << 2);
      storeFirst(at, f32x4.mul(v128.load(at), scale), n - i);
    }
  }
}

/** out = log of the softmax of each row of x [rows, n]; an item is a row. Scratch: 256 bytes. */
export function log_softmax(x: usize, out: usize, n: i32, begin: i32, end: i32): void {
  prepareExp(scratch);
  const row = <usize>n << 2;
  for (let item = begin; item < end; item++) logSoftmaxRow(n, x + <usize>item * row, out + <usize>item * row);
}

/**
 * logs = log of the softmax of each row of x [rows, n], loss[row] = -logs[row][targets[row]]: 0 where the target is
 * `ignore`, NaN where it is out of range. An item is a row. Scratch: 256 bytes.
 */
export function cross_entropy(x: usize, targets: usize, loss: usize, logs: usize, n: i32, ignore: i32, begin: i32, end: i32): void {
  prepareExp(scratch);
  const row = <usize>n << 2;
  for (let item = begin; item < end; item++) {
    const to = logs + <usize>item * row;
    logSoftmaxRow(n, x + <usize>item * row, to);
    const target = load<i32>(targets + (<usize>item << 2));
    let value: f32 = NaN;
    if (target == ignore) value = 0;
    else if (<u32>target < <u32>n) value = -load<f32>(to + (<usize>target << 2));
    store<f32>(loss + (<usize>item << 2), value);
  }
}

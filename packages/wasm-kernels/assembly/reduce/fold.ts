// Sums are doubles throughout, as those of a plain loop in JavaScript: the memory is slower than the conversion.

// @ts-ignore: decorator
@inline
function pair(x: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(x));
}

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b);
}

/** x[0] + ... + x[n - 1], in eight interleaved sums. */
export function sumOf(x: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = x + (<usize>(n >> 3) << 5);
  for (; x != end; x += 32) {
    s0 = add(s0, pair(x));
    s1 = add(s1, pair(x + 8));
    s2 = add(s2, pair(x + 16));
    s3 = add(s3, pair(x + 24));
  }
  const s = add(add(s0, s1), add(s2, s3));
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (n &= 7; n > 0; n--, x += 4) sum += <f64>load<f32>(x);
  return sum;
}

/** sums[j] += x[0][j] + x[1][j] + ...: `rows` rows of `columns` floats, `step` bytes apart; the sums are doubles. */
export function sumRows(sums: usize, x: usize, step: usize, rows: i32, columns: i32): void {
  for (; rows >= 4; rows -= 4, x += step << 2) {
    let from = x;
    let to = sums;
    for (let j = 0; j < columns; j += 2, from += 8, to += 16) {
      const low = add(pair(from), pair(from + step));
      const high = add(pair(from + 2 * step), pair(from + 3 * step));
      v128.store(to, add(v128.load(to), add(low, high)));
    }
  }
  for (; rows > 0; rows--, x += step) {
    let from = x;
    let to = sums;
    for (let j = 0; j < columns; j += 2, from += 8, to += 16) v128.store(to, add(v128.load(to), pair(from)));
  }
}

/** The greater (`Min`: the lesser) of two, NaN where either is. */
@unmanaged
export class Max {
  @inline get start(): f32 { return -f32.MAX_VALUE * 2; }
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
  @inline one(a: f32, b: f32): f32 { return max<f32>(a, b); }
}

@unmanaged
export class Min {
  @inline get start(): f32 { return f32.MAX_VALUE * 2; }
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
  @inline one(a: f32, b: f32): f32 { return min<f32>(a, b); }
}

export function extremeOf<K>(x: usize, n: i32): f32 {
  const kind = changetype<K>(0);
  let m0 = f32x4.splat(kind.start);
  let m1 = m0;
  const end = x + (<usize>(n >> 3) << 5);
  for (; x != end; x += 32) {
    m0 = kind.of(m0, v128.load(x));
    m1 = kind.of(m1, v128.load(x, 16));
  }
  m0 = kind.of(m0, m1);
  let m = kind.one(
    kind.one(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1)),
    kind.one(f32x4.extract_lane(m0, 2), f32x4.extract_lane(m0, 3)),
  );
  for (n &= 7; n > 0; n--, x += 4) m = kind.one(m, load<f32>(x));
  return m;
}

/** As `sumRows`; what is found is kept as floats. */
export function extremeRows<K>(found: usize, x: usize, step: usize, rows: i32, columns: i32): void {
  const kind = changetype<K>(0);
  for (; rows > 0; rows--, x += step) {
    let from = x;
    let to = found;
    for (let j = 0; j < columns; j += 4, from += 16, to += 16) v128.store(to, kind.of(v128.load(to), v128.load(from)));
  }
}

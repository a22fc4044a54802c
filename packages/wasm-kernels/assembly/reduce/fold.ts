// Sums: four neighbours are added as floats, two roundings, and what comes of it as doubles. The error does not grow with the
// number of terms as that of float sums does, and the conversion, which would take longer than the memory, is a quarter.

// @ts-ignore: decorator
@inline
function four(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}

// @ts-ignore: decorator
@inline
function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
}

/** x[0] + ... + x[n - 1] */
export function sumOf(x: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  const end = x + (<usize>(n >> 4) << 6);
  for (; x != end; x += 64) {
    const v = four(v128.load(x), v128.load(x, 16), v128.load(x, 32), v128.load(x, 48));
    s0 = f64x2.add(s0, low(v));
    s1 = f64x2.add(s1, high(v));
  }
  const s = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (n &= 15; n > 0; n--, x += 4) sum += <f64>load<f32>(x);
  return sum;
}

// @ts-ignore: decorator
@inline
function addTo(sums: usize, v: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), low(v)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), high(v)), 16);
}

/** sums[j] += x[0][j] + x[1][j] + ...: `rows` rows of `columns` floats, `step` bytes apart; the sums are doubles. */
export function sumRows(sums: usize, x: usize, step: usize, rows: i32, columns: i32): void {
  for (; rows >= 4; rows -= 4, x += step << 2) {
    let from = x;
    let to = sums;
    for (let j = 0; j < columns; j += 4, from += 16, to += 32) {
      addTo(to, four(v128.load(from), v128.load(from + step), v128.load(from + 2 * step), v128.load(from + 3 * step)));
    }
  }
  for (; rows > 0; rows--, x += step) {
    let from = x;
    let to = sums;
    for (let j = 0; j < columns; j += 4, from += 16, to += 32) addTo(to, v128.load(from));
  }
}

/** The greater (`Min`: the lesser) of two, NaN where either is. */
@unmanaged
export class Max {
  @inline get start(): f32 { return -f32.MAX_VALUE * 2; }
  @inline of(a: v128, b: v128): v128 { return f32x4.max(a, b); }
  /** The same, but for NaN, in one instruction. */
  @inline quick(a: v128, b: v128): v128 { return f32x4.pmax(a, b); }
  @inline one(a: f32, b: f32): f32 { return max<f32>(a, b); }
}

@unmanaged
export class Min {
  @inline get start(): f32 { return f32.MAX_VALUE * 2; }
  @inline of(a: v128, b: v128): v128 { return f32x4.min(a, b); }
  @inline quick(a: v128, b: v128): v128 { return f32x4.pmin(a, b); }
  @inline one(a: f32, b: f32): f32 { return min<f32>(a, b); }
}

export function extremeOf<K>(x: usize, n: i32): f32 {
  const kind = changetype<K>(0);
  let m0 = f32x4.splat(kind.start);
  let m1 = m0;
  // Collects what is not equal to itself: masks, which are NaN themselves.
  let nan = i32x4.splat(0);
  const end = x + (<usize>(n >> 3) << 5);
  for (; x != end; x += 32) {
    const v0 = v128.load(x);
    const v1 = v128.load(x, 16);
    m0 = kind.quick(m0, v0);
    m1 = kind.quick(m1, v1);
    nan = v128.or(nan, v128.or(v128.ne<f32>(v0, v0), v128.ne<f32>(v1, v1)));
  }
  m0 = v128.or(kind.of(m0, m1), nan);
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

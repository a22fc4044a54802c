import { highPair, lowPair, sum2, sumOf } from '../double';
import { firstLanes, storeFirst } from '../lanes';
import { madd } from '../simd';

// Statistics are summed in double, whose cost hides behind the memory's: where the mean is large against the deviation, a
// float32 mean would be wrong by more than the rounding of y.

/** The sum of (x - centre)^2 over n floats. */
function squaresOf(n: i32, x: usize, centre: f64): f64 {
  const centre2 = f64x2.splat(centre);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = 0; i < n; i += 4, x += 16) {
    const v = v128.load(x);
    let a = f64x2.sub(lowPair(v), centre2);
    let b = f64x2.sub(highPair(v), centre2);
    if (i + 4 > n) {
      const mask = firstLanes(n - i);
      a = v128.and(a, v128.shuffle<i32>(mask, mask, 0, 0, 1, 1));
      b = v128.and(b, v128.shuffle<i32>(mask, mask, 2, 2, 3, 3));
    }
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  return sum2(f64x2.add(low, high));
}

/**
 * Per channel of x [batch, channels, inner]: mean, invStd = 1 / sqrt(variance + eps) (the biased variance, by a second
 * pass about the mean), y = (x - mean) invStd weight + bias. `weight` and `bias` are 0 for none. An item is a channel.
 */
export function batch_norm(
  x: usize,
  weight: usize,
  bias: usize,
  y: usize,
  mean: usize,
  invStd: usize,
  batch: i32,
  channels: i32,
  inner: i32,
  eps: f64,
  begin: i32,
  end: i32,
): void {
  const step = (<usize>channels * <usize>inner) << 2;
  const count = <f64>batch * <f64>inner;
  for (let c = begin; c < end; c++) {
    const first = (<usize>c * <usize>inner) << 2;
    let sum: f64 = 0;
    for (let n = 0, from = x + first; n < batch; n++, from += step) sum += sumOf(inner, from);
    const m = sum / count;
    let squares: f64 = 0;
    for (let n = 0, from = x + first; n < batch; n++, from += step) squares += squaresOf(inner, from, m);
    const inv = 1 / Math.sqrt(squares / count + eps);
    const channel = <usize>c << 2;
    store<f32>(mean + channel, <f32>m);
    store<f32>(invStd + channel, <f32>inv);

    const scale = f32x4.splat(weight ? <f32>(inv * load<f32>(weight + channel)) : <f32>inv);
    const shift = f32x4.splat(bias ? load<f32>(bias + channel) : 0);
    // The double mean as two floats: x - high is exact near the mean.
    const high = f32x4.splat(<f32>m);
    const low = f32x4.splat(<f32>(m - <f64>(<f32>m)));
    for (let n = 0; n < batch; n++) {
      let from = x + first + <usize>n * step;
      let to = y + first + <usize>n * step;
      for (let i = 0; i < inner; i += 4, from += 16, to += 16) {
        const d = f32x4.sub(f32x4.sub(v128.load(from), high), low);
        storeFirst(to, madd(shift, d, scale), inner - i);
      }
    }
  }
}

/**
 * With h = (x - mean) invStd and M the mean over batch and inner: dx = weight invStd (dy - M(dy) - h M(h dy)),
 * dw = sum of h dy, db = sum of dy; `weight`, `dw` and `db` are 0 for none. An item is a channel.
 */
export function batch_norm_grad(
  x: usize,
  dy: usize,
  weight: usize,
  mean: usize,
  invStd: usize,
  dx: usize,
  dw: usize,
  db: usize,
  batch: i32,
  channels: i32,
  inner: i32,
  begin: i32,
  end: i32,
): void {
  const step = (<usize>channels * <usize>inner) << 2;
  const count = <f64>batch * <f64>inner;
  for (let c = begin; c < end; c++) {
    const channel = <usize>c << 2;
    const first = (<usize>c * <usize>inner) << 2;
    const m = v128.load32_splat(mean + channel);
    const s = <f64>load<f32>(invStd + channel);
    let sumLow = f64x2.splat(0);
    let sumHigh = f64x2.splat(0);
    let productLow = f64x2.splat(0);
    let productHigh = f64x2.splat(0);
    for (let n = 0; n < batch; n++) {
      let at = first + <usize>n * step;
      for (let i = 0; i < inner; i += 4, at += 16) {
        let d = f32x4.sub(v128.load(x + at), m);
        let g = v128.load(dy + at);
        if (i + 4 > inner) {
          const mask = firstLanes(inner - i);
          d = v128.and(d, mask);
          g = v128.and(g, mask);
        }
        const gLow = lowPair(g);
        const gHigh = highPair(g);
        sumLow = f64x2.add(sumLow, gLow);
        sumHigh = f64x2.add(sumHigh, gHigh);
        productLow = f64x2.add(productLow, f64x2.mul(lowPair(d), gLow));
        productHigh = f64x2.add(productHigh, f64x2.mul(highPair(d), gHigh));
      }
    }
    const sum = sum2(f64x2.add(sumLow, sumHigh));
    const product = sum2(f64x2.add(productLow, productHigh));
    if (dw) store<f32>(dw + channel, <f32>(product * s));
    if (db) store<f32>(db + channel, <f32>sum);

    const scale = f32x4.splat(weight ? <f32>(s * load<f32>(weight + channel)) : <f32>s);
    const meanDy = f32x4.splat(<f32>(sum / count));
    const slope = f32x4.splat(<f32>((product * s * s) / count));
    for (let n = 0; n < batch; n++) {
      let at = first + <usize>n * step;
      for (let i = 0; i < inner; i += 4, at += 16) {
        const d = f32x4.sub(v128.load(x + at), m);
        const g = f32x4.sub(v128.load(dy + at), meanDy);
        storeFirst(dx + at, f32x4.mul(f32x4.sub(g, f32x4.mul(d, slope)), scale), inner - i);
      }
    }
  }
}

/** out[channel] = the sum of dy [batch, channels, pixels] over batch and pixels. An item is a channel. */
export function bias_grad(dy: usize, out: usize, batch: i32, channels: i32, pixels: i32, begin: i32, end: i32): void {
  const step = (<usize>channels * <usize>pixels) << 2;
  for (let c = begin; c < end; c++) {
    let sum: f64 = 0;
    for (let n = 0, from = dy + ((<usize>c * <usize>pixels) << 2); n < batch; n++, from += step) sum += sumOf(pixels, from);
    store<f32>(out + (<usize>c << 2), <f32>sum);
  }
}

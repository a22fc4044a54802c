import { storeFirst } from '../lanes';
import { scratch } from '../scratch';
import { lines, madd } from '../simd';
import { copyBytes, copyPlane, DepthwisePlan, offsetsOf, positionsOf, rowBytes, startsOf } from './depthwise-plan';

// @ts-ignore: decorator
@inline
function finish(to: usize, v: v128, relu: i32, count: i32): void {
  // pmax keeps a NaN of its first operand.
  storeFirst(to, relu ? f32x4.pmax(v, f32x4.splat(0)) : v, count);
}

/** A row of `count` outputs: to[j] = bias + the sum over `taps` of weights[t] * from[offsets[t] + j]. */
function row(count: i32, taps: i32, offsets: usize, weights: usize, from: usize, to: usize, bias: f32, relu: i32): void {
  const bias4 = f32x4.splat(bias);
  const last = <usize>taps << 2;
  for (; count > 12; count -= 16, from += 64, to += 64) {
    let v0 = bias4;
    let v1 = bias4;
    let v2 = bias4;
    let v3 = bias4;
    for (let t: usize = 0; t != last; t += 4) {
      const w = v128.load32_splat(weights + t);
      const at = from + load<u32>(offsets + t);
      v0 = madd(v0, w, v128.load(at));
      v1 = madd(v1, w, v128.load(at, 16));
      v2 = madd(v2, w, v128.load(at, 32));
      v3 = madd(v3, w, v128.load(at, 48));
    }
    finish(to, v0, relu, 4);
    finish(to + 16, v1, relu, 4);
    finish(to + 32, v2, relu, 4);
    finish(to + 48, v3, relu, count - 12);
  }
  for (; count > 4; count -= 8, from += 32, to += 32) {
    let v0 = bias4;
    let v1 = bias4;
    for (let t: usize = 0; t != last; t += 4) {
      const w = v128.load32_splat(weights + t);
      const at = from + load<u32>(offsets + t);
      v0 = madd(v0, w, v128.load(at));
      v1 = madd(v1, w, v128.load(at, 16));
    }
    finish(to, v0, relu, 4);
    finish(to + 16, v1, relu, count - 4);
  }
  if (count > 0) {
    let v = bias4;
    for (let t: usize = 0; t != last; t += 4) {
      v = madd(v, v128.load32_splat(weights + t), v128.load(from + load<u32>(offsets + t)));
    }
    finish(to, v, relu, count);
  }
}

/** As `row`, of nine taps: offsets `from` + i * step + (0, c1, c2) for i = 0, 1, 2. The weights stay in registers. */
function row3x3(count: i32, weights: usize, from: usize, c1: usize, c2: usize, step: usize, to: usize, bias: f32, relu: i32): void {
  const w0 = v128.load32_splat(weights);
  const w1 = v128.load32_splat(weights, 4);
  const w2 = v128.load32_splat(weights, 8);
  const w3 = v128.load32_splat(weights, 12);
  const w4 = v128.load32_splat(weights, 16);
  const w5 = v128.load32_splat(weights, 20);
  const w6 = v128.load32_splat(weights, 24);
  const w7 = v128.load32_splat(weights, 28);
  const w8 = v128.load32_splat(weights, 32);
  const bias4 = f32x4.splat(bias);
  for (; count > 0; count -= 4, from += 16, to += 16) {
    const second = from + step;
    const third = second + step;
    let a = madd(bias4, w0, v128.load(from));
    let b = f32x4.mul(w1, v128.load(from + c1));
    let c = f32x4.mul(w2, v128.load(from + c2));
    a = madd(a, w3, v128.load(second));
    b = madd(b, w4, v128.load(second + c1));
    c = madd(c, w5, v128.load(second + c2));
    a = madd(a, w6, v128.load(third));
    b = madd(b, w7, v128.load(third + c1));
    c = madd(c, w8, v128.load(third + c2));
    finish(to, f32x4.add(f32x4.add(a, b), c), relu, count);
  }
}

/** to[i * phases + p] = from[p][i]: `width` columns of phases whose rows are `segment` bytes apart. */
function interleave(phases: i32, width: i32, from: usize, segment: usize, to: usize): void {
  let x = 0;
  if (phases == 2) {
    for (; x + 8 <= width; x += 8) {
      const at = from + (<usize>x << 1);
      const a = v128.load(at);
      const b = v128.load(at + segment);
      v128.store(to + (<usize>x << 2), v128.shuffle<i32>(a, b, 0, 4, 1, 5));
      v128.store(to + (<usize>x << 2), v128.shuffle<i32>(a, b, 2, 6, 3, 7), 16);
    }
  }
  for (; x < width; x++) {
    store<f32>(to + (<usize>x << 2), load<f32>(from + <usize>(x % phases) * segment + (<usize>(x / phases) << 2)));
  }
}

/**
 * The planes of a depthwise convolution, or of its input gradient: see DepthwisePlan. `weight` [channels * multiples, size],
 * `bias` of as many or 0 for none, max(0, ·) last where `relu`. An item is a channel of an image.
 * Scratch: 256 + 4 * (taps + phasesW * (outW / phasesW + 4) + sources * copy) bytes.
 */
export function depthwise(source: usize, weight: usize, bias: usize, out: usize, plan: usize, relu: i32, begin: i32, end: i32): void {
  const p = changetype<DepthwisePlan>(plan);
  const offsets = offsetsOf(p);
  const positions = positionsOf(p);
  const phasesW = p.phasesW;
  const sourceBytes = <usize>(p.sourceH * p.sourceW) << 2;
  const outRow = <usize>p.outW << 2;
  const packed = scratch;
  const segment = lines((<usize>(p.outW / phasesW + 1) << 2) + 16);
  const phaseRows = lines(packed + (<usize>p.taps << 2));
  const copy = lines(phaseRows + <usize>phasesW * segment);
  memory.fill(copy, 0, <usize>p.sources * copyBytes(p));
  for (let item = begin; item < end; item++) {
    const channel = item % p.channels;
    for (let i = 0; i < p.sources; i++) {
      copyPlane(p, source + <usize>(item * p.sources + i) * sourceBytes, copy + <usize>i * copyBytes(p));
    }
    for (let target = 0; target < p.targets; target++) {
      const plane = channel * p.targets + target;
      const from = weight + (<usize>(plane * p.sources * p.weightSize) << 2);
      for (let t = 0; t < p.taps; t++) {
        const at = <usize>t << 2;
        store<f32>(packed + at, load<f32>(from + (<usize>load<i32>(positions + at) << 2)));
      }
      const shift = bias ? load<f32>(bias + (<usize>plane << 2)) : 0;
      let to = out + <usize>(item * p.targets + target) * <usize>p.outH * outRow;
      for (let y = 0; y < p.outH; y++, to += outRow) {
        const base = copy + <usize>((y / p.phasesH) * p.step) * rowBytes(p);
        if (p.threeByThree) {
          const at = base + load<i32>(offsets);
          const c1 = load<i32>(offsets, 4) - load<i32>(offsets);
          const c2 = load<i32>(offsets, 8) - load<i32>(offsets);
          row3x3(p.outW, packed, at, c1, c2, load<i32>(offsets, 12) - load<i32>(offsets), to, shift, relu);
          continue;
        }
        const starts = startsOf(p) + (<usize>((y % p.phasesH) * phasesW) << 2);
        for (let x = 0; x < phasesW; x++) {
          const first = load<i32>(starts + (<usize>x << 2));
          const list = <usize>first << 2;
          const count = load<i32>(starts + (<usize>x << 2), 4) - first;
          const columns = (p.outW - x + phasesW - 1) / phasesW;
          const line = phasesW == 1 ? to : phaseRows + <usize>x * segment;
          row(columns, count, offsets + list, packed + list, base, line, shift, relu);
        }
        if (phasesW > 1) interleave(phasesW, p.outW, phaseRows, segment, to);
      }
    }
  }
}

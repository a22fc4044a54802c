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

/**
 * Two rows of `count` outputs, `outStep` bytes apart: to[j] = bias + the sum over `taps` of weights[t] * from[offsets[t] + j],
 * the second row from `step` bytes on. Two rows by four vectors are eight independent sums: one after the other, each would
 * wait for its last addition. The comparison in the midst is never true: it keeps V8 11 from loading all operands at once.
 */
function twoRows(
  count: i32,
  taps: i32,
  offsets: usize,
  weights: usize,
  from: usize,
  step: usize,
  to: usize,
  outStep: usize,
  bias: f32,
  relu: i32,
): void {
  const bias4 = f32x4.splat(bias);
  const last = <usize>taps << 2;
  for (; count > 8; count -= 16, from += 64, to += 64) {
    let a0 = bias4;
    let a1 = bias4;
    let a2 = bias4;
    let a3 = bias4;
    let b0 = bias4;
    let b1 = bias4;
    let b2 = bias4;
    let b3 = bias4;
    for (let t: usize = 0; t != last; t += 4) {
      const w = v128.load32_splat(weights + t);
      let at = from + load<u32>(offsets + t);
      a0 = madd(a0, w, v128.load(at));
      a1 = madd(a1, w, v128.load(at, 16));
      a2 = madd(a2, w, v128.load(at, 32));
      a3 = madd(a3, w, v128.load(at, 48));
      if (last == 1) break;
      at += step;
      b0 = madd(b0, w, v128.load(at));
      b1 = madd(b1, w, v128.load(at, 16));
      b2 = madd(b2, w, v128.load(at, 32));
      b3 = madd(b3, w, v128.load(at, 48));
    }
    const second = to + outStep;
    finish(to, a0, relu, 4);
    finish(to + 16, a1, relu, 4);
    finish(to + 32, a2, relu, count - 8);
    finish(to + 48, a3, relu, count - 12);
    finish(second, b0, relu, 4);
    finish(second + 16, b1, relu, 4);
    finish(second + 32, b2, relu, count - 8);
    finish(second + 48, b3, relu, count - 12);
  }
  if (count <= 0) return;
  let a0 = bias4;
  let a1 = bias4;
  let b0 = bias4;
  let b1 = bias4;
  for (let t: usize = 0; t != last; t += 4) {
    const w = v128.load32_splat(weights + t);
    const at = from + load<u32>(offsets + t);
    a0 = madd(a0, w, v128.load(at));
    a1 = madd(a1, w, v128.load(at, 16));
    b0 = madd(b0, w, v128.load(at + step));
    b1 = madd(b1, w, v128.load(at + step, 16));
  }
  finish(to, a0, relu, count);
  finish(to + 16, a1, relu, count - 4);
  finish(to + outStep, b0, relu, count);
  finish(to + outStep + 16, b1, relu, count - 4);
}

/**
 * As `twoRows`, of nine taps at `from` + i * tapStep + (0, c1, c2), i = 0, 1, 2, where the second row of outputs begins one
 * row of taps later: of four rows of operands two serve both. The weights stay in registers. Comparisons: as above.
 */
function twoRows3x3(
  count: i32,
  weights: usize,
  from: usize,
  c1: usize,
  c2: usize,
  tapStep: usize,
  to: usize,
  outStep: usize,
  bias: f32,
  relu: i32,
): void {
  const w0 = v128.load32_splat(weights);
  const w1 = v128.load32_splat(weights, 4);
  const w2 = v128.load32_splat(weights, 8);
  const w3 = v128.load32_splat(weights, 12);
  const w4 = v128.load32_splat(weights, 16);
  const w5 = v128.load32_splat(weights, 20);
  const w6 = v128.load32_splat(weights, 24);
  const w7 = v128.load32_splat(weights, 28);
  const w8 = v128.load32_splat(weights, 32);
  for (; count > 0; count -= 4, from += 16, to += 16) {
    let a = f32x4.splat(bias);
    let b = a;
    let at = from;
    {
      a = madd(a, w0, v128.load(at));
      a = madd(a, w1, v128.load(at + c1));
      a = madd(a, w2, v128.load(at + c2));
    }
    if (tapStep == 1) break;
    at += tapStep;
    {
      const x0 = v128.load(at);
      const x1 = v128.load(at + c1);
      const x2 = v128.load(at + c2);
      a = madd(a, w3, x0);
      b = madd(b, w0, x0);
      a = madd(a, w4, x1);
      b = madd(b, w1, x1);
      a = madd(a, w5, x2);
      b = madd(b, w2, x2);
    }
    if (tapStep == 1) break;
    at += tapStep;
    {
      const x0 = v128.load(at);
      const x1 = v128.load(at + c1);
      const x2 = v128.load(at + c2);
      a = madd(a, w6, x0);
      b = madd(b, w3, x0);
      a = madd(a, w7, x1);
      b = madd(b, w4, x1);
      a = madd(a, w8, x2);
      b = madd(b, w5, x2);
    }
    if (tapStep == 1) break;
    at += tapStep;
    {
      b = madd(b, w6, v128.load(at));
      b = madd(b, w7, v128.load(at + c1));
      b = madd(b, w8, v128.load(at + c2));
    }
    finish(to, a, relu, count);
    finish(to + outStep, b, relu, count);
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
 * Scratch: 512 + 4 * (taps + 3 * outW + 40 * phasesW + sources * copy + 2 * step) bytes.
 */
export function depthwise(source: usize, weight: usize, bias: usize, out: usize, plan: usize, relu: i32, begin: i32, end: i32): void {
  const p = changetype<DepthwisePlan>(plan);
  const offsets = offsetsOf(p);
  const positions = positionsOf(p);
  const phasesH = p.phasesH;
  const phasesW = p.phasesW;
  const step = <usize>p.step * rowBytes(p);
  const sourceBytes = <usize>(p.sourceH * p.sourceW) << 2;
  const outRow = <usize>p.outW << 2;
  const packed = scratch;
  const segment = lines((<usize>(p.outW / phasesW + 1) << 2) + 16);
  const spare = lines(packed + (<usize>p.taps << 2));
  const phaseRows = spare + lines(outRow + 16);
  const copy = phaseRows + 2 * <usize>phasesW * segment;
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
      const to = out + <usize>(item * p.targets + target) * <usize>p.outH * outRow;
      for (let phase = 0; phase < phasesH; phase++) {
        const starts = startsOf(p) + (<usize>(phase * phasesW) << 2);
        let base = copy;
        for (let y = phase; y < p.outH; y += 2 * phasesH, base += 2 * step) {
          // Where there is no second row, it is computed all the same, of anything, and goes to scratch.
          const first = to + <usize>y * outRow;
          const second = y + phasesH < p.outH ? first + <usize>phasesH * outRow : spare;
          if (p.threeByThree) {
            const at = base + load<i32>(offsets);
            const c1 = load<i32>(offsets, 4) - load<i32>(offsets);
            const c2 = load<i32>(offsets, 8) - load<i32>(offsets);
            const tapStep = load<i32>(offsets, 12) - load<i32>(offsets);
            twoRows3x3(p.outW, packed, at, c1, c2, tapStep, first, second - first, shift, relu);
            continue;
          }
          for (let x = 0; x < phasesW; x++) {
            const tap = load<i32>(starts + (<usize>x << 2));
            const list = <usize>tap << 2;
            const count = load<i32>(starts + (<usize>x << 2), 4) - tap;
            const columns = (p.outW - x + phasesW - 1) / phasesW;
            const line = phasesW == 1 ? first : phaseRows + <usize>x * segment;
            const lineStep = phasesW == 1 ? second - first : <usize>phasesW * segment;
            twoRows(columns, count, offsets + list, packed + list, base, step, line, lineStep, shift, relu);
          }
          if (phasesW == 1) continue;
          interleave(phasesW, p.outW, phaseRows, segment, first);
          interleave(phasesW, p.outW, phaseRows + <usize>phasesW * segment, segment, second);
        }
      }
    }
  }
}

import { firstLanes } from '../lanes';
import { scratch } from '../scratch';
import { lines, madd, sum4 } from '../simd';
import { copyBytes, copyPlane, DepthwisePlan, offsetsOf, rowBytes } from './depthwise-plan';

/** Taps that are summed in one pass over a plane: as many accumulators as leave room for operands. */
const GROUP: i32 = 9;

/**
 * What counts in the last vector of a row, which ends with it: not the lanes that the one before has had. They are cleared in
 * dy; the copy's need no mask, since each of them belongs to a product that counts.
 */
// @ts-ignore: decorator
@inline
function lastLanes(width: i32): v128 {
  return width & 3 ? v128.not(firstLanes(4 - (width & 3))) : firstLanes(4);
}

/** sums[t] += the sum over the rows of a plane from `y` on of dy * copy at tap t, for nine taps. At least four columns. */
function addNine(p: DepthwisePlan, y: i32, copy: usize, dy: usize, offsets: usize, sums: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0);
  let s5 = f32x4.splat(0);
  let s6 = f32x4.splat(0);
  let s7 = f32x4.splat(0);
  let s8 = f32x4.splat(0);
  const o0 = load<u32>(offsets);
  const o1 = load<u32>(offsets, 4);
  const o2 = load<u32>(offsets, 8);
  const o3 = load<u32>(offsets, 12);
  const o4 = load<u32>(offsets, 16);
  const o5 = load<u32>(offsets, 20);
  const o6 = load<u32>(offsets, 24);
  const o7 = load<u32>(offsets, 28);
  const o8 = load<u32>(offsets, 32);
  const step = <usize>p.step * rowBytes(p);
  const row = <usize>p.outW << 2;
  const all = firstLanes(4);
  const rest = lastLanes(p.outW);
  const last = row - 16;
  copy += <usize>y * step;
  dy += <usize>y * row;
  for (; y < p.outH; y++, copy += step, dy += row) {
    let x: usize = 0;
    while (true) {
      const g = v128.and(v128.load(dy + x), x == last ? rest : all);
      const at = copy + x;
      s0 = madd(s0, g, v128.load(at + o0));
      s1 = madd(s1, g, v128.load(at + o1));
      s2 = madd(s2, g, v128.load(at + o2));
      s3 = madd(s3, g, v128.load(at + o3));
      s4 = madd(s4, g, v128.load(at + o4));
      s5 = madd(s5, g, v128.load(at + o5));
      s6 = madd(s6, g, v128.load(at + o6));
      s7 = madd(s7, g, v128.load(at + o7));
      s8 = madd(s8, g, v128.load(at + o8));
      if (x == last) break;
      x += 16;
      if (x > last) x = last;
    }
  }
  addTo(sums, s0);
  addTo(sums + 8, s1);
  addTo(sums + 16, s2);
  addTo(sums + 24, s3);
  addTo(sums + 32, s4);
  addTo(sums + 40, s5);
  addTo(sums + 48, s6);
  addTo(sums + 56, s7);
  addTo(sums + 64, s8);
}

// @ts-ignore: decorator
@inline
function addTo(sum: usize, v: v128): void {
  store<f64>(sum, load<f64>(sum) + <f64>sum4(v));
}

/**
 * As `addNine` from row 0 on, of the taps of a `threeByThree` plan, two rows of dy at a time: of four rows of operands two
 * serve both. Returns the rows done, an even number. The comparisons are never true: they keep V8 11 from loading all
 * operands at once.
 */
function addNineOfTwoRows(p: DepthwisePlan, copy: usize, dy: usize, offsets: usize, sums: usize): i32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0);
  let s5 = f32x4.splat(0);
  let s6 = f32x4.splat(0);
  let s7 = f32x4.splat(0);
  let s8 = f32x4.splat(0);
  copy += load<u32>(offsets);
  const c1 = load<u32>(offsets, 4) - load<u32>(offsets);
  const c2 = load<u32>(offsets, 8) - load<u32>(offsets);
  const step = <usize>p.step * rowBytes(p);
  const row = <usize>p.outW << 2;
  const all = firstLanes(4);
  const rest = lastLanes(p.outW);
  const last = row - 16;
  const rows = p.outH & ~1;
  for (let y = 0; y < rows; y += 2, copy += 2 * step, dy += 2 * row) {
    let x: usize = 0;
    while (true) {
      const mask = x == last ? rest : all;
      const g = v128.and(v128.load(dy + x), mask);
      const h = v128.and(v128.load(dy + x + row), mask);
      let at = copy + x;
      {
        s0 = madd(s0, g, v128.load(at));
        s1 = madd(s1, g, v128.load(at + c1));
        s2 = madd(s2, g, v128.load(at + c2));
      }
      if (step == 1) break;
      at += step;
      {
        const v0 = v128.load(at);
        const v1 = v128.load(at + c1);
        const v2 = v128.load(at + c2);
        s3 = madd(s3, g, v0);
        s0 = madd(s0, h, v0);
        s4 = madd(s4, g, v1);
        s1 = madd(s1, h, v1);
        s5 = madd(s5, g, v2);
        s2 = madd(s2, h, v2);
      }
      if (step == 1) break;
      at += step;
      {
        const v0 = v128.load(at);
        const v1 = v128.load(at + c1);
        const v2 = v128.load(at + c2);
        s6 = madd(s6, g, v0);
        s3 = madd(s3, h, v0);
        s7 = madd(s7, g, v1);
        s4 = madd(s4, h, v1);
        s8 = madd(s8, g, v2);
        s5 = madd(s5, h, v2);
      }
      if (step == 1) break;
      at += step;
      {
        s6 = madd(s6, h, v128.load(at));
        s7 = madd(s7, h, v128.load(at + c1));
        s8 = madd(s8, h, v128.load(at + c2));
      }
      if (x == last) break;
      x += 16;
      if (x > last) x = last;
    }
  }
  addTo(sums, s0);
  addTo(sums + 8, s1);
  addTo(sums + 16, s2);
  addTo(sums + 24, s3);
  addTo(sums + 32, s4);
  addTo(sums + 40, s5);
  addTo(sums + 48, s6);
  addTo(sums + 56, s7);
  addTo(sums + 64, s8);
  return rows;
}

/** As `addNine`, of one tap and any width. */
function addOne(p: DepthwisePlan, copy: usize, dy: usize, sum: usize): void {
  let s: f64 = 0;
  for (let y = 0; y < p.outH; y++, copy += <usize>p.step * rowBytes(p), dy += <usize>p.outW << 2) {
    for (let x: usize = 0, end = <usize>p.outW << 2; x != end; x += 4) s += <f64>(load<f32>(dy + x) * load<f32>(copy + x));
  }
  store<f64>(sum, load<f64>(sum) + s);
}

/**
 * dw of a depthwise convolution, by the plan of its forward pass: dw[plane, tap] = the sum over batch and outputs of
 * dy * x at the tap, added to what is there where `accumulate`. Each plane of each image is summed in float32, the images
 * in double. An item is an output channel. Scratch: 256 + 12 * (taps + 9) + 4 * copy bytes.
 */
export function depthwise_weight(x: usize, dy: usize, dw: usize, plan: usize, batch: i32, accumulate: i32, begin: i32, end: i32): void {
  const p = changetype<DepthwisePlan>(plan);
  const taps = p.taps;
  const sourceBytes = <usize>(p.sourceH * p.sourceW) << 2;
  const dyBytes = <usize>(p.outH * p.outW) << 2;
  // Whole groups of nine: the last repeats a tap, and its sums are not used.
  const padded = ((taps + GROUP - 1) / GROUP) * GROUP;
  const offsets = lines(scratch);
  const sums = lines(offsets + (<usize>padded << 2));
  const copy = lines(sums + (<usize>padded << 3));
  for (let t = 0; t < padded; t++) store<u32>(offsets + (<usize>t << 2), load<u32>(offsetsOf(p) + (<usize>min(t, taps - 1) << 2)));
  memory.fill(copy, 0, copyBytes(p));
  const planes = p.channels * p.targets;
  for (let item = begin; item < end; item++) {
    memory.fill(sums, 0, <usize>padded << 3);
    for (let n = 0; n < batch; n++) {
      copyPlane(p, x + <usize>(n * p.channels + item / p.targets) * sourceBytes, copy);
      const from = dy + <usize>(n * planes + item) * dyBytes;
      if (p.outW >= 4) {
        const y = p.threeByThree ? addNineOfTwoRows(p, copy, from, offsets, sums) : 0;
        if (y == p.outH) continue;
        for (let t = 0; t < taps; t += GROUP) addNine(p, y, copy, from, offsets + (<usize>t << 2), sums + (<usize>t << 3));
      } else {
        for (let t = 0; t < taps; t++) addOne(p, copy + load<u32>(offsets + (<usize>t << 2)), from, sums + (<usize>t << 3));
      }
    }
    const to = dw + (<usize>(item * taps) << 2);
    for (let t = 0; t < taps; t++) {
      const at = to + (<usize>t << 2);
      const sum = load<f64>(sums + (<usize>t << 3));
      store<f32>(at, <f32>(accumulate ? sum + <f64>load<f32>(at) : sum));
    }
  }
}

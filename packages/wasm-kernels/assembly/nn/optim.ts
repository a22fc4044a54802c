import { storeFirst } from '../lanes';
import { madd } from '../simd';

/** Elements of a work item. */
const BLOCK: i32 = 1024;

/**
 * d = g + decay p; buffer = momentum buffer + share d, or d itself where `first`; d = buffer, or d + momentum buffer where
 * `nesterov`; p -= lr d. `buffer` is 0 where there is no momentum. Of n elements; an item is 1024 of them.
 */
export function sgd_step(
  p: usize,
  g: usize,
  buffer: usize,
  n: i32,
  lr: f32,
  decay: f32,
  momentum: f32,
  share: f32,
  first: i32,
  nesterov: i32,
  begin: i32,
  end: i32,
): void {
  const step = f32x4.splat(-lr);
  const decay4 = f32x4.splat(decay);
  const momentum4 = f32x4.splat(momentum);
  const share4 = f32x4.splat(share);
  const last = min(end * BLOCK, n);
  for (let i = begin * BLOCK; i < last; i += 4) {
    const at = <usize>i << 2;
    const old = v128.load(p + at);
    let d = v128.load(g + at);
    // Not of an infinite parameter, where there is no decay: 0 times it is NaN.
    if (decay != 0) d = madd(d, decay4, old);
    if (buffer) {
      const b = first ? d : madd(f32x4.mul(v128.load(buffer + at), momentum4), share4, d);
      storeFirst(buffer + at, b, n - i);
      d = nesterov ? madd(d, momentum4, b) : b;
    }
    storeFirst(p + at, madd(old, step, d), n - i);
  }
}

/**
 * p *= shrink; d = g + decay p; m = beta1 m + share1 d; v = beta2 v + share2 d d;
 * p -= step m / (sqrt(v) / root + eps). Of n elements; an item is 1024 of them.
 */
export function adam_step(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
  shrink: f32,
  decay: f32,
  beta1: f32,
  share1: f32,
  beta2: f32,
  share2: f32,
  step: f32,
  root: f32,
  eps: f32,
  begin: i32,
  end: i32,
): void {
  const last = min(end * BLOCK, n);
  for (let i = begin * BLOCK; i < last; i += 4) {
    const at = <usize>i << 2;
    const old = f32x4.mul(v128.load(p + at), f32x4.splat(shrink));
    let d = v128.load(g + at);
    if (decay != 0) d = madd(d, f32x4.splat(decay), old);
    const first = madd(f32x4.mul(v128.load(m + at), f32x4.splat(beta1)), f32x4.splat(share1), d);
    const second = madd(f32x4.mul(v128.load(v + at), f32x4.splat(beta2)), f32x4.mul(f32x4.splat(share2), d), d);
    storeFirst(m + at, first, n - i);
    storeFirst(v + at, second, n - i);
    const scale = f32x4.add(f32x4.div(f32x4.sqrt(second), f32x4.splat(root)), f32x4.splat(eps));
    storeFirst(p + at, f32x4.sub(old, f32x4.div(f32x4.mul(f32x4.splat(step), first), scale)), n - i);
  }
}

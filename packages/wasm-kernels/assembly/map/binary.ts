import { MapKind } from './kinds';
import { byteLoop, compareLoop, loop2, whereBytes, whereLoop } from './loops';
import { number4 } from './math';

@unmanaged class Add { @inline of(a: v128, b: v128): v128 { return v128.add<f32>(a, b); } }
@unmanaged class Sub { @inline of(a: v128, b: v128): v128 { return v128.sub<f32>(a, b); } }
@unmanaged class Mul { @inline of(a: v128, b: v128): v128 { return v128.mul<f32>(a, b); } }
@unmanaged class Div { @inline of(a: v128, b: v128): v128 { return v128.div<f32>(a, b); } }
@unmanaged class Maximum { @inline of(a: v128, b: v128): v128 { return v128.max<f32>(a, b); } }
@unmanaged class Minimum { @inline of(a: v128, b: v128): v128 { return v128.min<f32>(a, b); } }
@unmanaged class AddInt32 { @inline of(a: v128, b: v128): v128 { return v128.add<i32>(a, b); } }
@unmanaged class SubInt32 { @inline of(a: v128, b: v128): v128 { return v128.sub<i32>(a, b); } }
@unmanaged class MulInt32 { @inline of(a: v128, b: v128): v128 { return v128.mul<i32>(a, b); } }
@unmanaged class MaximumInt32 { @inline of(a: v128, b: v128): v128 { return v128.max<i32>(a, b); } }
@unmanaged class MinimumInt32 { @inline of(a: v128, b: v128): v128 { return v128.min<i32>(a, b); } }
@unmanaged class Eq { @inline of(a: v128, b: v128): v128 { return v128.eq<f32>(a, b); } }
@unmanaged class Ne { @inline of(a: v128, b: v128): v128 { return v128.ne<f32>(a, b); } }
@unmanaged class Lt { @inline of(a: v128, b: v128): v128 { return v128.lt<f32>(a, b); } }
@unmanaged class Le { @inline of(a: v128, b: v128): v128 { return v128.le<f32>(a, b); } }
@unmanaged class EqInt32 { @inline of(a: v128, b: v128): v128 { return v128.eq<i32>(a, b); } }
@unmanaged class NeInt32 { @inline of(a: v128, b: v128): v128 { return v128.ne<i32>(a, b); } }
@unmanaged class LtInt32 { @inline of(a: v128, b: v128): v128 { return v128.lt<i32>(a, b); } }
@unmanaged class LeInt32 { @inline of(a: v128, b: v128): v128 { return v128.le<i32>(a, b); } }
@unmanaged class MaximumBool { @inline of(a: v128, b: v128): v128 { return v128.or(a, b); } }
@unmanaged class MinimumBool { @inline of(a: v128, b: v128): v128 { return v128.and(a, b); } }
@unmanaged class EqBool { @inline of(a: v128, b: v128): v128 { return v128.eq<i8>(a, b); } }
@unmanaged class NeBool { @inline of(a: v128, b: v128): v128 { return v128.xor(a, b); } }
@unmanaged class LtBool { @inline of(a: v128, b: v128): v128 { return v128.andnot(b, a); } }
@unmanaged class LeBool { @inline of(a: v128, b: v128): v128 { return v128.le<i8>(a, b); } }

/** a is dy, b is y: the forward's output. */
@unmanaged class ReluGrad { @inline of(a: v128, b: v128): v128 { return v128.and(a, v128.gt<f32>(b, number4(0))); } }
@unmanaged class SigmoidGrad {
  @inline of(a: v128, b: v128): v128 {
    return v128.mul<f32>(v128.mul<f32>(a, b), v128.sub<f32>(number4(1), b));
  }
}
@unmanaged class TanhGrad {
  @inline of(a: v128, b: v128): v128 {
    return v128.mul<f32>(a, v128.sub<f32>(number4(1), v128.mul<f32>(b, b)));
  }
}

/** out[i] = f(a[i], b[i]), n contiguous elements; with a third operand out[i] = a[i] ? b[i] : c[i]. */
// @ts-ignore: decorator
@inline
export function binary(kind: i32, a: usize, b: usize, c: usize, out: usize, n: i32): void {
  switch (kind) {
    case MapKind.f32_add: return loop2<Add>(a, b, out, n);
    case MapKind.f32_sub: return loop2<Sub>(a, b, out, n);
    case MapKind.f32_mul: return loop2<Mul>(a, b, out, n);
    case MapKind.f32_div: return loop2<Div>(a, b, out, n);
    case MapKind.f32_maximum: return loop2<Maximum>(a, b, out, n);
    case MapKind.f32_minimum: return loop2<Minimum>(a, b, out, n);
    case MapKind.f32_reluGrad: return loop2<ReluGrad>(a, b, out, n);
    case MapKind.f32_sigmoidGrad: return loop2<SigmoidGrad>(a, b, out, n);
    case MapKind.f32_tanhGrad: return loop2<TanhGrad>(a, b, out, n);
    case MapKind.i32_add: return loop2<AddInt32>(a, b, out, n);
    case MapKind.i32_sub: return loop2<SubInt32>(a, b, out, n);
    case MapKind.i32_mul: return loop2<MulInt32>(a, b, out, n);
    case MapKind.i32_maximum: return loop2<MaximumInt32>(a, b, out, n);
    case MapKind.i32_minimum: return loop2<MinimumInt32>(a, b, out, n);
    case MapKind.u8_maximum: return byteLoop<MaximumBool>(a, b, out, n);
    case MapKind.u8_minimum: return byteLoop<MinimumBool>(a, b, out, n);
    case MapKind.f32_eq: return compareLoop<Eq>(a, b, out, n);
    case MapKind.f32_ne: return compareLoop<Ne>(a, b, out, n);
    case MapKind.f32_lt: return compareLoop<Lt>(a, b, out, n);
    case MapKind.f32_le: return compareLoop<Le>(a, b, out, n);
    case MapKind.i32_eq: return compareLoop<EqInt32>(a, b, out, n);
    case MapKind.i32_ne: return compareLoop<NeInt32>(a, b, out, n);
    case MapKind.i32_lt: return compareLoop<LtInt32>(a, b, out, n);
    case MapKind.i32_le: return compareLoop<LeInt32>(a, b, out, n);
    case MapKind.u8_eq: return byteLoop<EqBool>(a, b, out, n);
    case MapKind.u8_ne: return byteLoop<NeBool>(a, b, out, n);
    case MapKind.u8_lt: return byteLoop<LtBool>(a, b, out, n);
    case MapKind.u8_le: return byteLoop<LeBool>(a, b, out, n);
    case MapKind.w32_where: return whereLoop(a, b, c, out, n);
    default: return whereBytes(a, b, c, out, n);
  }
}

import { cosh, erf, exp, exp2, expm1, log, log10, log1p, log2, number4, sigmoid, sinh, tanh } from './math';
import { expLoop, loop1 } from './loops';
import { MapKind } from './kinds';

@unmanaged class Exp { @inline of(x: v128, k: usize): v128 { return exp(x, k); } }
@unmanaged class Log { @inline of(x: v128): v128 { return log(x); } }
@unmanaged class Sqrt { @inline of(x: v128): v128 { return v128.sqrt<f32>(x); } }
@unmanaged class Tanh { @inline of(x: v128, k: usize): v128 { return tanh(x, k); } }
@unmanaged class Floor { @inline of(x: v128): v128 { return v128.floor<f32>(x); } }
@unmanaged class Neg { @inline of(x: v128): v128 { return v128.neg<f32>(x); } }
@unmanaged class Abs { @inline of(x: v128): v128 { return v128.abs<f32>(x); } }
@unmanaged class Square { @inline of(x: v128): v128 { return v128.mul<f32>(x, x); } }
@unmanaged class Cube { @inline of(x: v128): v128 { return v128.mul<f32>(v128.mul<f32>(x, x), x); } }
@unmanaged class Reciprocal { @inline of(x: v128): v128 { return v128.div<f32>(number4(1), x); } }
@unmanaged class Rsqrt { @inline of(x: v128): v128 { return v128.div<f32>(number4(1), v128.sqrt<f32>(x)); } }
@unmanaged class Ceil { @inline of(x: v128): v128 { return v128.ceil<f32>(x); } }
@unmanaged class Sigmoid { @inline of(x: v128, k: usize): v128 { return sigmoid(x, k); } }
@unmanaged class Round { @inline of(x: v128): v128 { return v128.nearest<f32>(x); } }
@unmanaged class Trunc { @inline of(x: v128): v128 { return v128.trunc<f32>(x); } }
@unmanaged class Sinh { @inline of(x: v128, k: usize): v128 { return sinh(x, k); } }
@unmanaged class Cosh { @inline of(x: v128, k: usize): v128 { return cosh(x, k); } }
@unmanaged class Exp2 { @inline of(x: v128, k: usize): v128 { return exp2(x, k); } }
@unmanaged class Expm1 { @inline of(x: v128, k: usize): v128 { return expm1(x, k); } }
@unmanaged class Log2 { @inline of(x: v128): v128 { return log2(x); } }
@unmanaged class Log10 { @inline of(x: v128): v128 { return log10(x); } }
@unmanaged class Log1p { @inline of(x: v128): v128 { return log1p(x); } }
@unmanaged class Erf { @inline of(x: v128, k: usize): v128 { return erf(x, k); } }
@unmanaged class FromInt32 { @inline of(x: v128): v128 { return f32x4.convert_i32x4_s(x); } }
@unmanaged class FromFloat32 { @inline of(x: v128): v128 { return i32x4.trunc_sat_f32x4_s(x); } }
@unmanaged class NegInt32 { @inline of(x: v128): v128 { return v128.neg<i32>(x); } }
@unmanaged class AbsInt32 { @inline of(x: v128): v128 { return v128.abs<i32>(x); } }
@unmanaged class SquareInt32 { @inline of(x: v128): v128 { return v128.mul<i32>(x, x); } }
@unmanaged class ReluInt32 { @inline of(x: v128): v128 { return v128.max<i32>(x, i32x4.splat(0)); } }

/** Masks are -1 where true: (x < 0) - (x > 0). */
@unmanaged class SignInt32 {
  @inline of(x: v128): v128 {
    return v128.sub<i32>(v128.lt<i32>(x, i32x4.splat(0)), v128.gt<i32>(x, i32x4.splat(0)));
  }
}

/** 0 for 0 and for NaN. */
@unmanaged class Sign {
  @inline of(x: v128): v128 {
    const zero = number4(0);
    return v128.or(v128.and(v128.gt<f32>(x, zero), number4(1)), v128.and(v128.lt<f32>(x, zero), number4(-1)));
  }
}

/** Asked this way round so that NaN passes. */
@unmanaged class Relu {
  @inline of(x: v128): v128 {
    return v128.andnot(x, v128.le<f32>(x, number4(0)));
  }
}

/** x^(1/2): as C's pow, not sqrt, infinity for -infinity and 0 for -0. */
@unmanaged class PowHalf {
  @inline of(x: v128): v128 {
    const infinity = number4(f32.MAX_VALUE * 2);
    const a = v128.abs<f32>(x);
    return v128.sqrt<f32>(v128.bitselect(a, v128.add<f32>(x, number4(0)), v128.eq<f32>(a, infinity)));
  }
}

/** out[i] = f(x[i]), n contiguous elements of 4 bytes. */
// @ts-ignore: decorator
@inline
export function unary(kind: i32, x: usize, out: usize, n: i32): void {
  switch (kind) {
    case MapKind.f32_exp: return expLoop<Exp>(x, out, n);
    case MapKind.f32_log: return loop1<Log>(x, out, n);
    case MapKind.f32_sqrt: return loop1<Sqrt>(x, out, n);
    case MapKind.f32_tanh: return expLoop<Tanh>(x, out, n);
    case MapKind.f32_floor: return loop1<Floor>(x, out, n);
    case MapKind.f32_neg: return loop1<Neg>(x, out, n);
    case MapKind.f32_abs: return loop1<Abs>(x, out, n);
    case MapKind.f32_sign: return loop1<Sign>(x, out, n);
    case MapKind.f32_square: return loop1<Square>(x, out, n);
    case MapKind.f32_reciprocal: return loop1<Reciprocal>(x, out, n);
    case MapKind.f32_rsqrt: return loop1<Rsqrt>(x, out, n);
    case MapKind.f32_ceil: return loop1<Ceil>(x, out, n);
    case MapKind.f32_relu: return loop1<Relu>(x, out, n);
    case MapKind.f32_sigmoid: return expLoop<Sigmoid>(x, out, n);
    case MapKind.f32_round: return loop1<Round>(x, out, n);
    case MapKind.f32_trunc: return loop1<Trunc>(x, out, n);
    case MapKind.f32_sinh: return expLoop<Sinh>(x, out, n);
    case MapKind.f32_cosh: return expLoop<Cosh>(x, out, n);
    case MapKind.f32_exp2: return expLoop<Exp2>(x, out, n);
    case MapKind.f32_expm1: return expLoop<Expm1>(x, out, n);
    case MapKind.f32_log2: return loop1<Log2>(x, out, n);
    case MapKind.f32_log10: return loop1<Log10>(x, out, n);
    case MapKind.f32_log1p: return loop1<Log1p>(x, out, n);
    case MapKind.f32_erf: return expLoop<Erf>(x, out, n);
    case MapKind.f32_cube: return loop1<Cube>(x, out, n);
    case MapKind.f32_powHalf: return loop1<PowHalf>(x, out, n);
    case MapKind.i32_neg: return loop1<NegInt32>(x, out, n);
    case MapKind.i32_abs: return loop1<AbsInt32>(x, out, n);
    case MapKind.i32_sign: return loop1<SignInt32>(x, out, n);
    case MapKind.i32_square: return loop1<SquareInt32>(x, out, n);
    case MapKind.i32_relu: return loop1<ReluInt32>(x, out, n);
    case MapKind.f32_fromInt32: return loop1<FromInt32>(x, out, n);
    default: return loop1<FromFloat32>(x, out, n);
  }
}

"""Trigonometry, logarithms to other bases, erf, rounding, remainders, what is finite, logic."""
import math

import torch

from opcase import FOLDER, Suite, boolean, f32, f64, i32, inf, nan, uniform

NAME = 'ops/elementwise'
OUT = f'{FOLDER}/elementwise.ts'

# Where each function is asked: its domain with margins for gradients, and its edges.
DOMAIN = {
    'sin': (-7, 7), 'cos': (-7, 7), 'tan': (-7, 7), 'asin': (-0.95, 0.95), 'acos': (-0.95, 0.95), 'atan': (-4, 4),
    'sinh': (-3, 3), 'cosh': (-3, 3), 'exp2': (-4, 4), 'expm1': (-2, 2), 'log2': (0.2, 4), 'log10': (0.2, 4),
    'log1p': (-0.8, 4), 'erf': (-3, 3), 'round': (-3, 3), 'trunc': (-3, 3),
}
ANGLES = (0., -0., 1., -1., 0.5, math.pi / 2, math.pi, -math.pi, 22., 355., -1e3, 6.5e4, inf, -inf, nan, 1e-30, -1e-5)
TINY = (0., -0., 1e-30, -1e-30, 1e-5, -1e-5, 0.01, -0.3)
LARGE = (1., -1., 5., -5., 20., -20., 88., -88., 89., -89., 104., -104., 1e30, -1e30, inf, -inf, nan)
UNIT = (0., -0., 1., -1., 0.5, -0.999, 1e-30, 1.5, -2., inf, -inf, nan)
POSITIVE = (0., -0., 1., 2., 8., 1024., 1e-30, 1e30, 1.001, 0.999, 10., 1e10, -1., inf, -inf, nan)
ROUNDS = (0., -0., 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, -0.50000006, 2.7, -2.7, 8388609., 1e30, inf, -inf, nan)
SPECIAL = {
    **{k: ANGLES for k in ('sin', 'cos', 'tan')}, 'asin': UNIT, 'acos': UNIT,
    **{k: TINY + LARGE for k in ('atan', 'sinh', 'cosh', 'exp2', 'expm1', 'erf')},
    **{k: POSITIVE for k in ('log2', 'log10')}, 'log1p': TINY + POSITIVE + (-0.9999,),
    'round': ROUNDS, 'trunc': ROUNDS,
}
FLAT = ('round', 'trunc')
VALUES = f32(0., -0., 1., -2.5, inf, -inf, nan, 1e30)


def make():
    s = Suite('elementwise')
    for op, (low, high) in DOMAIN.items():
        s.case(op, 'special values', [f32(*SPECIAL[op])], grad=False)
        s.case(op, 'special values, float64', [f64(*SPECIAL[op])], grad=False)
        s.case(op, 'plain', [uniform([2, 4], low, high)])
        s.case(op, 'float64', [uniform([3, 5], low, high)], dtype=torch.float64)
        s.case(op, 'scalar', [f32(0.75).reshape([])])
        s.case(op, 'empty', [[0, 3]])
        if op not in FLAT:
            s.case(op, 'second derivatives, float64', [uniform([4], low, high)], dtype=torch.float64, second=True)
        if op in FLAT:
            s.case(op, 'int32', [i32(0, 3, -7)])
            s.error(op, 'bool', [boolean(True, False)])
        else:
            s.case(op, 'int32 promotes', [i32(1, 0, 1)])
            s.case(op, 'bool promotes', [boolean(True, False)])
    for op in ('sinh', 'cosh', 'expm1', 'erf', 'atan', 'exp2'):
        s.case(op, 'gradient at large values', [f32(-20., -4., 0., 4., 20., 80.)])
    for op in ('asin', 'acos'):
        s.case(op, 'gradient at the ends', [f32(-1., 0., 1.)])
    s.case('erf', 'where its parts meet, float64', [f64(0.9999999, 1., 1.0000001, 2., 3., 4., 5., 5.9, 6., 6.1, -1., -3.)])

    # Binary fractions: their remainders are exact in any way of computing.
    a, b = f32(5.5, -5.5, 5.5, -5.5, 6., -6., 0.75, -0.75), f32(2., 2., -2., -2., 3., 3., 2.5, 2.5)
    for op in ('fmod', 'remainder'):
        s.case(op, 'signs', [a, b])
        s.case(op, 'number', [[2, 3], 0.75])
        s.case(op, 'negative number', [[2, 3], -0.75])
        s.case(op, 'broadcast', [uniform([3, 1], 2, 6), uniform([1, 4], 0.5, 2)])
        s.case(op, 'float64', [uniform([4], -6, 6), uniform([4], 0.5, 2)], dtype=torch.float64)
        s.case(op, 'special pairs', [
            f32(1., 0., inf, -inf, nan, 1., 1., -1., 0., 1e30), f32(0., 0., 2., 2., 2., nan, inf, inf, inf, inf)], grad=False)
        s.case(op, 'int32 with float32', [i32(5, -5, 7), f32(2., 2., -4.)])
        s.case(op, 'empty', [[0, 3], [3]])
        s.error(op, 'shapes do not fit', [[2, 3], [2]])
    s.case('atan2', 'same shape', [[2, 4], [2, 4]])
    s.case('atan2', 'broadcast', [[3, 1], [1, 4]])
    s.case('atan2', 'float64', [[5], [5]], dtype=torch.float64)
    s.case('atan2', 'second derivatives, float64', [[2, 3], [3]], dtype=torch.float64, second=True)
    s.case('atan2', 'axes and infinities', [
        f32(0., 0., -0., -0., 0., -0., 1., -1., 1., inf, inf, -inf, 1., 1., nan, 1., 1e30, 1e-30),
        f32(1., -1., 1., -1., -0., -0., 0., 0., -0., inf, -inf, 2., inf, -inf, 1., nan, 1e-30, -1e30)], grad=False)
    s.case('atan2', 'int32 promotes', [i32(1, -1, 0), i32(2, -2, -3)])
    s.case('atan2', 'gradient on the axes', [f32(0., 0., 1., -1.), f32(1., -1., 0., 0.)])
    s.case('atan2', 'empty', [[0], [1]])
    s.error('atan2', 'shapes do not fit', [[2, 3], [2]])

    for op in ('isnan', 'isinf', 'isfinite'):
        s.case(op, 'float32', [VALUES], grad=False)
        s.case(op, 'float64', [VALUES.double()], grad=False)
        s.case(op, 'int32', [i32(0, -5, 2147483647)])
        s.case(op, 'bool', [boolean(True, False)])
        s.case(op, 'empty', [[0, 2]], grad=False)
    pairs = [boolean(True, True, False, False), boolean(True, False, True, False)]
    s.case('logicalNot', 'bool', [boolean(True, False)], grad=False)
    s.case('logicalNot', 'float32', [f32(0., -0., 1., nan, -inf)], grad=False)
    s.case('logicalNot', 'int32', [i32(0, 1, -7)], grad=False)
    for op in ('logicalAnd', 'logicalOr', 'logicalXor'):
        s.case(op, 'bool', pairs)
        s.case(op, 'float32, NaN is true', [f32(0., -0., nan, 2., 0.), f32(1., 0., 0., nan, nan)], grad=False)
        s.case(op, 'int32 with bool, broadcast', [i32(0, 3, -1).reshape(3, 1), boolean(True, False)])
        s.case(op, 'float32 with int32', [f32(0.5, 0.), i32(0, 7)], grad=False)
        s.case(op, 'empty', [[0, 2], [2]], grad=False)
        s.error(op, 'shapes do not fit', [[2, 3], [2]])
    near = f32(1., 1.000001, 1.1, 0., 1e-9, inf, inf, inf, nan, nan, -inf)
    other = f32(1., 1., 1., 1e-9, 0., inf, -inf, 1., nan, 1., -inf)
    s.case('isclose', 'defaults', [near, other], grad=False)
    s.case('isclose', 'wide, NaN equals NaN', [near, other], {'rtol': 0.2, 'atol': 0.5, 'equalNan': True}, grad=False)
    s.case('isclose', 'broadcast, float64', [f64(1., 1. + 1e-6, 1. + 1e-4), f64(1.).reshape(1, 1)], grad=False)
    s.case('isclose', 'int32', [i32(100, 100, 100000, -3), i32(100, 101, 100001, 3)], {'rtol': 0.001})
    s.case('isclose', 'bool', [boolean(True, False), boolean(True, True)])
    s.case('isclose', 'empty', [[0], [0]], grad=False)
    s.error('isclose', 'dtypes differ', [f32(1.), f64(1.)])
    s.error('isclose', 'shapes do not fit', [[2, 3], [2]])
    s.error('isclose', 'a negative tolerance', [[2], [2]], {'rtol': -1})

    bounds = f32(-2., -1., -0.5, 0., 0.5, nan, inf, -inf)
    for op, key in (('clampMin', 'min'), ('clampMax', 'max')):
        s.case(op, 'hit exactly', [bounds[:5]], {key: -0.5})
        s.case(op, 'special values', [bounds], {key: 0}, grad=False)
        s.case(op, 'int32', [i32(-5, 0, 5)], {key: 1})
        s.case(op, 'empty', [[0, 2]], {key: 1})
        s.error(op, 'no bound', [[2]], {key: None})
    return s.typescript(NAME)

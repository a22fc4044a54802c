"""Elementwise functions of one operand, clamp and pow."""
import torch

from opcase import FOLDER, Suite, boolean, f32, f64, i32, inf, nan, uniform

NAME = 'ops/unary'
OUT = f'{FOLDER}/unary.ts'

SPECIAL = f32(0., -0., 1., -1., 0.5, -0.5, 1.5, -2.5, inf, -inf, nan, 1e-30, -1e-30, 1e30, -1e30, 3.4e38, 88., 89., -87., -104.)
POSITIVE = {'rsqrt', 'sqrt', 'log', 'reciprocal'}
KINK_AT_0 = {'relu', 'abs', 'sign'}
ON_INT = ('neg', 'abs', 'sign', 'square', 'relu')
INT_TO_FLOAT = ('exp', 'sqrt', 'sigmoid', 'tanh', 'log', 'reciprocal', 'rsqrt')


def make():
    s = Suite('unary')
    for op in ('neg', 'abs', 'sign', 'square', 'reciprocal', 'rsqrt', 'sqrt', 'exp', 'log', 'floor', 'ceil', 'relu',
               'sigmoid', 'tanh'):
        s.case(op, 'special values', [SPECIAL], grad=False)
        s.case(op, 'plain', [uniform([2, 3, 5], 0.2, 4) if op in POSITIVE else [2, 3, 5]])
        s.case(op, 'float64', [uniform([7], 0.2, 4) if op in POSITIVE else [7]], dtype=torch.float64)
        s.case(op, 'scalar', [f32(0.75).reshape([])])
        s.case(op, 'empty', [[0, 3]])
        if op in KINK_AT_0:
            s.case(op, 'gradient at 0', [f32(0., -0., 1., -1.)])
        if op in ON_INT:
            s.case(op, 'int32', [i32(0, 3, -3, 7, -46341, 2147483647)])
        if op in INT_TO_FLOAT:
            s.case(op, 'int32 promotes', [i32(1, 2, 5)])
    s.case('exp', 'bool promotes', [boolean(True, False)])
    s.case('exp', 'gradient at large values', [f32(-104., -20., 0., 20., 88.)])
    s.case('sigmoid', 'gradient at large values', [f32(-100., -20., 0., 20., 100.)])
    s.case('tanh', 'gradient at large values', [f32(-100., -5., 0., 5., 100.)])
    s.case('sqrt', 'gradient at 0', [f32(0., 1., 4.)])
    s.error('neg', 'bool', [boolean(True, False)])

    bounds = f32(-2., -1., -0.5, 0., 0.5, 1., 2.)
    s.case('clamp', 'both bounds, hit exactly', [bounds], {'min': -1, 'max': 1})
    s.case('clamp', 'min only', [bounds], {'min': -0.5})
    s.case('clamp', 'max only', [bounds], {'max': 0.5})
    s.case('clamp', 'min over max', [bounds], {'min': 1, 'max': -1})
    s.case('clamp', 'special values', [SPECIAL], {'min': -1, 'max': 1}, grad=False)
    s.case('clamp', 'int32', [i32(-5, -1, 0, 1, 5)], {'min': -1, 'max': 2})

    for exponent in (2, 3, 0.5, -1, -2, 0, 1, 1.7):
        s.case('pow', f'tensor ^ {exponent}', [uniform([2, 4], 0.2, 3), exponent])
    s.case('pow', 'negative base ^ 3', [f32(-2., -0.5, 0., 1.5), 3])
    s.case('pow', 'negative base ^ 2 at 0', [f32(-2., 0., 1.5), 2])
    s.case('pow', 'special ^ 0.5', [SPECIAL, 0.5], grad=False)
    s.case('pow', 'special ^ 2', [SPECIAL, 2], grad=False)
    s.case('pow', 'special ^ 0', [SPECIAL, 0], grad=False)
    s.case('pow', 'number ^ tensor', [2, [2, 3]])
    s.case('pow', 'tensor ^ tensor', [uniform([2, 3], 0.2, 3), [2, 3]])
    s.case('pow', 'tensor ^ tensor broadcast', [uniform([3, 1], 0.2, 3), [1, 4]])
    s.case('pow', 'special pairs', [
        f32(0., 0., 0., -2., -2., 1., nan, 1., inf, -inf, -inf, 0.5, 2., -1.),
        f32(0., 1., -1., 3., 0.5, nan, 0., inf, 0., 3., 2., inf, -inf, inf)], grad=False)
    s.case('pow', 'gradient at base 0', [f32(0., 0., 0.), f32(1., 2., 3.)])
    s.case('pow', 'float64', [f64(0.5, 1.5, 2.5), f64(1.5, -2., 0.)])
    s.case('pow', 'int32 ^ 3', [i32(-3, 0, 2, 1291), 3])
    s.case('pow', 'int32 ^ 0.5', [i32(0, 4, 9), 0.5])
    s.case('pow', 'int32 ^ int32', [i32(2, 3, -2), i32(10, 0, 3)])
    s.error('pow', 'int32 ^ -1', [i32(1, 2), -1])
    return s.typescript(NAME)

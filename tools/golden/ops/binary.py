"""Elementwise functions of two operands, with broadcasting and promotion; where."""
import torch

from opcase import FOLDER, Suite, boolean, f32, f64, i32, inf, ints, nan

NAME = 'ops/binary'
OUT = f'{FOLDER}/binary.ts'

ARITHMETIC = ('add', 'sub', 'mul', 'div', 'maximum', 'minimum')
COMPARE = ('eq', 'ne', 'lt', 'le', 'gt', 'ge')


def make():
    s = Suite('binary')
    for op in ARITHMETIC:
        s.case(op, 'same shape', [[2, 3], [2, 3]])
        s.case(op, '[3,1] with [1,4]', [[3, 1], [1, 4]])
        s.case(op, '[2,3,4] with [4]', [[2, 3, 4], [4]])
        s.case(op, '[4] with [2,3,1]', [[4], [2, 3, 1]])
        s.case(op, 'scalar tensor', [[2, 3], []])
        s.case(op, 'two scalars', [[], []])
        s.case(op, 'empty', [[0, 3], [1, 3]])
        s.case(op, 'float64', [[3], [2, 1]], dtype=torch.float64)
        s.case(op, 'int32', [i32(7, -7, 3, 0, 2147483647), i32(2, 2, -3, 5, 2)])
        s.case(op, 'int32 with float32', [i32(1, -2, 3), [3]])
        s.case(op, 'float32 with float64', [[3], f64(0.1, 0.2, 0.3)])
        s.case(op, 'float32 [3] with float64 scalar', [[3], f64(0.1).reshape([])])
        s.case(op, 'special pairs', [
            f32(0., -0., inf, inf, nan, 1., -inf, 1., 3e38), f32(0., 0., inf, -inf, 1., nan, 2., 0., 3e38)], grad=False)
        s.error(op, 'shapes do not fit', [[2, 3], [2, 4]])
    for op in ('add', 'sub', 'mul', 'div'):
        s.case(op, 'number', [[2, 3], 2.5])
        s.case(op, 'int32 with a whole number', [i32(1, -2, 3), 2])
        s.case(op, 'int32 with a fraction', [i32(1, -2, 3), 0.5])
    for op in ('add', 'mul', 'maximum', 'minimum'):
        s.case(op, 'bool with int32', [boolean(True, False, True), i32(5, 6, -7)])
        s.case(op, 'bool with bool', [boolean(True, True, False, False), boolean(True, False, True, False)])
    s.error('sub', 'bool with bool', [boolean(True, False), boolean(True, True)])
    for op in ('maximum', 'minimum'):
        s.case(op, 'ties share the gradient', [f32(1., 2., 0., -0.), f32(1., 1., -0., 5.)])
        s.case(op, 'ties under broadcasting', [f32(1., 2., shape=[2, 1]), f32(1., 2., 3.)])
    s.case('div', 'int32 by 0', [i32(1, -1, 0), i32(0, 0, 0)])

    for op in COMPARE:
        s.case(op, 'float32', [f32(1., 2., 2., 0., -0., nan, inf, 1.), f32(2., 1., 2., -0., 0., nan, inf, nan)], grad=False)
        s.case(op, 'broadcast', [f32(1., 2., 3., shape=[3, 1]), f32(1., 2.5, 3.)], grad=False)
        s.case(op, 'number', [f32(-1., 0., 1., nan), 0], grad=False)
        s.case(op, 'int32', [i32(1, 2, 3), i32(3, 2, 1)])
        s.case(op, 'int32 with float32', [i32(1, 2, 3), f32(1.5, 2., 2.5)], grad=False)
        s.case(op, 'bool', [boolean(True, True, False), boolean(True, False, False)])

    condition = boolean([True, False, True], [False, False, True])
    s.case('where', 'same shape', [condition, [2, 3], [2, 3]])
    s.case('where', 'broadcast', [condition[:1], [2, 1], [3]])
    s.case('where', 'scalar tensors', [condition, [], []])
    s.case('where', 'not-taken NaN', [boolean(True, False), f32(1., nan), f32(nan, 2.)])
    s.case('where', 'int32', [condition, ints([2, 3], -9, 9), ints([3], -9, 9)])
    for op in ('eq', 'ne', 'lt', 'le', 'gt', 'ge'):
        s.error(op, 'shapes do not fit', [[2, 3], [2, 4]])
    s.error('where', 'shapes do not fit', [condition, [2, 3], [2, 4]])
    return s.typescript(NAME)

"""Reductions."""
import torch

from opcase import FOLDER, Suite, boolean, f32, i32, inf, nan

NAME = 'ops/reduce'
OUT = f'{FOLDER}/reduce.ts'

EMPTY = torch.zeros(0, 3)


def make():
    s = Suite('reduce')
    for op in ('sum', 'mean', 'var', 'amax', 'amin'):
        s.case(op, 'all', [[2, 3, 4]])
        s.case(op, 'dim 0', [[3, 4]], {'dim': 0})
        s.case(op, 'dim -1, keepdim', [[2, 3, 4]], {'dim': -1, 'keepdim': True})
        s.case(op, 'dims [0, 2]', [[2, 3, 4]], {'dim': [0, 2]})
        s.case(op, 'dims [0, 2], keepdim', [[2, 3, 4]], {'dim': [0, 2], 'keepdim': True})
        s.case(op, 'size 1', [[3, 1]], {'dim': 1} if op != 'var' else {'dim': 1, 'correction': 0})
        s.case(op, 'float64', [[3, 4]], {'dim': 1}, dtype=torch.float64)
        s.case(op, 'nan and inf', [f32(1., nan, inf, -inf, 2., 3., shape=[3, 2])], {'dim': 0}, grad=False)
        s.error(op, 'dim out of range', [[2, 3]], {'dim': 2})
    for op in ('sum', 'mean', 'amax', 'amin', 'max', 'min'):
        s.case(op, 'scalar', [[]])
    for op in ('sum', 'mean', 'var'):
        s.case(op, 'nothing', [EMPTY])
        s.case(op, 'nothing along dim 0', [EMPTY], {'dim': 0})
        s.case(op, 'empty result', [EMPTY], {'dim': 1})
    s.case('var', 'correction 0', [[2, 3, 4]], {'dim': [0, 2], 'correction': 0})
    s.case('var', 'one value, correction 1', [[3, 1]], {'dim': 1}, grad=False)
    s.case('sum', 'int32', [i32([1, -2, 3], [4, 5, -60])], {'dim': 1})
    s.case('sum', 'bool', [boolean([True, False, True], [False, True, True])], {'dim': 0})
    s.case('sum', 'bool, all', [boolean([True, False, True], [False, True, True])])
    s.error('mean', 'int32', [i32(1, 2)])

    tied = f32(1., 3., 3., 2., 3., 0., shape=[2, 3])
    for op, sign in (('max', 1), ('min', -1), ('amax', 1), ('amin', -1)):
        s.case(op, 'ties, all', [tied * sign])
        s.case(op, 'ties, dim 1', [tied * sign], {'dim': 1})
        s.case(op, 'int32, dim 1', [i32([1, 5, 5], [7, -2, 7])], {'dim': 1})
        s.error(op, 'nothing', [EMPTY])
        s.error(op, 'nothing along dim 0', [EMPTY], {'dim': 0})
    for op in ('max', 'min'):
        s.case(op, 'all', [[2, 3, 4]])
        s.case(op, 'dim 0', [[3, 4]], {'dim': 0})
        s.case(op, 'dim -1, keepdim', [[2, 3, 4]], {'dim': -1, 'keepdim': True})
        s.case(op, 'nan, dim 1', [f32(1., nan, inf, nan, -inf, 2., shape=[2, 3])], {'dim': 1}, grad=False)
        s.case(op, 'empty result', [EMPTY], {'dim': 1}, grad=False)
    for op in ('argmax', 'argmin'):
        s.case(op, 'all', [[2, 3, 4]], grad=False)
        s.case(op, 'dim 1', [[2, 3, 4]], {'dim': 1}, grad=False)
        s.case(op, 'dim -1, keepdim', [[2, 3, 4]], {'dim': -1, 'keepdim': True}, grad=False)
        s.case(op, 'ties', [f32(1., 3., 3., 0., 0., 3., shape=[2, 3])], {'dim': 1}, grad=False)
        s.case(op, 'nan', [f32(1., nan, inf, nan, -inf, nan, shape=[2, 3])], {'dim': 1}, grad=False)
        s.case(op, 'int32', [i32([1, 5, 5], [7, -2, 7])], {'dim': 1})
        s.error(op, 'nothing', [EMPTY])
    return s.typescript(NAME)

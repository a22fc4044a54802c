"""Views, cat, stack, pad."""
import torch

from opcase import FOLDER, Suite, boolean, i32, inf, ints

NAME = 'ops/movement'
OUT = f'{FOLDER}/movement.ts'


def make():
    s = Suite('movement')
    s.case('reshape', '[2,3,4] to [4,6]', [[2, 3, 4]], {'shape': [4, 6]})
    s.case('reshape', 'with -1', [[2, 3, 4]], {'shape': [3, -1]})
    s.case('reshape', 'to a scalar', [[1, 1]], {'shape': []})
    s.case('reshape', 'empty', [[0, 3]], {'shape': [3, 0, 2]})
    s.error('reshape', 'wrong count', [[2, 3]], {'shape': [4, 2]})
    s.error('reshape', '-1 does not divide', [[2, 3]], {'shape': [4, -1]})
    s.case('permute', '[2,0,1]', [[2, 3, 4]], {'dims': [2, 0, 1]})
    s.case('permute', 'negative', [[2, 3, 4]], {'dims': [-1, 1, 0]})
    s.error('permute', 'repeated', [[2, 3, 4]], {'dims': [0, 0, 1]})
    s.case('transpose', '0 and -1', [[2, 3, 4]], {'dim0': 0, 'dim1': -1})
    s.case('flatten', 'all', [[2, 3, 4]])
    s.case('flatten', 'from 1', [[2, 3, 2, 2]], {'startDim': 1})
    s.case('flatten', '1 to 2', [[2, 3, 2, 2]], {'startDim': 1, 'endDim': 2})
    s.case('flatten', 'scalar', [[]])
    s.case('squeeze', 'all', [[1, 3, 1, 2]])
    s.case('squeeze', 'dim 2', [[1, 3, 1, 2]], {'dim': 2})
    s.case('squeeze', 'not of size 1', [[1, 3, 1, 2]], {'dim': 1})
    s.case('unsqueeze', '0', [[2, 3]], {'dim': 0})
    s.case('unsqueeze', '-1', [[2, 3]], {'dim': -1})
    s.error('transpose', 'out of range', [[2, 3]], {'dim0': 0, 'dim1': 2})
    s.error('flatten', 'out of range', [[2, 3]], {'startDim': 2})
    s.error('flatten', 'end before start', [[2, 3, 4]], {'startDim': 2, 'endDim': 0})
    s.error('squeeze', 'out of range', [[2, 1]], {'dim': 2})
    s.error('unsqueeze', 'out of range', [[2, 3]], {'dim': 3})
    s.case('expand', '[3,1] to [2,3,4]', [[3, 1]], {'shape': [2, 3, 4]})
    s.case('expand', 'with -1', [[3, 1]], {'shape': [-1, 4]})
    s.case('expand', 'scalar', [[]], {'shape': [2, 2]})
    s.error('expand', 'size 3 to 4', [[3, 2]], {'shape': [4, 2]})

    for name, shape, index in (
        ('number', [4, 5], [2]), ('negative number', [4, 5], [-1]), ('all, number', [4, 5], [None, 3]),
        ('ranges', [4, 5], [[1, 3], [0, 4]]), ('open end', [4, 5], [[2], None]), ('step', [7, 5], [[1, 7, 2], [0, 5, 3]]),
        ('negative ends', [4, 5], [[-3, -1], [-2, 5]]), ('clamped', [4, 5], [[1, 100], [-100, 2]]),
        ('empty', [4, 5], [[3, 2]]), ('mixed, rank 3', [3, 4, 5], [[0, 2], 1, [1, 5, 2]]),
    ):
        if index[0] == [2]:
            # Python's slice(2) is an end; konv's [2] is a start.
            index = [[2, shape[0]], None]
        s.case('slice', name, [shape], {'index': index})
    s.case('slice', 'int32', [ints([4, 5], -9, 9)], {'index': [[1, 3], -2]})
    s.error('slice', 'number out of range', [[4, 5]], {'index': [4]})
    s.error('slice', 'too many entries', [[4, 5]], {'index': [0, 0, 0]})
    s.case('select', 'dim 1', [[3, 4, 2]], {'dim': 1, 'index': 2})
    s.case('select', 'negative', [[3, 4, 2]], {'dim': -1, 'index': -1})
    s.error('select', 'out of range', [[3, 4]], {'dim': 0, 'index': 3})

    s.case('cat', 'dim 0', [[2, 3], [1, 3], [3, 3]], {'dim': 0})
    s.case('cat', 'dim -1', [[2, 3], [2, 1]], {'dim': -1})
    s.case('cat', 'with an empty one', [[2, 3], [0, 3]], {'dim': 0})
    s.case('cat', 'int32 with float32', [i32(1, 2), [3]], {'dim': 0})
    s.case('cat', 'bool', [boolean(True, False), boolean(True)], {'dim': 0})
    s.error('cat', 'sizes differ', [[2, 3], [2, 4]], {'dim': 0})
    s.error('cat', 'ranks differ', [[2, 3], [3]], {'dim': 0})
    s.case('stack', 'dim 0', [[2, 3], [2, 3]], {'dim': 0})
    s.case('stack', 'dim -1', [[2, 3], [2, 3], [2, 3]], {'dim': -1})
    s.error('stack', 'shapes differ', [[2, 3], [3, 2]], {'dim': 0})

    s.case('pad', 'last dim', [[2, 3]], {'padding': [1, 2]})
    s.case('pad', 'two dims, value', [[2, 3]], {'padding': [1, 0, 2, 1], 'value': 0.5})
    s.case('pad', '-inf', [[2, 3]], {'padding': [1, 1], 'value': -inf})
    s.case('pad', 'negative crops', [[3, 5]], {'padding': [-1, 2, 1, -1]})
    s.case('pad', 'int32', [ints([2, 2], -9, 9)], {'padding': [1, 1, 0, 1], 'value': 7})
    s.error('pad', 'odd list', [[2, 3]], {'padding': [1, 2, 3]})
    return s.typescript(NAME)

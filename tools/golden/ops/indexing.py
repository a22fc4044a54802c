"""gather, scatterAdd, indexSelect, cumsum, sort."""
import torch

from opcase import FOLDER, Suite, f32, i32, inf, ints, nan

NAME = 'ops/indexing'
OUT = f'{FOLDER}/indexing.ts'


def make():
    s = Suite('indexing')
    s.case('gather', 'dim 0', [[4, 3], ints([2, 3], 0, 4)], {'dim': 0})
    s.case('gather', 'dim 1, repeated', [[2, 3], i32([0, 0, 2, 2], [1, 1, 1, 0])], {'dim': 1})
    s.case('gather', 'rank 3, smaller index', [[3, 4, 2], ints([2, 3, 2], 0, 4)], {'dim': 1})
    s.case('gather', 'int32', [ints([4, 3], -9, 9), ints([2, 3], 0, 4)], {'dim': 0})
    s.case('gather', 'scalar', [[], torch.tensor(0, dtype=torch.int32)], {'dim': 0})
    s.case('gather', 'nothing', [[2, 3], torch.zeros(2, 0, dtype=torch.int32)], {'dim': 1})
    s.case('gather', 'longer than the axis', [[2, 2], ints([2, 5], 0, 2)], {'dim': -1})
    s.error('gather', 'index too large beside the axis', [[2, 3], ints([3, 1], 0, 3)], {'dim': 1})
    s.error('gather', 'float32 index', [[2, 3], [2, 1]], {'dim': 1})
    s.error('gather', 'dim out of range', [[2, 3], i32([0])], {'dim': 2})
    s.error('gather', 'index out of range', [[2, 3], i32([3])], {'dim': 1})
    s.error('gather', 'ranks differ', [[2, 3], i32(0, 1)], {'dim': 1})
    s.case('scatterAdd', 'dim 0', [[4, 3], ints([2, 3], 0, 4), [2, 3]], {'dim': 0})
    s.case('scatterAdd', 'dim 1, repeated', [[2, 3], i32([0, 0, 2, 2], [1, 1, 1, 0]), [2, 4]], {'dim': 1})
    # PyTorch has a gradient for the source only where it has the shape of the index.
    s.case('scatterAdd', 'smaller index', [[3, 4], ints([2, 2], 0, 4), [3, 4]], {'dim': 1}, grad=[True, False, False])
    s.case('scatterAdd', 'int32', [ints([4], -9, 9), i32(1, 1, 3), ints([3], -9, 9)], {'dim': 0})
    s.case('scatterAdd', 'nothing', [[2, 3], torch.zeros(2, 0, dtype=torch.int32), torch.zeros(2, 0)], {'dim': 1}, grad=[True, False, False])
    s.error('scatterAdd', 'source too small', [[2, 3], i32([0, 1], [1, 1]), [1, 2]], {'dim': 1})
    s.error('scatterAdd', 'index too large beside the axis', [[2, 3], ints([3, 1], 0, 3), [3, 1]], {'dim': 1})
    s.error('scatterAdd', 'dtypes differ', [[3], i32(0), i32(1)], {'dim': 0})
    s.error('scatterAdd', 'index out of range', [[2, 3], i32([3]), [1, 1]], {'dim': 1})
    s.case('indexSelect', 'dim 0', [[4, 3], i32(3, 0, 0)], {'dim': 0})
    s.case('indexSelect', 'dim -1', [[2, 3, 4], i32(1, 3)], {'dim': -1})
    s.case('indexSelect', 'no index', [[4, 3], torch.zeros(0, dtype=torch.int32)], {'dim': 0})
    s.case('indexSelect', 'scalar index', [[4, 3], torch.tensor(2, dtype=torch.int32)], {'dim': 0})
    s.case('indexSelect', 'int32', [ints([4, 2], -9, 9), i32(3, 1)], {'dim': 0})
    s.error('indexSelect', 'a matrix of indices', [[4, 3], i32([0, 1])], {'dim': 0})
    s.error('indexSelect', 'float32 index', [[4, 3], [2]], {'dim': 0})
    s.error('indexSelect', 'dim out of range', [[4, 3], i32(0)], {'dim': 2})
    s.error('indexSelect', 'index out of range', [[4, 3], i32(4)], {'dim': 0})

    s.case('cumsum', 'dim 0', [[4, 3]], {'dim': 0})
    s.case('cumsum', 'dim -1', [[2, 3, 5]], {'dim': -1})
    s.case('cumsum', 'int32', [ints([2, 5], -9, 9)], {'dim': 1})
    s.case('cumsum', 'nan and inf', [f32(1., inf, 2., -inf, nan, 1.)], {'dim': 0}, grad=False)
    s.case('cumsum', 'scalar', [[]], {'dim': 0})
    s.case('cumsum', 'bool', [i32(1, 0, 1).bool()], {'dim': 0})
    s.case('cumsum', 'nothing', [torch.zeros(0, 3)], {'dim': 0})
    s.error('cumsum', 'out of range', [[2, 3]], {'dim': 2})

    for descending in (False, True):
        way = 'descending' if descending else 'ascending'
        s.case('sort', way, [[3, 7]], {'dim': -1, 'descending': descending})
        s.case('sort', f'{way}, dim 0', [[5, 2]], {'dim': 0, 'descending': descending})
        s.case('sort', f'{way}, ties are stable', [f32(2., 1., 2., 0., 1., 2.)], {'dim': 0, 'descending': descending})
        s.case('sort', f'{way}, nan and inf', [f32(1., nan, -inf, inf, nan, 0.)], {'dim': 0, 'descending': descending}, grad=False)
        s.case('sort', f'{way}, int32', [ints([2, 6], -3, 3)], {'dim': 1, 'descending': descending})
    s.case('sort', 'scalar', [[]], {'dim': 0, 'descending': False})
    s.case('sort', 'nothing', [torch.zeros(0, 3)], {'dim': 0, 'descending': False}, grad=False)
    s.error('sort', 'dim out of range', [[2, 3]], {'dim': 2, 'descending': False})
    return s.typescript(NAME)

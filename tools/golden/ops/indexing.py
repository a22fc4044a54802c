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
    s.error('gather', 'index out of range', [[2, 3], i32([3])], {'dim': 1})
    s.error('gather', 'ranks differ', [[2, 3], i32(0, 1)], {'dim': 1})
    s.case('scatterAdd', 'dim 0', [[4, 3], ints([2, 3], 0, 4), [2, 3]], {'dim': 0})
    s.case('scatterAdd', 'dim 1, repeated', [[2, 3], i32([0, 0, 2, 2], [1, 1, 1, 0]), [2, 4]], {'dim': 1})
    # PyTorch has a gradient for the source only where it has the shape of the index.
    s.case('scatterAdd', 'smaller index', [[3, 4], ints([2, 2], 0, 4), [3, 4]], {'dim': 1}, grad=[True, False, False])
    s.error('scatterAdd', 'index out of range', [[2, 3], i32([3]), [1, 1]], {'dim': 1})
    s.case('indexSelect', 'dim 0', [[4, 3], i32(3, 0, 0)], {'dim': 0})
    s.case('indexSelect', 'dim -1', [[2, 3, 4], i32(1, 3)], {'dim': -1})
    s.case('indexSelect', 'no index', [[4, 3], torch.zeros(0, dtype=torch.int32)], {'dim': 0})
    s.error('indexSelect', 'index out of range', [[4, 3], i32(4)], {'dim': 0})

    s.case('cumsum', 'dim 0', [[4, 3]], {'dim': 0})
    s.case('cumsum', 'dim -1', [[2, 3, 5]], {'dim': -1})
    s.case('cumsum', 'int32', [ints([2, 5], -9, 9)], {'dim': 1})
    s.case('cumsum', 'nan and inf', [f32(1., inf, 2., -inf, nan, 1.)], {'dim': 0}, grad=False)
    s.error('cumsum', 'out of range', [[2, 3]], {'dim': 2})

    for descending in (False, True):
        way = 'descending' if descending else 'ascending'
        s.case('sort', way, [[3, 7]], {'dim': -1, 'descending': descending})
        s.case('sort', f'{way}, dim 0', [[5, 2]], {'dim': 0, 'descending': descending})
        s.case('sort', f'{way}, ties are stable', [f32(2., 1., 2., 0., 1., 2.)], {'dim': 0, 'descending': descending})
        s.case('sort', f'{way}, nan and inf', [f32(1., nan, -inf, inf, nan, 0.)], {'dim': 0, 'descending': descending}, grad=False)
        s.case('sort', f'{way}, int32', [ints([2, 6], -3, 3)], {'dim': 1, 'descending': descending})
    return s.typescript(NAME)

"""Matrix products and linear layers."""
import torch

from opcase import FOLDER, Suite, f32, inf, nan

NAME = 'ops/matmul'
OUT = f'{FOLDER}/matmul.ts'


def make():
    s = Suite('matmul')
    for name, a, b in (
        ('vector vector', [5], [5]), ('vector matrix', [5], [5, 3]), ('matrix vector', [4, 5], [5]),
        ('matrix matrix', [4, 5], [5, 3]), ('batched', [2, 4, 5], [2, 5, 3]), ('batch with matrix', [2, 4, 5], [5, 3]),
        ('matrix with batch', [4, 5], [2, 5, 3]), ('batch with vector', [2, 4, 5], [5]), ('vector with batch', [5], [2, 5, 3]),
        ('batch of 1', [1, 4, 5], [3, 5, 2]), ('broadcast batches', [2, 1, 3, 4], [3, 4, 2]),
        ('odd sizes', [7, 9], [9, 11]), ('one row', [1, 6], [6, 1]), ('inner 0', [2, 0], [0, 3]), ('no rows', [0, 4], [4, 3]),
        ('empty batch', [0, 2, 3], [0, 3, 2]),
    ):
        s.case('matmul', name, [a, b])
    s.case('matmul', 'transposed a', [[5, 4], [5, 3]], {'transposeA': True})
    s.case('matmul', 'transposed b', [[4, 5], [3, 5]], {'transposeB': True})
    s.case('matmul', 'both transposed, batched', [[2, 5, 4], [2, 3, 5]], {'transposeA': True, 'transposeB': True})
    s.case('matmul', 'float64', [[3, 4], [4, 2]], dtype=torch.float64)
    s.case('matmul', '0 times inf is nan', [f32(0., 1., 0., 2., shape=[2, 2]), f32(inf, 1., 2., nan, shape=[2, 2])], grad=False)
    s.error('matmul', 'inner sizes differ', [[2, 3], [4, 2]])
    s.error('matmul', 'vectors of different length', [[3], [4]])
    s.error('matmul', 'batches do not fit', [[2, 3, 4], [3, 4, 2]])
    s.error('matmul', 'scalar', [[], [2, 2]])

    for name, x, w, b in (
        ('with bias', [3, 5], [4, 5], [4]), ('without bias', [3, 5], [4, 5], None), ('rank 1', [5], [4, 5], [4]),
        ('rank 3', [2, 3, 5], [4, 5], [4]), ('batch 0', [0, 5], [4, 5], [4]), ('one output', [3, 5], [1, 5], [1]),
    ):
        s.case('linear', name, [x, w, b])
    s.case('linear', 'float64', [[3, 5], [4, 5], [4]], dtype=torch.float64)
    s.error('linear', 'wrong features', [[3, 6], [4, 5], [4]])
    return s.typescript(NAME)

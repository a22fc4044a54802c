"""Adaptive pooling. adaptiveMaxPool's outputs: values, and int32 indices into the input plane."""
import torch

from opcase import FOLDER, Draw, Suite, f32, inf, nan

NAME = 'ops/adaptivePool'
OUT = f'{FOLDER}/adaptive-pool.ts'


def tied(shape):
    return Draw(shape, lambda g, s: torch.randint(0, 3, s, generator=g).double())


def grid(*rows):
    return f32(*[v for row in rows for v in row], shape=[1, 1, len(rows), len(rows[0])])


def both(s, kind):
    for rank, name, x, size in (
        (1, 'divides', [2, 2, 6], 3),
        (1, 'does not divide', [2, 2, 7], 3),
        (1, 'to 1', [2, 3, 5], 1),
        (1, 'more than there is', [1, 2, 3], 5),
        (1, 'unbatched', [2, 7], 4),
        (1, 'batch 0', [0, 2, 7], 4),
        (2, 'divides', [1, 2, 4, 6], [2, 3]),
        (2, 'to 1', [2, 3, 4, 5], 1),
        (2, 'to the same', [1, 2, 3, 4], [3, 4]),
        (2, 'does not divide', [1, 2, 7, 5], [3, 4]),
        (2, 'one axis divides', [1, 2, 6, 5], [3, 2]),
        (2, 'null keeps an axis', [1, 2, 5, 4], [None, 2]),
        (2, 'null keeps the other axis', [1, 1, 5, 4], [3, None]),
        (2, 'more than there is', [1, 2, 2, 3], [5, 4]),
        (2, 'one number, does not divide', [2, 1, 5, 7], 2),
        (2, 'unbatched', [2, 5, 6], [2, 4]),
        (2, 'unbatched, to 1', [2, 5, 6], 1),
        (2, 'batch 0', [0, 2, 5, 6], 2),
        (2, 'batch 0, to 1', [0, 2, 5, 6], 1),
        (3, 'divides', [1, 2, 2, 4, 3], [1, 2, 3]),
        (3, 'does not divide', [1, 2, 3, 5, 4], [2, 3, 3]),
        (3, 'to 1', [1, 3, 2, 3, 4], 1),
        (3, 'null, one number for the rest', [1, 1, 3, 4, 5], [None, 2, 2]),
        (3, 'unbatched', [2, 3, 4, 3], 2),
        (3, 'batch 0', [0, 2, 3, 4, 3], 2),
    ):
        s.case(f'{kind}{rank}d', name, [x], {'outputSize': size})
    two = f'{kind}2d'
    s.case(two, 'float64', [[1, 2, 5, 4]], {'outputSize': [2, 3]}, dtype=torch.float64)
    s.case(two, 'nan and inf stay in their windows', [grid([1, nan, 3, 4, 5], [5, 6, 1, 8, 9], [5, 6, 7, 8, inf], [1, 2, 3, 4, 5])],
           {'outputSize': 3}, grad=False)
    s.case(two, 'second derivatives', [[1, 1, 5, 4]], {'outputSize': [3, 2]}, second=True)
    s.case(two, 'second derivatives, divides', [[1, 1, 4, 4]], {'outputSize': 2}, second=True)
    s.case(two, 'second derivatives, to 1', [[1, 2, 3, 3]], {'outputSize': 1}, second=True)
    s.error(two, 'negative', [[1, 2, 5, 4]], {'outputSize': -1})
    s.error(two, 'three sizes', [[1, 2, 5, 4]], {'outputSize': [2, 2, 2]})
    s.error(two, 'rank 2 input', [[5, 4]], {'outputSize': 2})
    s.error(f'{kind}1d', 'rank 1 input', [[5]], {'outputSize': 2})
    s.error(f'{kind}1d', 'two sizes', [[1, 2, 5]], {'outputSize': [2, 2]})
    s.error(f'{kind}3d', 'rank 3 input', [[3, 3, 3]], {'outputSize': 2})
    s.error(f'{kind}3d', 'two sizes', [[1, 2, 5, 4, 3]], {'outputSize': [2, 2]})


def make():
    s = Suite('adaptivePool')
    both(s, 'adaptiveAvgPool')
    both(s, 'adaptiveMaxPool')
    s.case('adaptiveMaxPool2d', 'ties', [tied([1, 2, 7, 7])], {'outputSize': 3})
    s.case('adaptiveMaxPool2d', 'ties, divides', [tied([1, 1, 6, 6])], {'outputSize': 2})
    s.case('adaptiveMaxPool2d', 'all -inf', [torch.full([1, 1, 3, 3], -inf)], {'outputSize': 2}, grad=False)
    s.case('adaptiveMaxPool3d', 'ties', [tied([1, 1, 3, 5, 4])], {'outputSize': [2, 3, 3]})
    return s.typescript(NAME)

"""embedding: inputs indices, weight."""
import torch

from opcase import FOLDER, Suite, i32, ints

NAME = 'ops/embedding'
OUT = f'{FOLDER}/embedding.ts'


def make():
    s = Suite('embedding')
    s.case('embedding', 'a list', [i32(3, 0, 3, 1), [4, 2]])
    s.case('embedding', 'a matrix', [ints([2, 3], 0, 5), [5, 3]])
    s.case('embedding', 'one index', [torch.tensor(1, dtype=torch.int32), [2, 3]])
    s.case('embedding', 'no indices', [torch.zeros([2, 0], dtype=torch.int32), [2, 3]])
    s.case('embedding', 'padding', [i32(3, 0, 3, 1), [4, 2]], {'paddingIdx': 3})
    s.case('embedding', 'padding from the end', [i32(3, 0, 3, 1), [4, 2]], {'paddingIdx': -4})
    s.case('embedding', 'vectors of one number, float64', [i32(1, 1, 0), [2, 1]], dtype=torch.float64)
    s.case('embedding', 'second derivatives', [i32(1, 1, 0), [3, 2]], {'paddingIdx': 0}, second=True)
    s.case('embedding', 'scaled by use', [ints([2, 3], 0, 3), [3, 2]], {'scaleGradByFreq': True})
    s.error('embedding', 'index too large', [i32(0, 4), [4, 2]])
    s.error('embedding', 'index negative', [i32(-1, 0), [4, 2]])
    s.error('embedding', 'a table of one axis', [i32(0, 1), [4]])
    s.error('embedding', 'indices that are floats', [[2], [4, 2]])
    s.error('embedding', 'padding beyond the table', [i32(0), [4, 2]], {'paddingIdx': 4})
    return s.typescript(NAME)

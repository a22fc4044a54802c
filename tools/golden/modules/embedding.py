"""Embedding."""
import torch

from modulecase import FOLDER, Modules
from opcase import i32, ints

NAME = 'modules/embedding'
OUT = f'{FOLDER}/modules/embedding.ts'


def make():
    m = Modules('embedding')
    m.case(['Embedding', [5, 3], {}], 'a list', [i32(4, 0, 0, 2)])
    m.case(['Embedding', [6, 2], {}], 'a matrix', [ints([3, 2], 0, 6)])
    m.case(['Embedding', [4, 2], {}], 'one index', [torch.tensor(3, dtype=torch.int32)])
    m.case(['Embedding', [4, 2], {}], 'no indices', [torch.zeros([0, 2], dtype=torch.int32)])
    m.case(['Embedding', [4, 2], {'paddingIdx': 1}], 'padding gets no gradient', [i32(1, 3, 1, 0, 3)])
    m.case(['Embedding', [4, 2], {'paddingIdx': -1}], 'padding counted from the end', [i32(3, 0, 3)])
    m.case(['Embedding', [4, 3], {'paddingIdx': 2}], 'as initialised', [i32(2, 1)], state='initial', seed=3)
    m.case(['Embedding', [5, 2], {}], 'as initialised, 10 values', [i32(4, 0)], state='initial', seed=4)
    m.case(['Embedding', [4, 2], {}], 'float64', [i32(1, 1, 3)], dtype=torch.float64)
    m.case(['Embedding', [4, 2], {'maxNorm': 1.5}], 'maxNorm', [i32(1, 3, 1)])
    m.case(['Embedding', [4, 3], {'maxNorm': 0.5, 'normType': 1, 'paddingIdx': 0}], 'maxNorm of the 1-norm', [i32(0, 2, 2)])
    m.case(['Embedding', [4, 3], {'maxNorm': 1}], 'maxNorm, float64', [ints([2, 3], 0, 4)], dtype=torch.float64)
    m.case(['Embedding', [4, 2], {'scaleGradByFreq': True}], 'scaleGradByFreq', [i32(1, 3, 1, 1, 0)])
    m.case(['Embedding', [4, 2], {'scaleGradByFreq': True, 'paddingIdx': 1}], 'scaleGradByFreq with padding', [i32(1, 3, 1, 3, 3, 0)])
    m.error(['Embedding', [4, 2], {}], 'index too large', [i32(1, 4)])
    m.error(['Embedding', [4, 2], {}], 'index negative', [i32(-1)])
    m.error(['Embedding', [4, 2], {}], 'indices that are floats', [[2]])
    m.error(['Embedding', [4, 2], {'paddingIdx': 4}], 'padding beyond the table')
    m.error(['Embedding', [4, 2], {'paddingIdx': -5}], 'padding before the table')
    return m.typescript(NAME)

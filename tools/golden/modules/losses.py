"""Losses as layers; the first input is what the network gives, the second the target."""
import torch

from modulecase import FOLDER, Modules
from opcase import i32, uniform

NAME = 'modules/losses'
OUT = f'{FOLDER}/modules/losses.ts'

WEIGHT = {'tensor': [0.5, 2.0, 1.5]}


def make():
    m = Modules('losses')
    for layer in ('MSELoss', 'L1Loss', 'SmoothL1Loss', 'HuberLoss'):
        for reduction in ('mean', 'sum', 'none'):
            m.case([layer, [], {'reduction': reduction}], reduction, [[2, 3], [2, 3]])
        m.error([layer, [], {}], 'shapes that do not fit', [[2, 3], [2, 4]])
    m.case(['SmoothL1Loss', [], {'beta': 0.5}], 'beta', [[2, 3], [2, 3]])
    m.case(['HuberLoss', [], {'delta': 0.5}], 'delta', [[2, 3], [2, 3]])
    x, y = uniform([2, 3], 0.1, 0.9), uniform([2, 3], 0, 1)
    for reduction in ('mean', 'sum', 'none'):
        r = {'reduction': reduction}
        m.case(['BCELoss', [], r], reduction, [x, y], grad=[True, False])
        m.case(['BCEWithLogitsLoss', [], r], reduction, [[2, 3], y], grad=[True, False])
        m.case(['NLLLoss', [], r], reduction, [[4, 3], i64(0, 2, 1, 1)])
        m.case(['CrossEntropyLoss', [], r], reduction, [[4, 3], i64(0, 2, 1, 1)])
    m.case(['BCELoss', [], {'weight': WEIGHT}], 'weight', [x, y], grad=[True, False])
    m.case(['BCEWithLogitsLoss', [], {'weight': WEIGHT, 'posWeight': {'tensor': [3.0, 0.5, 1.0]}}], 'weights', [[2, 3], y],
           grad=[True, False])
    m.error(['BCELoss', [], {}], 'shapes differ', [x, uniform([2], 0, 1)])
    m.error(['BCEWithLogitsLoss', [], {}], 'shapes differ', [[2, 3], uniform([2], 0, 1)])
    for layer in ('NLLLoss', 'CrossEntropyLoss'):
        m.case([layer, [], {'weight': WEIGHT, 'ignoreIndex': 1}], 'weight and ignoreIndex', [[4, 3], i64(0, 2, 1, 2)])
        m.error([layer, [], {}], 'batches differ', [[4, 3], i64(0, 1)])
        m.error([layer, [], {'weight': {'tensor': [1.0, 2.0]}}], 'weight of another size', [[2, 3], i64(0, 1)])
    m.case(['CrossEntropyLoss', [], {'labelSmoothing': 0.2}], 'labelSmoothing', [[4, 3], i64(0, 2, 1, 2)])
    m.case(['CrossEntropyLoss', [], {}], 'probabilities', [[2, 3], uniform([2, 3], 0.1, 0.5)], grad=[True, False])
    for reduction in ('mean', 'batchmean', 'sum', 'none'):
        m.case(['KLDivLoss', [], {'reduction': reduction}], reduction, [[2, 3], uniform([2, 3], 0.1, 0.9)], grad=[True, False])
    m.case(['KLDivLoss', [], {'logTarget': True}], 'logTarget', [[2, 3], uniform([2, 3], -2, -0.1)], grad=[True, False])
    m.error(['KLDivLoss', [], {}], 'shapes that do not fit', [[2, 3], [2, 4]])
    return m.typescript(NAME)


def i64(*data):
    return i32(*data).to(torch.int64)

"""Losses of pairs of values: distances, binary cross entropy, divergence. Inputs x, target, then weights or null."""
import torch

from opcase import FOLDER, Suite, f32, f64, inf, nan, uniform

NAME = 'ops/element_losses'
OUT = f'{FOLDER}/element-losses.ts'

REDUCTIONS = ('mean', 'sum', 'none')
# Distances on both sides of 1, and of 0.5.
X, Y = f32(0., 1., -1., 2.5, -3., 0.3, 0.5), f32(0., 0., 0., 0., 0.25, 0.5, 1.)


def make():
    s = Suite('elementLosses')
    distances(s)
    binary(s)
    divergence(s)
    return s.typescript(NAME)


def distances(s):
    for op, key in (('l1Loss', None), ('smoothL1Loss', 'beta'), ('huberLoss', 'delta')):
        for reduction in REDUCTIONS:
            s.case(op, reduction, [[3, 4], [3, 4]], {'reduction': reduction})
        s.case(op, 'defaults, both sides of the kink', [X, Y])
        s.case(op, 'none, both sides of the kink', [X, Y], {'reduction': 'none'})
        s.case(op, 'float64', [[2, 3], [2, 3]], {}, dtype=torch.float64, second=op != 'l1Loss')
        s.case(op, 'empty, mean', [[0, 2], [0, 2]])
        s.case(op, 'infinite and nan', [f32(inf, -inf, nan, 1e30), f32(0., 0., 0., -1e30)], {'reduction': 'none'}, grad=False)
        s.error(op, 'shapes do not fit', [[3, 4], [2, 4]])
        s.error(op, 'unknown reduction', [[2], [2]], {'reduction': 'average'})
        if key:
            s.case(op, f'{key} 0.5', [X, Y], {key: 0.5, 'reduction': 'none'})
            s.case(op, f'{key} 2', [[3, 4], [3, 4]], {key: 2})
            s.error(op, f'{key} negative', [[2], [2]], {key: -1})
    # At a distance of exactly 0 PyTorch's gradient is -1, although its documentation says L1Loss, which has 0 there.
    s.case('smoothL1Loss', 'beta 0', [X[1:], Y[1:]], {'beta': 0, 'reduction': 'none'})
    s.error('huberLoss', 'delta 0', [[2], [2]], {'delta': 0})


def binary(s):
    x, y = uniform([3, 4], 0.05, 0.95), uniform([3, 4], 0, 1)
    ends = f32(0., 1., 0., 1., 0.5, 1e-13, 1e-5, 1 - 6e-8)
    hard = f32(0., 1., 1., 0., 1., 1., 0., 0.)
    op = 'binaryCrossEntropy'
    for reduction in REDUCTIONS:
        r = {'reduction': reduction}
        s.case(op, reduction, [x, y, None], r, grad=[True, False, False])
        s.case(op, f'{reduction}, weight', [x, y, uniform([4], 0.3, 2)], r, grad=[True, False, False])
        s.case('binaryCrossEntropyWithLogits', reduction, [[3, 4], y, None, None], r, grad=[True, False, False, False])
        s.case('binaryCrossEntropyWithLogits', f'{reduction}, weight and posWeight', [
            [3, 4], y, uniform([3, 1], 0.3, 2), uniform([4], 0.3, 3)], r, grad=[True, False, False, False])
    s.case(op, 'the ends', [ends, hard, None], {'reduction': 'none'}, grad=[True, False, False])
    s.case(op, 'float64', [uniform([2, 3], 0.05, 0.95), uniform([2, 3], 0, 1), None], {}, dtype=torch.float64, second=True,
           grad=[True, False, False])
    s.case(op, 'empty, mean', [[0, 2], [0, 2], None], grad=[True, False, False])
    s.error(op, 'shapes differ', [x, uniform([4], 0, 1), None])
    s.error(op, 'above 1', [f32(0.5, 1.5), f32(1., 1.), None])
    s.error(op, 'below 0', [f32(0.5, -0.1), f32(1., 1.), None])
    s.error(op, 'weight of another shape', [x, y, [3]])
    op = 'binaryCrossEntropyWithLogits'
    s.case(op, 'large scores', [f32(100., -100., 1000., -1000., 0., 88.), f32(1., 1., 0., 0., 0.5, 0.), None, None], {'reduction': 'none'},
           grad=[True, False, False, False])
    s.case(op, 'gradient of the target', [[2, 3], uniform([2, 3], 0, 1), None, None])
    s.case(op, 'nan', [f32(nan, 0.), f32(1., 1.), None, None], {'reduction': 'none'}, grad=False)
    s.case(op, 'float64', [[2, 3], uniform([2, 3], 0, 1), None, uniform([3], 0.3, 3)], {}, dtype=torch.float64, second=True,
           grad=[True, False, False, False])
    s.error(op, 'shapes differ', [[3, 4], uniform([3, 1], 0, 1), None, None])
    s.error(op, 'posWeight of another shape', [[3, 4], y, None, [3]])


def divergence(s):
    p = f64([0.2, 0.5, 0.3], [0., 1., 0.]).float()
    for reduction in (*REDUCTIONS, 'batchmean'):
        r = {'reduction': reduction}
        s.case('klDiv', reduction, [[2, 3], p], r, grad=[True, False])
        s.case('klDiv', f'{reduction}, logTarget', [[2, 3], uniform([2, 3], -2, -0.1)], {**r, 'logTarget': True}, grad=[True, False])
    s.case('klDiv', 'defaults, float64', [[2, 3], uniform([2, 3], 0.1, 1)], {}, dtype=torch.float64, second=True)
    s.error('klDiv', 'shapes do not fit', [[2, 3], [2, 4]])

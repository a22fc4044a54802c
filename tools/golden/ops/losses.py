"""softmax, logSoftmax and losses. Class losses take inputs scores, targets (int32; float for probabilities), weight | null."""
import torch

from opcase import FOLDER, Suite, f32, i32, inf, ints, nan, uniform

NAME = 'ops/losses'
OUT = f'{FOLDER}/losses.ts'

TARGETS = i32(3, 0, 2, 0)
IGNORING = i32(3, -100, 2, -100)


def log_probabilities(shape, seed):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return torch.log_softmax(x, 1)


def make():
    s = Suite('losses')
    for op in ('softmax', 'logSoftmax'):
        s.case(op, 'last dim', [[3, 5]], {'dim': -1})
        s.case(op, 'dim 0', [[3, 5]], {'dim': 0})
        s.case(op, 'dim 1 of 3', [[2, 4, 3]], {'dim': 1})
        s.case(op, 'rank 1', [[6]], {'dim': 0})
        s.case(op, 'one class', [[3, 1]], {'dim': 1})
        s.case(op, 'empty', [[0, 4]], {'dim': 1})
        s.case(op, 'float64', [[2, 4]], {'dim': 1}, dtype=torch.float64)
        s.case(op, 'large', [f32(1000., 1001., -1000., 3e38, 0., 1., shape=[2, 3])], {'dim': 1})
        s.case(op, '-inf, nan and inf rows', [
            f32(-inf, 0., 1., -inf, -inf, -inf, nan, 0., 1., inf, 0., 1., shape=[4, 3])], {'dim': 1}, grad=False)
        s.error(op, 'dim out of range', [[2, 3]], {'dim': 2})

    for reduction in ('mean', 'sum', 'none'):
        r = {'reduction': reduction}
        s.case('mseLoss', reduction, [[3, 4], [3, 4]], r)
        s.case('crossEntropy', reduction, [[4, 5], TARGETS, None], r)
        s.case('crossEntropy', f'{reduction}, ignored', [[4, 5], IGNORING, None], r)
        s.case('crossEntropy', f'{reduction}, weight', [[4, 5], TARGETS, uniform([5], 0.2, 2)], r, grad=[True, False, False],
               tags=['weight'])
        s.case('crossEntropy', f'{reduction}, labelSmoothing', [[4, 5], TARGETS, None], {**r, 'labelSmoothing': 0.1},
               tags=['labelSmoothing'])
        s.case('crossEntropy', f'{reduction}, weight, ignored and labelSmoothing', [[4, 5], IGNORING, uniform([5], 0.2, 2)],
               {**r, 'labelSmoothing': 0.2}, grad=[True, False, False], tags=['weight', 'labelSmoothing'])
        s.case('nllLoss', reduction, [log_probabilities([4, 5], 1), TARGETS, None], r)
        s.case('nllLoss', f'{reduction}, weight, ignored', [log_probabilities([4, 5], 2), IGNORING, uniform([5], 0.2, 2)], r,
               grad=[True, False, False], tags=['weight'])
    s.case('mseLoss', 'defaults, broadcast', [[3, 4], [4]])
    s.case('mseLoss', 'empty, mean', [[0, 4], [0, 4]])
    s.case('mseLoss', 'float64', [[3, 2], [3, 2]], dtype=torch.float64)
    s.error('mseLoss', 'shapes do not fit', [[3, 4], [2, 4]])
    s.case('crossEntropy', 'defaults', [[3, 4], i32(1, 3, 0), None])
    s.case('crossEntropy', 'all ignored, mean', [[2, 3], i32(-100, -100), None])
    s.case('crossEntropy', 'all ignored, sum', [[2, 3], i32(-100, -100), None], {'reduction': 'sum'})
    s.case('crossEntropy', 'ignoreIndex 1', [[4, 3], i32(0, 1, 2, 1), None], {'ignoreIndex': 1})
    s.case('crossEntropy', 'unbatched', [[5], i32(2).reshape([]), None])
    s.case('crossEntropy', 'one axis behind the classes', [[2, 3, 4], ints([2, 4], 0, 3), None])
    s.case('crossEntropy', 'image', [[2, 3, 2, 2], ints([2, 2, 2], 0, 3), None], {'reduction': 'none'})
    s.case('crossEntropy', 'probabilities', [[2, 3], f32(0.2, 0.5, 0.3, 0., 0., 1., shape=[2, 3]), None], grad=[True, False, False],
           tags=['probabilities'])
    s.case('crossEntropy', 'batch 0, mean', [[0, 3], torch.zeros(0, dtype=torch.int32), None])
    s.case('crossEntropy', 'large scores', [f32(1000., 0., -1000., 1000., 0., -1000., shape=[2, 3]), i32(0, 2), None])
    s.case('crossEntropy', 'inf and nan scores', [
        f32(inf, 0., nan, 0., -inf, 0., shape=[3, 2]), i32(0, 1, 0), None], {'reduction': 'none'}, grad=False)
    s.case('crossEntropy', 'float64', [[3, 4], i32(1, 3, 0), None], dtype=torch.float64)
    s.error('nllLoss', 'target too large', [log_probabilities([2, 3], 3), i32(0, 3), None])
    s.error('nllLoss', 'batches differ', [log_probabilities([2, 3], 4), i32(0, 1, 2), None])
    s.case('nllLoss', 'unbatched', [log_probabilities([1, 5], 5)[0], i32(2).reshape([]), None])
    s.case('nllLoss', 'image, none', [log_probabilities([2, 3, 2, 2], 6), ints([2, 2, 2], 0, 3), None], {'reduction': 'none'})
    s.case('nllLoss', 'all ignored', [log_probabilities([2, 3], 7), i32(-100, -100), None])
    s.error('crossEntropy', 'target too large', [[2, 3], i32(0, 3), None])
    s.error('crossEntropy', 'target negative', [[2, 3], i32(0, -1), None])
    s.error('crossEntropy', 'batches differ', [[2, 3], i32(0, 1, 2), None])
    s.error('crossEntropy', 'weight of the wrong size', [[2, 3], i32(0, 1), [2]], tags=['weight'])
    return s.typescript(NAME)

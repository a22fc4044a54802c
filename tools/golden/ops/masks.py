"""Masks, one-hot, the greatest k."""
import torch

from opcase import FOLDER, Suite, boolean, f32, i32, inf, ints, nan

NAME = 'ops/masks'
OUT = f'{FOLDER}/masks.ts'

MASK = boolean([True, False, True], [False, False, True])


def make():
    s = Suite('masks')
    s.case('maskedFill', 'number', [[2, 3], MASK, -1.5])
    s.case('maskedFill', '-inf', [[2, 3], MASK, -inf])
    s.case('maskedFill', 'mask broadcasts', [[2, 3], boolean(True, False, True), 0.5])
    s.case('maskedFill', 'input broadcasts', [[3], MASK, 0.5])
    s.case('maskedFill', 'scalar tensor', [[2, 3], MASK, []])
    s.case('maskedFill', 'nan and inf masked', [f32(nan, 1., inf, 2., 3., nan, shape=[2, 3]), MASK, 0.])
    s.case('maskedFill', 'int32', [ints([2, 3], -9, 9), MASK, 7])
    s.case('maskedFill', 'bool', [boolean(True, False, True), boolean(False, True, True), 0])
    s.error('maskedFill', 'a vector as value', [[2, 3], MASK, [1]])
    s.error('maskedFill', 'float32 mask', [[2, 3], [2, 3], 1.])
    s.error('maskedFill', 'shapes do not fit', [[2, 4], MASK, 1.])
    s.case('maskedSelect', 'matrix', [[2, 3], MASK])
    s.case('maskedSelect', 'mask broadcasts', [[2, 3], boolean(True, False, True)])
    s.case('maskedSelect', 'input broadcasts', [[3], MASK])
    s.case('maskedSelect', 'nothing', [[2], boolean(False, False)])
    s.case('maskedSelect', 'int32', [ints([2, 3], -9, 9), MASK])
    s.error('maskedSelect', 'float32 mask', [[2, 3], [2, 3]])
    s.error('maskedSelect', 'shapes do not fit', [[2, 4], MASK])
    s.case('oneHot', 'counted', [i32([0, 2], [1, 0])])
    s.case('oneHot', '5 classes', [i32(3, 0, 4)], {'numClasses': 5})
    s.case('oneHot', 'scalar', [torch.tensor(1, dtype=torch.int32)], {'numClasses': 3})
    s.case('oneHot', 'empty', [torch.zeros(0, dtype=torch.int32)], {'numClasses': 3})
    s.error('oneHot', 'too large', [i32(3)], {'numClasses': 3})
    s.error('oneHot', 'negative', [i32(-1)], {'numClasses': 3})
    s.error('oneHot', 'no classes', [i32(1)], {'numClasses': 0})
    s.error('oneHot', 'nothing to count', [torch.zeros(0, dtype=torch.int32)])

    special = f32(1., nan, -inf, inf, 0., -2.)
    for largest in (True, False):
        word = 'largest' if largest else 'least'
        s.case('topk', f'{word} 3', [[2, 7]], {'k': 3, 'largest': largest})
        s.case('topk', f'{word} 2, dim 0', [[4, 3]], {'k': 2, 'dim': 0, 'largest': largest})
        s.case('topk', f'{word} of nan and inf', [special], {'k': 4, 'largest': largest}, grad=False)
        s.case('topk', f'{word}, int32', [i32([5, -2, 7, 1], [0, 3, -4, 2])], {'k': 2, 'largest': largest})
    s.case('topk', 'all of them', [[2, 4]], {'k': 4})
    s.case('topk', 'none', [[2, 4]], {'k': 0})
    s.case('topk', 'of a scalar', [[]], {'k': 1})
    s.case('topk', 'float64', [[5]], {'k': 2}, dtype=torch.float64)
    s.error('topk', 'k too large', [[2, 4]], {'k': 5})
    s.error('topk', 'k negative', [[2, 4]], {'k': -1})
    s.error('topk', 'dim out of range', [[2, 4]], {'k': 1, 'dim': 2})
    s.case('argsort', 'ascending', [[2, 5]], grad=False)
    s.case('argsort', 'descending, dim 0', [[4, 2]], {'dim': 0, 'descending': True}, grad=False)
    s.case('argsort', 'ties and nan', [f32(2., nan, 1., 2., 1., nan)], grad=False)
    s.case('argsort', 'int32', [ints([6], -3, 3)], {'descending': True})
    s.error('argsort', 'dim out of range', [[2, 4]], {'dim': 2})
    return s.typescript(NAME)

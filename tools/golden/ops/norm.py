"""batchNorm: inputs x, weight | null, bias | null, runningMean | null, runningVar | null; outputs y and, where running
statistics were given, what they are afterwards."""
import torch

from opcase import FOLDER, Suite, f32, uniform

NAME = 'ops/norm'
OUT = f'{FOLDER}/norm.ts'


def make():
    s = Suite('norm')

    def case(name, x, attrs, affine=True, running=True, **options):
        c = x[1]
        mean, var = ([c], uniform([c], 0.3, 2)) if running else (None, None)
        s.case('batchNorm', name, [x, uniform([c], 0.5, 1.5) if affine else None, [c] if affine else None, mean, var], attrs,
               grad=[True, True, True, False, False], **options)

    training, evaluating = {'training': True, 'momentum': 0.1, 'eps': 1e-5}, {'training': False, 'momentum': 0.1, 'eps': 1e-5}
    case('training, 4-D', [3, 2, 3, 2], training)
    case('training, 3-D', [2, 3, 4], training)
    case('training, 2-D', [5, 3], training)
    case('training, 5-D', [2, 2, 2, 1, 3], training)
    case('training, no affine', [3, 2, 2, 2], training, affine=False)
    case('training, no running statistics', [3, 2, 2, 2], training, running=False)
    case('training, momentum 0.3, eps 0.1', [3, 2, 2, 2], {'training': True, 'momentum': 0.3, 'eps': 0.1})
    case('training, float64', [3, 2, 2, 2], training, dtype=torch.float64)
    case('evaluation, 4-D', [2, 3, 2, 2], evaluating)
    case('evaluation, 2-D, no affine', [3, 4], evaluating, affine=False)
    case('evaluation, float64', [2, 2, 3], evaluating, dtype=torch.float64)
    s.case('batchNorm', 'training, constant channel', [f32(2., 1., 2., 3., 2., 5., shape=[3, 2]), [2], [2], [2], uniform([2], 1, 2)],
           training, grad=[True, True, True, False, False])
    s.error('batchNorm', 'one value a channel in training', [[1, 3], [3], [3], [3], uniform([3], 1, 2)], training)
    s.error('batchNorm', 'weight of the wrong size', [[2, 3], [2], [3], [3], uniform([3], 1, 2)], training)
    s.error('batchNorm', 'running mean of the wrong size', [[2, 3], [3], [3], [2], uniform([3], 1, 2)], training)
    layer_norm(s)
    group_norm(s)
    instance_norm(s)
    return s.typescript(NAME)


def layer_norm(s):
    def case(name, x, shape, affine=True, **options):
        s.case('layerNorm', name, [x, shape if affine else None, shape if affine else None], {'normalizedShape': shape}, **options)

    case('last axis', [3, 4], [4])
    case('two axes of four', [2, 3, 2, 2], [2, 2], second=True)
    case('all axes', [2, 3], [2, 3])
    case('no affine', [2, 5], [5], affine=False)
    case('float64', [2, 3], [3], dtype=torch.float64)
    case('no rows', [0, 3], [3])
    s.case('layerNorm', 'one element', [f32(1., 2., 0., -3., shape=[4, 1]), [1], [1]], {'normalizedShape': [1]},
           grad=[False, True, True])  # PyTorch's gradient of x is the noise of its roundings
    s.case('layerNorm', 'large eps, weight only', [[2, 4], [4], None], {'normalizedShape': [4], 'eps': 0.5})
    s.error('layerNorm', 'another size', [[2, 3], [4], [4]], {'normalizedShape': [4]})
    s.error('layerNorm', 'weight of another shape', [[2, 4], [3], None], {'normalizedShape': [4]})


def group_norm(s):
    def case(name, x, groups, affine=True, **options):
        c = [x[1]]
        s.case('groupNorm', name, [x, c if affine else None, c if affine else None], {'numGroups': groups}, **options)

    case('two groups', [2, 4, 3], 2)
    case('images', [2, 4, 2, 2], 2, second=True)
    case('one group', [2, 3, 2], 1)
    case('a group a channel', [2, 3, 2, 2], 3)
    case('two axes', [3, 6], 2)
    case('no affine', [2, 2, 3], 1, affine=False)
    case('float64', [1, 4, 2], 2, dtype=torch.float64)
    case('no samples', [0, 4, 2], 2)
    s.error('groupNorm', 'groups do not divide', [[2, 4, 3], None, None], {'numGroups': 3})
    s.error('groupNorm', 'weight of another size', [[2, 4, 3], [3], None], {'numGroups': 2})
    s.error('groupNorm', 'one value', [[1, 2], None, None], {'numGroups': 2})


def instance_norm(s):
    def case(name, x, attrs=None, affine=True, running=False, **options):
        c = x[1]
        mean, var = ([c], uniform([c], 0.3, 2)) if running else (None, None)
        s.case('instanceNorm', name, [x, [c] if affine else None, [c] if affine else None, mean, var], attrs,
               grad=[True, True, True, False, False], **options)

    case('3-D', [2, 3, 4])
    case('images', [2, 2, 2, 2], second=True)
    case('no affine, eps 0.1', [2, 2, 3], {'eps': 0.1}, affine=False)
    case('running statistics', [3, 2, 4], {'momentum': 0.3}, running=True)
    case('by the running statistics', [2, 2, 3], {'useInputStats': False}, running=True)
    case('one sample, 5-D, float64', [1, 2, 2, 1, 2], running=True, dtype=torch.float64)
    s.error('instanceNorm', 'one position', [[2, 3, 1], None, None, None, None])
    s.error('instanceNorm', 'weight of another size', [[2, 3, 4], [4], None, None, None])
    s.error('instanceNorm', 'running mean of another size', [[2, 3, 4], None, None, [2], uniform([2], 1, 2)])

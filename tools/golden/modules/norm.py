"""Batch, layer, group and instance norm."""
import torch

from modulecase import FOLDER, Modules

NAME = 'modules/norm'
OUT = f'{FOLDER}/modules/norm.ts'


def make():
    m = Modules('norm')
    for rank, shapes in ((1, ([4, 3], [3, 3, 4])), (2, ([2, 3, 2, 3],)), (3, ([2, 3, 2, 1, 2],))):
        layer = f'BatchNorm{rank}d'
        for shape in shapes:
            m.case([layer, [3], {}], f'training on {len(shape)} axes', [shape])
            m.case([layer, [3], {}], f'evaluation on {len(shape)} axes', [shape], training=False)
        shape = shapes[0]
        m.case([layer, [3], {'momentum': 0.3, 'eps': 0.1}], 'momentum and eps', [shape])
        m.case([layer, [3], {}], 'three batches', [shape], repeat=3)
        m.case([layer, [3], {'momentum': None}], 'the plain average of three batches', [shape], repeat=3, state='initial', seed=0)
        m.case([layer, [3], {'affine': False}], 'no affine', [shape])
        m.case([layer, [3], {'trackRunningStats': False}], 'no running statistics', [shape])
        m.case([layer, [3], {'trackRunningStats': False}], 'no running statistics, evaluation', [shape], training=False)
        m.case([layer, [3], {}], 'float64', [shape], dtype=torch.float64)
        m.error([layer, [4], {}], 'other channels', [shape])
        m.error([layer, [3], {}], 'another rank', [[3]])
        m.error([layer, [3], {}], 'one value a channel', [[1, 3] + [1] * rank if rank > 1 else [1, 3]])
    m.error(['BatchNorm2d', [3], {}], 'two axes', [[4, 3]])
    m.error(['BatchNorm1d', [3], {}], 'four axes', [[4, 3, 2, 2]])

    m.case(['LayerNorm', [4], {}], 'one axis', [[2, 3, 4]])
    m.case(['LayerNorm', [[3, 4]], {'eps': 0.01}], 'two axes', [[2, 3, 4]])
    m.case(['LayerNorm', [4], {'elementwiseAffine': False}], 'no affine', [[2, 4]])
    m.case(['LayerNorm', [4], {}], 'as initialised', [[2, 4]], state='initial', seed=0)
    m.case(['LayerNorm', [3], {}], 'float64', [[2, 3]], dtype=torch.float64)
    m.error(['LayerNorm', [4], {}], 'another size', [[2, 3]])

    m.case(['GroupNorm', [2, 4], {}], 'images', [[2, 4, 2, 3]])
    m.case(['GroupNorm', [4, 4], {'affine': False, 'eps': 0.01}], 'no affine', [[2, 4, 3]])
    m.case(['GroupNorm', [1, 4], {}], 'as initialised', [[2, 4]], state='initial', seed=0)
    m.case(['GroupNorm', [2, 4], {}], 'float64', [[2, 4]], dtype=torch.float64)
    m.error(['GroupNorm', [3, 4], {}], 'groups do not divide')
    m.error(['GroupNorm', [2, 4], {}], 'other channels', [[2, 6, 3]])
    instance_norm(m)
    return m.typescript(NAME)


def instance_norm(m):
    for rank, shape in ((1, [2, 3, 4]), (2, [2, 3, 2, 3]), (3, [2, 3, 2, 1, 2])):
        layer = f'InstanceNorm{rank}d'
        tracking = {'affine': True, 'trackRunningStats': True}
        m.case([layer, [3], {}], 'plain', [shape])
        m.case([layer, [3], {'affine': True}], 'one sample without its axis', [shape[1:]])
        m.case([layer, [3], {**tracking, 'momentum': 0.3}], 'running statistics', [shape])
        m.case([layer, [3], tracking], 'running statistics, evaluation', [shape], training=False)
        if rank == 2:
            m.case([layer, [3], {}], 'evaluation', [shape], training=False)
            m.case([layer, [3], {'affine': True, 'eps': 0.1}], 'affine', [shape])
            m.case([layer, [3], tracking], 'running statistics, three batches', [shape], repeat=3)
            m.case([layer, [3], {'affine': True}], 'as initialised', [shape], state='initial', seed=0)
            m.case([layer, [3], tracking], 'float64', [shape], dtype=torch.float64)
        m.error([layer, [3], {}], 'one position a channel', [[2, 3] + [1] * rank])
        m.error([layer, [4], {'affine': True}], 'other channels', [shape])
        m.error([layer, [3], {}], 'another rank', [[3]])

"""Pools, adaptive pools, and what undoes a max pool. Indices come second where the layer returns them."""
import torch

from modulecase import FOLDER, Modules, Plain

NAME = 'modules/pooling'
OUT = f'{FOLDER}/modules/pooling.ts'


def windows(m):
    for layer, name, x in (
        (['MaxPool1d', [2], {}], 'defaults', [2, 2, 5]),
        (['MaxPool1d', [3], {'stride': 2, 'padding': 1, 'dilation': 2, 'ceilMode': True, 'returnIndices': True}], 'everything', [1, 2, 8]),
        (['MaxPool1d', [2], {}], 'unbatched', [2, 5]),
        (['MaxPool2d', [2], {}], 'defaults', [2, 2, 5, 4]),
        (['MaxPool2d', [[3, 2]], {'stride': [1, 2], 'padding': [1, 0], 'dilation': [1, 2], 'ceilMode': True, 'returnIndices': True}],
         'everything', [1, 2, 4, 6]),
        (['MaxPool2d', [2], {'returnIndices': True}], 'unbatched, with indices', [2, 4, 4]),
        (['MaxPool2d', [2], {}], 'batch 0', [0, 2, 4, 4]),
        (['MaxPool3d', [2], {}], 'defaults', [1, 2, 2, 3, 4]),
        (['MaxPool3d', [[1, 2, 3]], {'stride': [1, 1, 2], 'padding': [0, 1, 1], 'ceilMode': True, 'returnIndices': True}],
         'everything', [1, 1, 2, 3, 4]),
        (['AvgPool1d', [2], {}], 'defaults', [2, 2, 5]),
        (['AvgPool1d', [3], {'stride': 2, 'padding': 1, 'ceilMode': True, 'countIncludePad': False}], 'everything', [1, 2, 6]),
        (['AvgPool1d', [2], {}], 'unbatched', [2, 5]),
        (['AvgPool2d', [2], {}], 'defaults', [2, 2, 5, 4]),
        (['AvgPool2d', [[3, 2]], {'stride': [1, 2], 'padding': [1, 0], 'ceilMode': True, 'countIncludePad': False}], 'everything', [1, 2, 4, 5]),
        (['AvgPool2d', [3], {'stride': 2, 'padding': 1, 'ceilMode': True, 'divisorOverride': 4}], 'divisorOverride', [1, 2, 4, 4]),
        (['AvgPool2d', [2], {}], 'batch 0', [0, 2, 4, 4]),
        (['AvgPool3d', [2], {}], 'defaults', [1, 2, 2, 3, 4]),
        (['AvgPool3d', [[1, 2, 3]], {'stride': [1, 1, 2], 'padding': [0, 1, 1], 'ceilMode': True, 'countIncludePad': False, 'divisorOverride': 7}],
         'everything', [1, 1, 2, 3, 4]),
        (['LPPool1d', [2, 3], {'stride': 2, 'ceilMode': True}], 'everything', [1, 2, 6]),
        (['LPPool1d', [2, 2], {}], 'defaults', [2, 2, 5]),
        (['LPPool2d', [2, 2], {}], 'defaults', [2, 2, 4, 5]),
        (['LPPool2d', [4, [2, 3]], {'stride': [1, 2]}], 'norm 4', [1, 2, 4, 5]),
    ):
        m.case(layer, name, [x])
    for kind in ('Max', 'Avg'):
        for rank in (1, 2, 3):
            layer, x = f'{kind}Pool{rank}d', [1, 2] + [4] * rank
            # PyTorch 1.13 has a short cut for MaxPool1d without indices, which overlooks this.
            m.error([layer, [5], {'returnIndices': True} if layer == 'MaxPool1d' else {}], 'window larger than the input', [x])
            m.error([layer, [2], {}], 'rank too large', [[1, *x, 2]])
    m.error(['AvgPool1d', [2], {'divisorOverride': 3}], 'divisorOverride in 1-D')
    m.error(['LPPool1d', [2, 5], {}], 'window larger than the input', [[1, 2, 4]])
    m.error(['LPPool2d', [2, 5], {}], 'window larger than the input', [[1, 2, 4, 4]])


def adaptive(m):
    for kind in ('Avg', 'Max'):
        options = [{}] if kind == 'Avg' else [{}, {'returnIndices': True}]
        for option in options:
            word = 'with indices: ' if option else ''
            for rank, name, size, x in (
                (1, '1', 1, [2, 2, 5]), (1, 'does not divide', 3, [1, 2, 7]), (1, 'a list', [3], [2, 6]), (1, 'batch 0', 2, [0, 2, 5]),
                (2, '1', 1, [2, 3, 3, 4]), (2, 'does not divide', [2, 3], [1, 2, 5, 4]), (2, 'null keeps an axis', [None, 2], [1, 2, 3, 5]),
                (2, 'unbatched, more than there is', [5, 3], [2, 2, 3]), (2, 'batch 0', 2, [0, 2, 5, 4]),
                (3, '1', 1, [2, 2, 2, 3, 2]), (3, 'does not divide', 2, [1, 1, 3, 4, 3]), (3, 'null keeps two axes', [None, 2, None], [1, 1, 2, 3, 2]),
            ):
                m.case([f'Adaptive{kind}Pool{rank}d', [size], option], word + name, [x])
        for rank in (1, 2, 3):
            m.error([f'Adaptive{kind}Pool{rank}d', [2], {}], 'rank too small', [[4] * rank])


def unpool(m):
    def pooled(rank, x, *args):
        pool = getattr(torch.nn.functional, f'max_pool{rank}d')
        values, indices = pool(torch.randn(x, generator=torch.Generator().manual_seed(7)), *args, return_indices=True)
        return [values, indices]

    m.case(['MaxUnpool1d', [2], {}], 'defaults', pooled(1, [2, 2, 4], 2))
    m.case(['MaxUnpool1d', [2], {}], 'outputSize', pooled(1, [1, 2, 5], 2) + [Plain([5])])
    m.case(['MaxUnpool2d', [2], {}], 'defaults', pooled(2, [1, 2, 4, 4], 2))
    m.case(['MaxUnpool2d', [[3, 2]], {'stride': [3, 2], 'padding': [1, 0]}], 'everything', pooled(2, [1, 1, 7, 4], [3, 2], [3, 2], [1, 0]))
    m.case(['MaxUnpool2d', [2], {}], 'the whole shape as outputSize', pooled(2, [1, 1, 5, 5], 2) + [Plain([1, 1, 5, 5])])
    m.case(['MaxUnpool3d', [2], {}], 'defaults', pooled(3, [1, 1, 2, 4, 2], 2))
    m.case(['MaxUnpool3d', [2], {'stride': 2}], 'outputSize', pooled(3, [1, 1, 3, 2, 3], 2) + [Plain([3, 2, 3])])
    for rank in (1, 2, 3):
        x = [1, 1] + [4] * rank
        m.error([f'MaxUnpool{rank}d', [2], {}], 'outputSize a stride away', pooled(rank, x, 2) + [Plain([6] * rank)])


def make():
    m = Modules('pooling')
    windows(m)
    adaptive(m)
    unpool(m)
    return m.typescript(NAME)

"""Dropout masks: a seed, then draws on the default generator one after another, each with the values that were kept. x is
all ones, so that kept values show the factor; `layout` says how x lies in memory."""
import torch
import torch.nn.functional as F

import encode

NAME = 'dropout'
OUT = 'packages/core-tensor/test/fixtures/dropout.json'
SEED = 'stated by each script'

DTYPES = {'float32': torch.float32, 'float64': torch.float64}


def laid(step):
    """A view of the given shape: its axes in the order `order` in memory (slowest first), sliced or expanded."""
    shape, dtype = step['shape'], DTYPES[step.get('dtype', 'float32')]
    layout = step.get('layout')
    if layout is None:
        return torch.ones(shape, dtype=dtype)
    if layout['kind'] == 'permuted':
        order = layout['order']
        return torch.ones([shape[i] for i in order], dtype=dtype).permute([order.index(i) for i in range(len(order))])
    if layout['kind'] == 'sliced':
        return torch.ones([2 * n for n in shape], dtype=dtype)[tuple(slice(None, None, 2) for _ in shape)]
    assert layout['kind'] == 'expanded'
    return torch.ones([n if i in layout['kept'] else 1 for i, n in enumerate(shape)], dtype=dtype).expand(shape)


def dropped(step):
    fn = {'dropout': F.dropout, 'dropout1d': F.dropout1d, 'dropout2d': F.dropout2d, 'dropout3d': F.dropout3d,
          'alphaDropout': F.alpha_dropout}[step['op']]
    return fn(laid(step), step['p'], True)


def run(seed, steps):
    torch.manual_seed(seed)
    done = []
    for step in steps:
        y = torch.rand(step['shape']) if step['op'] == 'rand' else dropped(step)
        done.append({**step, 'out': encode.Numbers(y.contiguous().reshape(-1))})
    return {'seed': seed, 'steps': done}


def drop(op, shape, p=0.5, **more):
    return {'op': op, 'shape': shape, 'p': p, **more}


def permuted(*order):
    return {'kind': 'permuted', 'order': list(order)}


RAND = {'op': 'rand', 'shape': [2]}


def make():
    scripts = [run(seed, steps) for seed, steps in (
        (0, [drop('dropout', [3, 4]), RAND, drop('dropout', [5], 0.1), RAND]),
        (1, [drop('dropout', [2, 3, 2], p) for p in (0.2, 1 / 3, 0.9, 0.0, 1.0, 0.999)] + [RAND]),
        (42, [drop('dropout', [12], 0.3, dtype='float64'), drop('dropout', [], 0.5), drop('dropout', [0, 3], 0.5), RAND]),
        (2, [drop('dropout2d', [3, 4, 2, 2], 0.4), RAND, drop('dropout2d', [2, 3, 2], 0.4), RAND]),
        (3, [drop('dropout1d', [3, 4, 2], 0.4), drop('dropout1d', [5, 2], 0.4), RAND]),
        (4, [drop('dropout3d', [2, 3, 1, 2, 1], 0.4), drop('dropout3d', [4, 1, 2, 2], 0.4), RAND]),
        (5, [drop('alphaDropout', [2, 5], 0.2), drop('alphaDropout', [5], 0.7, dtype='float64'), RAND]),
        (6, [drop('dropout', [3, 4], layout=permuted(1, 0)), drop('dropout', [2, 3, 4], layout=permuted(2, 0, 1)),
             drop('dropout', [2, 1, 3, 2], layout=permuted(0, 2, 3, 1)), RAND]),
        (7, [drop('dropout', [3, 4], layout={'kind': 'sliced'}), drop('dropout', [3, 4], layout={'kind': 'expanded', 'kept': [1]}),
             drop('dropout', [3, 4], layout={'kind': 'expanded', 'kept': [0]}),
             drop('dropout', [2, 3, 2], layout={'kind': 'expanded', 'kept': [0, 2]}), RAND]),
        (8, [drop('dropout2d', [2, 3, 2, 2], 0.4, layout=permuted(0, 2, 3, 1)), RAND]),
    )]
    return {'scripts': scripts}

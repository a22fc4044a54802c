"""norm, std, logsumexp, prod, cumprod, any, all."""
import torch

from opcase import FOLDER, Suite, boolean, f32, f64, i32, inf, ints, nan

NAME = 'ops/norms'
OUT = f'{FOLDER}/norms.ts'

EMPTY = torch.zeros(0, 3)


def make():
    s = Suite('norms')
    for p in (2, 1, 0, inf, -inf, 3, 1.5, 0.5, -1):
        power = {inf: 'inf', -inf: '-inf'}.get(p, p)
        s.case('norm', f'p {p}, all', [[2, 3, 2]], {'p': power})
        s.case('norm', f'p {p}, dim 1', [[2, 4]], {'p': power, 'dim': 1})
        s.case('norm', f'p {p}, in a graph over nothing', [EMPTY], {'p': power, 'dim': 0}) if power in (0, 1, 2, 3) else None
        s.case('norm', f'p {p}, all 0', [torch.zeros(2, 2)], {'p': power, 'dim': 1})
        s.case('norm', f'p {p}, with zeros', [f32(0., 3., -4., 1., 0., 2., shape=[2, 3])], {'p': power, 'dim': 1})
        s.case('norm', f'p {p}, nothing', [EMPTY], {'p': power, 'dim': 0}, grad=False)
    s.case('norm', 'default', [[2, 3]])
    s.case('norm', 'dims [0, 2], keepdim', [[2, 3, 2]], {'dim': [0, 2], 'keepdim': True})
    s.case('norm', 'scalar', [[]])
    s.case('norm', 'float64', [[2, 3]], {'p': 3, 'dim': 0}, dtype=torch.float64)
    s.case('norm', 'nan and inf', [f32(1., nan, inf, -inf, 2., 3., shape=[3, 2])], {'dim': 0}, grad=False)
    s.case('norm', 'inf, ties share', [f32(2., -2., 1., 2.)], {'p': 'inf'})
    s.case('norm', 'inf, nan', [f32(2., nan, 1.)], {'p': 'inf'}, grad=False)
    s.error('norm', 'int32', [i32(1, 2)])
    s.error('norm', 'dim out of range', [[2, 3]], {'dim': 2})

    s.case('std', 'all', [[2, 3, 4]])
    s.case('std', 'dim 0', [[3, 4]], {'dim': 0})
    s.case('std', 'dims [0, 2], keepdim', [[2, 3, 2]], {'dim': [0, 2], 'keepdim': True})
    s.case('std', 'correction 0', [[2, 4]], {'dim': 1, 'correction': 0})
    s.case('std', 'biased', [[2, 4]], {'dim': 1, 'unbiased': False})
    s.case('std', 'all equal', [f32(3., 3., 3.)])
    s.case('std', 'one value', [[3, 1]], {'dim': 1}, grad=False)
    s.case('std', 'nothing', [EMPTY], grad=False)
    s.case('std', 'float64', [[5]], dtype=torch.float64)
    s.error('std', 'int32', [i32(1, 2)])
    s.error('std', 'dim out of range', [[2, 3]], {'dim': 2})
    s.case('var', 'biased, all', [[2, 3]], {'unbiased': False})
    s.case('var', 'unbiased, dims, keepdim', [[2, 3, 2]], {'dim': [0, 2], 'unbiased': True, 'keepdim': True})
    s.case('var', 'correction 3 of 5', [[2, 5]], {'dim': 1, 'correction': 3})
    s.case('var', 'correction beyond the count', [[2, 3]], {'dim': 1, 'correction': 5}, grad=False)
    s.error('var', 'dim twice', [[2, 3]], {'dim': [1, 1]})

    s.case('logsumexp', 'all', [[2, 3]])
    s.case('logsumexp', 'dim 1, keepdim', [[2, 3]], {'dim': 1, 'keepdim': True})
    s.case('logsumexp', 'dims [0, 2]', [[2, 3, 2]], {'dim': [0, 2]})
    s.case('logsumexp', 'large', [f32(1000., 1001., -1000.)], {'dim': 0}, grad=False)
    s.case('logsumexp', 'large, float64', [f64(1000., 1001., -1000.)], {'dim': 0})
    s.case('logsumexp', 'infinite', [f32(-inf, -inf, inf, 1., -inf, 2., nan, 0., shape=[4, 2])], {'dim': 1}, grad=False)
    s.case('logsumexp', '-inf beside others', [f32(-inf, 1., 2.)], {'dim': 0})
    s.case('logsumexp', 'nothing', [EMPTY], {'dim': 0}, grad=False)
    s.case('logsumexp', 'scalar', [[]])
    s.case('logsumexp', 'float64', [[4]], {'dim': 0}, dtype=torch.float64)
    s.error('logsumexp', 'dim out of range', [[2, 3]], {'dim': 2})

    s.case('prod', 'all', [[2, 3]])
    s.case('prod', 'dim 0', [[5, 2]], {'dim': 0})
    s.case('prod', 'dim -1, keepdim', [[2, 2, 3]], {'dim': -1, 'keepdim': True})
    s.case('prod', 'a zero', [f32(2., 0., 3., -1.)], {'dim': 0})
    s.case('prod', 'two zeros', [f32(2., 0., 3., 0.)], {'dim': 0})
    s.case('prod', 'nothing', [EMPTY], {'dim': 0}, grad=False)
    s.case('prod', 'scalar', [[]])
    s.case('prod', 'int32', [i32([1, -2, 3], [4, 5, -6])], {'dim': 1})
    s.case('prod', 'bool', [boolean(True, True)])
    s.case('prod', 'float64', [[7]], dtype=torch.float64)
    s.error('prod', 'dim out of range', [[2, 3]], {'dim': 2})
    s.case('cumprod', 'dim 0', [[4, 3]], {'dim': 0})
    s.case('cumprod', 'dim -1', [[2, 3, 5]], {'dim': -1})
    s.case('cumprod', 'zeros', [f32(2., 0., 3., 0., 1.)], {'dim': 0})
    s.case('cumprod', 'int32', [i32([1, -2, 3], [4, 5, -6])], {'dim': 1})
    s.case('cumprod', 'nan and inf', [f32(1., inf, 2., nan, 1.)], {'dim': 0}, grad=False)
    s.case('cumprod', 'scalar', [[]], {'dim': 0})
    s.error('cumprod', 'dim out of range', [[2, 3]], {'dim': 2})

    values = f32(0., nan, 1., 0., 0., 0., shape=[2, 3])
    for op in ('any', 'all'):
        s.case(op, 'float', [values], grad=False)
        s.case(op, 'dim 0', [values], {'dim': 0}, grad=False)
        s.case(op, 'dim 1, keepdim', [values], {'dim': 1, 'keepdim': True}, grad=False)
        s.case(op, 'bool', [boolean([True, True], [False, True])], {'dim': 0})
        s.case(op, 'int32', [ints([2, 3], 0, 2)], {'dim': 1})
        s.case(op, 'nothing', [EMPTY], grad=False)
        s.case(op, 'nothing along dim 0', [EMPTY], {'dim': 0}, grad=False)
        s.error(op, 'dim out of range', [[2, 3]], {'dim': 2})
    for op in ('sum', 'mean', 'amax', 'amin', 'var', 'std'):
        s.case(op, 'an empty list of dims', [[2, 3]], {'dim': []})
    return s.typescript(NAME)

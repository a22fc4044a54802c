"""pad in all modes."""
import torch

from opcase import FOLDER, Suite, boolean, f32, inf, ints, nan

NAME = 'ops/padding'
OUT = f'{FOLDER}/padding.ts'


def make():
    s = Suite('padding')
    s.case('pad', 'constant, all axes of rank 3', [[2, 1, 3]], {'padding': [1, 0, 0, 2, 1, 1], 'value': -1.5})
    s.case('pad', 'negative, both ends', [[2, 6]], {'padding': [-2, -1]})
    s.case('pad', 'negative, with a value', [[3, 4]], {'padding': [-1, 1, -1, 2], 'value': 2})
    s.case('pad', 'no padding', [[2, 3]], {'padding': []})
    s.case('pad', 'scalar', [[]], {'padding': []})
    s.case('pad', 'bool', [boolean(True, False)], {'padding': [1, 1], 'value': 1})
    s.case('pad', 'of nothing, with a value', [torch.zeros(0, 2)], {'padding': [1, 1, 1, 0], 'value': 1.5})
    s.case('pad', 'nan beside', [f32(1., nan, inf)], {'padding': [1, 2]}, grad=False)
    s.error('pad', 'more axes than there are', [[3]], {'padding': [1, 1, 1, 1]})
    s.error('pad', 'more taken than there is', [[2, 3]], {'padding': [-2, -2]})
    s.error('pad', 'unknown mode', [[1, 2, 3]], {'padding': [1, 1], 'mode': 'mirror'})
    for mode in ('reflect', 'replicate', 'circular'):
        s.case('pad', f'{mode}, 1-D', [[2, 2, 4]], {'padding': [2, 3], 'mode': mode})
        s.case('pad', f'{mode}, 2-D', [[1, 2, 3, 4]], {'padding': [1, 2, 2, 0], 'mode': mode})
        s.case('pad', f'{mode}, 3-D', [[1, 1, 2, 3, 2]], {'padding': [1, 0, 1, 2, 1, 1], 'mode': mode})
        s.case('pad', f'{mode}, as much as there is', [[1, 1, 3]], {'padding': [2, 2] if mode == 'reflect' else [3, 3], 'mode': mode})
        s.case('pad', f'{mode}, negative', [[1, 2, 5]], {'padding': [-2, 3], 'mode': mode})
        s.case('pad', f'{mode}, float64', [[1, 2, 3]], {'padding': [1, 1], 'mode': mode}, dtype=torch.float64)
        s.error('pad', f'{mode}, a value', [[1, 2, 3]], {'padding': [1, 1], 'mode': mode, 'value': 1})
        s.error('pad', f'{mode}, rank 1', [[3]], {'padding': [1, 1], 'mode': mode})
        s.error('pad', f'{mode}, an axis left out', [[1, 2, 3, 4]], {'padding': [1, 1], 'mode': mode})
        if mode != 'circular':
            s.case('pad', f'{mode}, 1-D, no batch', [[2, 4]], {'padding': [2, 1], 'mode': mode})
            s.case('pad', f'{mode}, 2-D, no batch', [[2, 2, 3]], {'padding': [1, 1, 1, 1], 'mode': mode})
            s.case('pad', f'{mode}, 3-D, no batch', [[1, 2, 2, 3]], {'padding': [1, 1, 1, 0, 0, 1], 'mode': mode})
    s.case('pad', 'circular, int32', [ints([1, 1, 4], -9, 9)], {'padding': [1, 2], 'mode': 'circular'})
    s.error('pad', 'reflect, too much', [[1, 1, 3]], {'padding': [3, 0], 'mode': 'reflect'})
    s.error('pad', 'circular, too much', [[1, 1, 3]], {'padding': [4, 0], 'mode': 'circular'})
    return s.typescript(NAME)

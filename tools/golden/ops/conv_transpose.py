"""Transposed convolutions: inputs x, weight [in, out / groups, *kernel], bias | null."""
import torch

from opcase import FOLDER, Suite

NAME = 'ops/convTranspose'
OUT = f'{FOLDER}/conv-transpose.ts'


def make():
    s = Suite('convTranspose')
    for op, name, x, w, b, attrs in (
        ('convTranspose1d', 'plain', [2, 3, 5], [3, 2, 3], [2], {}),
        ('convTranspose1d', 'stride 3, outputPadding 2', [1, 2, 4], [2, 3, 2], [3], {'stride': 3, 'outputPadding': 2}),
        ('convTranspose1d', 'dilation 2, groups 2', [1, 4, 5], [4, 1, 3], None, {'dilation': 2, 'groups': 2}),
        ('convTranspose2d', 'plain', [2, 3, 4, 3], [3, 2, 3, 2], [2], {}),
        ('convTranspose2d', 'stride 2, padding 1', [1, 2, 4, 3], [2, 3, 3, 3], [3], {'stride': 2, 'padding': 1}),
        ('convTranspose2d', 'stride 2, padding 1, outputPadding 1', [1, 2, 3, 4], [2, 3, 3, 3], [3],
         {'stride': 2, 'padding': 1, 'outputPadding': 1}),
        ('convTranspose2d', 'uneven', [1, 2, 3, 4], [2, 2, 2, 3], None,
         {'stride': [3, 2], 'padding': [0, 1], 'outputPadding': [1, 0]}),
        ('convTranspose2d', 'dilation 2, outputPadding 1', [1, 2, 3, 4], [2, 2, 2, 2], [2], {'dilation': 2, 'outputPadding': 1}),
        ('convTranspose2d', 'groups 2', [1, 4, 3, 3], [4, 3, 2, 2], [6], {'groups': 2, 'stride': 2}),
        ('convTranspose2d', 'depthwise', [1, 3, 3, 4], [3, 1, 3, 3], [3], {'groups': 3, 'padding': 1}),
        ('convTranspose2d', 'unbatched', [2, 3, 3], [2, 2, 2, 2], [2], {}),
        ('convTranspose2d', 'batch 0', [0, 2, 3, 3], [2, 2, 2, 2], [2], {}),
        ('convTranspose3d', 'stride 2', [1, 2, 2, 3, 2], [2, 2, 2, 2, 3], [2], {'stride': 2}),
        ('convTranspose3d', 'uneven', [1, 2, 2, 2, 3], [2, 1, 2, 3, 2], [2],
         {'groups': 2, 'stride': [1, 2, 2], 'padding': [1, 1, 0], 'outputPadding': [0, 1, 1]}),
    ):
        s.case(op, name, [x, w, b], attrs)
    s.case('convTranspose2d', 'float64', [[1, 2, 3, 3], [2, 2, 3, 2], [2]], {'stride': 2, 'padding': 1}, dtype=torch.float64)
    s.error('convTranspose2d', 'outputPadding too large', [[1, 2, 3, 3], [2, 2, 3, 3], None], {'stride': 2, 'outputPadding': 2})
    s.error('convTranspose2d', 'wrong channels', [[1, 3, 3, 3], [2, 2, 3, 3], None])
    return s.typescript(NAME)

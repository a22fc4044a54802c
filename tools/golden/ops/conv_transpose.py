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
        ('convTranspose1d', 'padding 2', [1, 2, 5], [2, 2, 4], [2], {'padding': 2}),
        ('convTranspose1d', 'unbatched', [2, 4], [2, 3, 2], [3], {'stride': 2}),
        ('convTranspose1d', 'batch 0', [0, 2, 4], [2, 3, 2], [3], {'stride': 2}),
        ('convTranspose1d', 'outputPadding below the dilation', [1, 1, 4], [1, 2, 3], [2], {'dilation': 3, 'outputPadding': 2}),
        ('convTranspose1d', 'stride beyond the kernel', [1, 1, 3], [1, 2, 2], [2], {'stride': 4, 'outputPadding': 3}),
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
        ('convTranspose2d', '1x1, stride 2', [1, 3, 2, 3], [3, 2, 1, 1], [2], {'stride': 2}),
        ('convTranspose2d', 'everything', [2, 4, 3, 2], [4, 2, 3, 2], [4],
         {'stride': [2, 3], 'padding': [1, 1], 'outputPadding': [1, 2], 'dilation': [1, 2], 'groups': 2}),
        ('convTranspose2d', 'from one pixel', [2, 3, 1, 1], [3, 2, 3, 4], [2], {}),
        ('convTranspose3d', 'dilation, unbatched', [1, 2, 2, 2], [1, 2, 2, 1, 2], None, {'dilation': [2, 1, 1]}),
        ('convTranspose3d', 'batch 0', [0, 1, 2, 2, 2], [1, 2, 2, 1, 2], [2], {}),
        ('convTranspose3d', 'stride 2', [1, 2, 2, 3, 2], [2, 2, 2, 2, 3], [2], {'stride': 2}),
        ('convTranspose3d', 'uneven', [1, 2, 2, 2, 3], [2, 1, 2, 3, 2], [2],
         {'groups': 2, 'stride': [1, 2, 2], 'padding': [1, 1, 0], 'outputPadding': [0, 1, 1]}),
    ):
        s.case(op, name, [x, w, b], attrs)
    s.case('convTranspose2d', 'float64', [[1, 2, 3, 3], [2, 2, 3, 2], [2]], {'stride': 2, 'padding': 1}, dtype=torch.float64)
    s.error('convTranspose2d', 'outputPadding too large', [[1, 2, 3, 3], [2, 2, 3, 3], None], {'stride': 2, 'outputPadding': 2})
    s.error('convTranspose2d', 'wrong channels', [[1, 3, 3, 3], [2, 2, 3, 3], None])
    s.case('convTranspose2d', 'second derivatives', [[1, 4, 2, 3], [4, 1, 2, 2], [2]],
           {'stride': [2, 1], 'padding': [1, 0], 'outputPadding': [1, 1], 'dilation': [1, 2], 'groups': 2}, second=True)
    s.case('convTranspose1d', 'second derivatives', [[1, 2, 3], [2, 2, 2], [2]], {'stride': 2}, second=True)
    s.case('convTranspose3d', 'second derivatives', [[1, 1, 2, 2, 1], [1, 2, 1, 2, 2], [2]], {'padding': [0, 1, 0]}, second=True)
    x, w = [1, 2, 3, 3], [2, 2, 3, 3]
    s.error('convTranspose2d', 'outputPadding equal to the larger of stride and dilation', [x, w, None], {'dilation': 2, 'outputPadding': 2})
    s.error('convTranspose2d', 'channels not divisible by groups', [[1, 3, 3, 3], [3, 2, 3, 3], None], {'groups': 2})
    s.error('convTranspose2d', 'bias of the wrong size', [x, w, [3]])
    s.error('convTranspose2d', 'bias without the groups', [[1, 4, 3, 3], [4, 2, 3, 3], [2]], {'groups': 2})
    s.error('convTranspose2d', 'nothing left', [x, w, None], {'padding': 3})
    s.error('convTranspose2d', 'rank 2 input', [[3, 3], w, None])
    s.error('convTranspose2d', 'rank 3 weight', [x, [2, 2, 3], None])
    s.error('convTranspose2d', 'stride 0', [x, w, None], {'stride': 0})
    s.error('convTranspose2d', 'dilation 0', [x, w, None], {'dilation': 0})
    s.error('convTranspose2d', 'negative padding', [x, w, None], {'padding': -1})
    s.error('convTranspose2d', 'negative outputPadding', [x, w, None], {'outputPadding': -1})
    s.error('convTranspose2d', 'padding of three', [x, w, None], {'padding': [1, 1, 1]})
    s.error('convTranspose1d', 'wrong channels', [[1, 3, 4], [2, 2, 3], None])
    s.error('convTranspose1d', 'outputPadding too large', [[1, 2, 4], [2, 2, 3], None], {'outputPadding': 1})
    s.error('convTranspose3d', 'wrong channels', [[1, 3, 2, 2, 2], [2, 2, 1, 1, 1], None])
    s.error('convTranspose3d', 'outputPadding too large', [[1, 2, 2, 2, 2], [2, 2, 1, 1, 1], None], {'stride': 2, 'outputPadding': [0, 0, 2]})
    return s.typescript(NAME)

"""Convolutions: inputs x, weight, bias | null."""
import torch

from opcase import FOLDER, Suite, f32, inf, nan

NAME = 'ops/conv'
OUT = f'{FOLDER}/conv.ts'


def one(s):
    for name, x, w, b, attrs in (
        ('plain', [2, 3, 7], [4, 3, 3], [4], {}),
        ('stride 2, padding 1', [2, 2, 8], [3, 2, 3], [3], {'stride': 2, 'padding': 1}),
        ('dilation 2', [2, 2, 9], [3, 2, 3], [3], {'dilation': 2}),
        ('groups 2, no bias', [2, 4, 7], [4, 2, 3], None, {'groups': 2}),
        ('same, even kernel', [2, 2, 6], [2, 2, 4], [2], {'padding': 'same'}),
        ('same, dilation 2', [1, 2, 7], [2, 2, 3], None, {'padding': 'same', 'dilation': 2}),
        ('valid', [1, 2, 6], [2, 2, 3], [2], {'padding': 'valid'}),
        ('unbatched', [3, 7], [2, 3, 3], [2], {'padding': 1}),
        ('batch 0', [0, 3, 7], [2, 3, 3], [2], {}),
    ):
        s.case('conv1d', name, [x, w, b], attrs)
    s.error('conv1d', 'wrong channels', [[2, 3, 7], [4, 2, 3], [4]])
    s.error('conv1d', 'same with stride', [[1, 2, 6], [2, 2, 3], None], {'padding': 'same', 'stride': 2})
    s.error('conv1d', 'groups', [[1, 4, 6], [4, 4, 3], None], {'groups': 2})
    s.error('conv1d', 'rank 4 input', [[1, 1, 2, 6], [2, 2, 3], None])
    s.error('conv1d', 'kernel larger than the padded input', [[2, 3, 4], [4, 3, 7], None], {'padding': 1})


def two(s):
    for name, x, w, b, attrs in (
        ('3x3', [2, 3, 6, 5], [4, 3, 3, 3], [4], {}),
        ('3x2, no bias', [2, 2, 5, 6], [3, 2, 3, 2], None, {}),
        ('1x1', [2, 4, 3, 3], [5, 4, 1, 1], [5], {}),
        ('1x1, stride 2', [1, 3, 5, 5], [2, 3, 1, 1], [2], {'stride': 2}),
        ('5x5, padding 2', [1, 1, 7, 7], [3, 1, 5, 5], [3], {'padding': 2}),
        ('stride 2, padding 1', [2, 2, 7, 6], [3, 2, 3, 3], [3], {'stride': 2, 'padding': 1}),
        ('stride [2, 3], padding [0, 2]', [1, 2, 7, 8], [3, 2, 3, 2], [3], {'stride': [2, 3], 'padding': [0, 2]}),
        ('stride beyond the kernel', [1, 2, 8, 9], [2, 2, 2, 2], [2], {'stride': 3}),
        ('dilation [2, 1]', [1, 2, 7, 6], [3, 2, 3, 3], [3], {'dilation': [2, 1]}),
        ('dilation 2, stride 2, padding 2', [1, 2, 8, 7], [2, 2, 3, 2], [2], {'dilation': 2, 'stride': 2, 'padding': 2}),
        ('groups 2', [2, 4, 5, 5], [6, 2, 3, 3], [6], {'groups': 2}),
        ('groups 3, stride 2, no bias', [1, 6, 6, 5], [3, 2, 2, 3], None, {'groups': 3, 'stride': 2}),
        ('depthwise', [2, 4, 5, 6], [4, 1, 3, 3], [4], {'groups': 4, 'padding': 1}),
        ('depthwise, multiplier 2', [1, 3, 5, 5], [6, 1, 3, 2], [6], {'groups': 3, 'padding': [1, 0]}),
        ('same, 3x3', [1, 2, 5, 6], [3, 2, 3, 3], [3], {'padding': 'same'}),
        ('same, even kernel', [1, 2, 5, 6], [2, 2, 2, 4], [2], {'padding': 'same'}),
        ('same, dilation [1, 3]', [1, 2, 5, 7], [2, 2, 2, 2], None, {'padding': 'same', 'dilation': [1, 3]}),
        ('valid', [1, 2, 5, 6], [2, 2, 3, 3], [2], {'padding': 'valid'}),
        ('padding as large as the kernel', [1, 2, 3, 4], [2, 2, 2, 3], [2], {'padding': [2, 3]}),
        ('kernel as large as the input', [2, 2, 4, 5], [3, 2, 4, 5], [3], {}),
        ('rest beyond the last window', [1, 1, 8, 8], [2, 1, 3, 3], [2], {'stride': 3}),
        ('unbatched', [3, 5, 6], [2, 3, 3, 3], [2], {'padding': 1}),
        ('batch 0', [0, 3, 5, 6], [2, 3, 3, 3], [2], {'padding': 1}),
        ('one pixel', [1, 3, 1, 1], [2, 3, 1, 1], [2], {}),
    ):
        s.case('conv2d', name, [x, w, b], attrs)
    s.case('conv2d', 'float64', [[2, 2, 5, 4], [3, 2, 3, 2], [3]], {'padding': 1, 'stride': [1, 2]}, dtype=torch.float64)
    s.case('conv2d', 'float64, groups and dilation', [[1, 4, 6, 5], [4, 2, 2, 2], None], {'groups': 2, 'dilation': 2},
           dtype=torch.float64)
    bad = torch.ones(1, 1, 4, 4)
    bad[0, 0, 0, 0], bad[0, 0, 3, 3] = nan, inf
    s.case('conv2d', 'nan and inf reach their windows', [bad, [2, 1, 2, 2], [2]], {'padding': 1}, grad=False)
    s.case('conv2d', '0 times inf is nan', [bad, torch.zeros(1, 1, 2, 2), None], grad=False)
    x = [2, 3, 5, 5]
    s.error('conv2d', 'wrong channels', [x, [4, 2, 3, 3], [4]])
    s.error('conv2d', 'channels and groups', [[2, 4, 5, 5], [4, 4, 3, 3], None], {'groups': 2})
    s.error('conv2d', 'outputs not divisible by groups', [[2, 4, 5, 5], [3, 2, 3, 3], None], {'groups': 2})
    s.error('conv2d', 'kernel larger than the padded input', [x, [4, 3, 8, 3], None], {'padding': 1})
    s.error('conv2d', 'rank 2 input', [[5, 5], [4, 3, 3, 3], None])
    s.error('conv2d', 'rank 5 input', [[1, 2, 3, 5, 5], [4, 3, 3, 3], None])
    s.error('conv2d', 'same with stride', [x, [4, 3, 3, 3], None], {'padding': 'same', 'stride': 2})
    s.error('conv2d', 'unknown padding word', [x, [4, 3, 3, 3], None], {'padding': 'full'})
    s.error('conv2d', 'negative padding', [x, [4, 3, 3, 3], None], {'padding': -1})
    s.error('conv2d', 'stride 0', [x, [4, 3, 3, 3], None], {'stride': 0})
    s.error('conv2d', 'dilation 0', [x, [4, 3, 3, 3], None], {'dilation': 0})
    s.error('conv2d', 'stride of three', [x, [4, 3, 3, 3], None], {'stride': [1, 1, 1]})
    s.error('conv2d', 'bias of the wrong size', [x, [4, 3, 3, 3], [3]])
    s.error('conv2d', 'dtypes differ', [f32(*[1.] * 9, shape=[1, 1, 3, 3]), torch.ones(1, 1, 2, 2, dtype=torch.float64), None])


def three(s):
    for name, x, w, b, attrs in (
        ('plain', [1, 2, 4, 5, 4], [3, 2, 2, 3, 2], [3], {}),
        ('stride and padding', [2, 2, 4, 5, 3], [2, 2, 3, 3, 2], [2], {'stride': [1, 2, 2], 'padding': [1, 0, 1]}),
        ('dilation [1, 2, 1]', [1, 2, 3, 5, 3], [2, 2, 2, 2, 2], None, {'dilation': [1, 2, 1]}),
        ('groups 2', [1, 4, 3, 4, 3], [4, 2, 2, 2, 2], [4], {'groups': 2}),
        ('valid', [1, 1, 3, 3, 3], [1, 1, 2, 2, 2], [1], {'padding': 'valid'}),
        ('same, dilation [2, 1, 2]', [1, 1, 3, 2, 4], [1, 1, 2, 2, 2], None, {'padding': 'same', 'dilation': [2, 1, 2]}),
        ('depthwise, stride 2', [1, 2, 3, 4, 3], [2, 1, 2, 2, 2], [2], {'groups': 2, 'stride': 2}),
        ('same, even kernel', [1, 1, 3, 4, 4], [2, 1, 2, 3, 2], [2], {'padding': 'same'}),
        ('unbatched', [2, 3, 4, 3], [2, 2, 2, 2, 2], [2], {}),
        ('batch 0', [0, 2, 3, 4, 3], [2, 2, 2, 2, 2], [2], {}),
    ):
        s.case('conv3d', name, [x, w, b], attrs)
    s.error('conv3d', 'kernel larger than the padded input', [[1, 1, 2, 4, 4], [1, 1, 5, 2, 2], None], {'padding': 1})
    s.error('conv3d', 'padding of two', [[1, 1, 4, 4, 4], [1, 1, 2, 2, 2], None], {'padding': [1, 1]})
    s.error('conv3d', 'wrong channels', [[1, 3, 4, 4, 4], [2, 2, 2, 2, 2], None])


def make():
    s = Suite('conv')
    one(s)
    two(s)
    three(s)
    return s.typescript(NAME)

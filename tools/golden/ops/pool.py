"""Pooling. maxPool's outputs: values, and int32 indices into the unpadded input plane."""
import torch

from opcase import FOLDER, Draw, Suite, f32, inf, nan

NAME = 'ops/pool'
OUT = f'{FOLDER}/pool.ts'


def negative(shape):
    return Draw(shape, lambda g, s: -1 - torch.rand(s, generator=g, dtype=torch.float64))


def tied(shape):
    return Draw(shape, lambda g, s: torch.randint(0, 3, s, generator=g).double())


def grid(*rows):
    return f32(*[v for row in rows for v in row], shape=[1, 1, len(rows), len(rows[0])])


def maximum(s):
    for op, name, x, attrs in (
        ('maxPool1d', '2', [2, 3, 7], {'kernelSize': 2}),
        ('maxPool1d', '3, stride 2, padding 1', [2, 2, 8], {'kernelSize': 3, 'stride': 2, 'padding': 1}),
        ('maxPool1d', 'dilation 2, ceilMode', [1, 2, 8], {'kernelSize': 3, 'stride': 2, 'dilation': 2, 'ceilMode': True}),
        ('maxPool1d', 'unbatched', [2, 7], {'kernelSize': 3}),
        ('maxPool2d', '2', [2, 3, 6, 4], {'kernelSize': 2}),
        ('maxPool2d', '2, odd sizes', [2, 2, 7, 5], {'kernelSize': 2}),
        ('maxPool2d', '2, odd sizes, ceilMode', [1, 2, 7, 5], {'kernelSize': 2, 'ceilMode': True}),
        ('maxPool2d', '3, stride 2, padding 1', [2, 2, 7, 6], {'kernelSize': 3, 'stride': 2, 'padding': 1}),
        ('maxPool2d', '[3, 2], stride [1, 2], padding [1, 0]', [1, 2, 5, 6],
         {'kernelSize': [3, 2], 'stride': [1, 2], 'padding': [1, 0]}),
        ('maxPool2d', 'overlapping, stride 1', [1, 2, 5, 5], {'kernelSize': 3, 'stride': 1}),
        ('maxPool2d', 'dilation 2', [1, 2, 7, 6], {'kernelSize': 2, 'stride': 1, 'dilation': 2}),
        ('maxPool2d', 'dilation [1, 2], padding 1, ceilMode', [1, 2, 6, 7],
         {'kernelSize': 3, 'stride': 2, 'padding': 1, 'dilation': [1, 2], 'ceilMode': True}),
        ('maxPool2d', 'last window dropped under ceilMode', [1, 1, 4, 4],
         {'kernelSize': 2, 'stride': 3, 'padding': 1, 'ceilMode': True}),
        ('maxPool2d', 'all negative, padding 1', negative([1, 2, 5, 5]), {'kernelSize': 3, 'stride': 2, 'padding': 1}),
        ('maxPool2d', 'ties', tied([1, 2, 6, 6]), {'kernelSize': 3, 'stride': 2}),
        ('maxPool2d', 'unbatched', [2, 5, 6], {'kernelSize': 2}),
        ('maxPool2d', 'batch 0', [0, 2, 5, 6], {'kernelSize': 2}),
        ('maxPool3d', '2', [1, 2, 4, 4, 5], {'kernelSize': 2}),
        ('maxPool3d', '[2, 3, 2], stride [1, 2, 2], padding [0, 1, 1]', [1, 2, 3, 5, 4],
         {'kernelSize': [2, 3, 2], 'stride': [1, 2, 2], 'padding': [0, 1, 1]}),
        ('maxPool3d', 'ceilMode, dilation', [1, 1, 4, 5, 5], {'kernelSize': 2, 'dilation': [1, 2, 1], 'ceilMode': True}),
    ):
        s.case(op, name, [x], attrs)
    s.case('maxPool2d', 'float64', [[1, 2, 5, 5]], {'kernelSize': 2}, dtype=torch.float64)
    s.case('maxPool2d', 'one nan a window', [grid([1, nan, 3, 4], [5, 6, 7, 8], [1, 2, nan, 0], [1, 2, 3, 4])], {'kernelSize': 2})
    s.case('maxPool2d', 'two nans a window', [grid([1, nan, 3, nan], [nan, 6, nan, 8])], {'kernelSize': 2}, tags=['lastNan'])
    s.case('maxPool2d', 'all -inf', [grid([-inf, -inf], [-inf, -inf])], {'kernelSize': 2})
    x = [1, 2, 5, 5]
    s.error('maxPool2d', 'padding over half the kernel', [x], {'kernelSize': 3, 'padding': 2})
    s.error('maxPool2d', 'window larger than the input', [x], {'kernelSize': 6})
    s.error('maxPool2d', 'rank 2 input', [[5, 5]], {'kernelSize': 2})
    s.error('maxPool2d', 'kernel 0', [x], {'kernelSize': 0})
    s.error('maxPool2d', 'stride 0', [x], {'kernelSize': 2, 'stride': 0})


def average(s):
    for op, name, x, attrs in (
        ('avgPool1d', '2', [2, 3, 7], {'kernelSize': 2}),
        ('avgPool1d', 'padding 1, ceilMode', [1, 2, 8], {'kernelSize': 3, 'stride': 2, 'padding': 1, 'ceilMode': True}),
        ('avgPool1d', 'countIncludePad false', [1, 2, 7], {'kernelSize': 3, 'stride': 2, 'padding': 1, 'countIncludePad': False}),
        ('avgPool2d', '2', [2, 3, 6, 4], {'kernelSize': 2}),
        ('avgPool2d', '2, odd sizes', [2, 2, 7, 5], {'kernelSize': 2}),
        ('avgPool2d', '2, odd sizes, ceilMode', [1, 2, 7, 5], {'kernelSize': 2, 'ceilMode': True}),
        ('avgPool2d', '3, stride 2, padding 1', [1, 2, 7, 6], {'kernelSize': 3, 'stride': 2, 'padding': 1}),
        ('avgPool2d', '3, stride 2, padding 1, ceilMode', [1, 2, 6, 8],
         {'kernelSize': 3, 'stride': 2, 'padding': 1, 'ceilMode': True}),
        ('avgPool2d', '3, stride 2, padding 1, countIncludePad false', [1, 2, 7, 6],
         {'kernelSize': 3, 'stride': 2, 'padding': 1, 'countIncludePad': False}),
        ('avgPool2d', 'ceilMode, countIncludePad false', [1, 2, 6, 8],
         {'kernelSize': 3, 'stride': 2, 'padding': 1, 'ceilMode': True, 'countIncludePad': False}),
        ('avgPool2d', '[3, 2], stride [1, 2], padding [1, 0]', [1, 2, 5, 6],
         {'kernelSize': [3, 2], 'stride': [1, 2], 'padding': [1, 0]}),
        ('avgPool2d', 'last window dropped under ceilMode', [1, 1, 4, 4],
         {'kernelSize': 2, 'stride': 3, 'padding': 1, 'ceilMode': True}),
        ('avgPool2d', 'unbatched', [2, 5, 6], {'kernelSize': 2}),
        ('avgPool2d', 'batch 0', [0, 2, 5, 6], {'kernelSize': 2}),
        ('avgPool3d', '2', [1, 2, 4, 4, 5], {'kernelSize': 2}),
        ('avgPool3d', 'uneven, countIncludePad false', [1, 1, 3, 5, 4],
         {'kernelSize': [2, 3, 2], 'stride': [1, 2, 2], 'padding': [0, 1, 1], 'countIncludePad': False, 'ceilMode': True}),
    ):
        s.case(op, name, [x], attrs)
    s.case('avgPool2d', 'divisorOverride', [[1, 2, 4, 4]], {'kernelSize': 2, 'divisorOverride': 3}, tags=['divisorOverride'])
    s.case('avgPool2d', 'float64', [[1, 2, 5, 5]], {'kernelSize': 2}, dtype=torch.float64)
    s.case('avgPool2d', 'nan and inf', [grid([1, nan, 3, 4], [5, 6, inf, 8])], {'kernelSize': 2}, grad=False)
    s.error('avgPool2d', 'padding over half the kernel', [[1, 2, 5, 5]], {'kernelSize': 3, 'padding': 2})
    s.error('avgPool2d', 'window larger than the input', [[1, 2, 5, 5]], {'kernelSize': 6})


def make():
    s = Suite('pool')
    maximum(s)
    average(s)
    return s.typescript(NAME)

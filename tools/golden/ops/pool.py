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
        ('maxPool1d', 'batch 0', [0, 2, 7], {'kernelSize': 3}),
        ('maxPool3d', 'unbatched', [2, 3, 4, 3], {'kernelSize': 2}),
        ('maxPool3d', 'batch 0', [0, 2, 3, 4, 3], {'kernelSize': 2}),
        ('maxPool3d', 'ceilMode, dilation', [1, 1, 4, 5, 5], {'kernelSize': 2, 'dilation': [1, 2, 1], 'ceilMode': True}),
    ):
        s.case(op, name, [x], attrs)
    s.case('maxPool2d', 'float64', [[1, 2, 5, 5]], {'kernelSize': 2}, dtype=torch.float64)
    s.case('maxPool2d', 'one nan a window', [grid([1, nan, 3, 4], [5, 6, 7, 8], [1, 2, nan, 0], [1, 2, 3, 4])], {'kernelSize': 2})
    s.case('maxPool2d', 'two nans a window', [grid([1, nan, 3, nan], [nan, 6, nan, 8])], {'kernelSize': 2}, tags=['lastNan'])
    s.case('maxPool2d', 'all -inf', [grid([-inf, -inf], [-inf, -inf])], {'kernelSize': 2})
    s.case('maxPool3d', 'second derivatives', [[1, 1, 3, 3, 4]], {'kernelSize': 2, 'stride': 1, 'dilation': [1, 1, 2]}, second=True)
    x = [1, 2, 5, 5]
    s.error('maxPool2d', 'padding over half the kernel', [x], {'kernelSize': 3, 'padding': 2})
    s.error('maxPool2d', 'window larger than the input', [x], {'kernelSize': 6})
    s.error('maxPool2d', 'rank 2 input', [[5, 5]], {'kernelSize': 2})
    s.error('maxPool2d', 'kernel 0', [x], {'kernelSize': 0})
    s.error('maxPool2d', 'stride 0', [x], {'kernelSize': 2, 'stride': 0})
    s.error('maxPool1d', 'window larger than the input', [[1, 2, 5]], {'kernelSize': 6})
    s.error('maxPool1d', 'padding over half the kernel', [[1, 2, 5]], {'kernelSize': 3, 'padding': 2})
    s.error('maxPool3d', 'window larger than the input', [[1, 2, 3, 3, 3]], {'kernelSize': 4})
    s.error('maxPool3d', 'rank 3 input', [[3, 3, 3]], {'kernelSize': 2})


def unpool(s):
    def pooled(fn, x, *args):
        g = torch.Generator().manual_seed(11)
        return fn(torch.randn(x, generator=g), *args, return_indices=True)[1].int()

    one, two, three = torch.nn.functional.max_pool1d, torch.nn.functional.max_pool2d, torch.nn.functional.max_pool3d
    for op, name, indices, attrs in (
        ('maxUnpool1d', '2', pooled(one, [2, 2, 6], 2), {'kernelSize': 2}),
        ('maxUnpool1d', 'outputSize 7', pooled(one, [1, 2, 7], 2), {'kernelSize': 2, 'outputSize': [7]}),
        ('maxUnpool1d', 'unbatched', pooled(one, [2, 6], 3), {'kernelSize': 3}),
        ('maxUnpool2d', '2', pooled(two, [1, 2, 4, 6], 2), {'kernelSize': 2}),
        ('maxUnpool2d', '[3, 2], stride [3, 2], padding [1, 0]', pooled(two, [1, 1, 7, 4], [3, 2], [3, 2], [1, 0]),
         {'kernelSize': [3, 2], 'stride': [3, 2], 'padding': [1, 0]}),
        ('maxUnpool2d', 'the whole shape as outputSize', pooled(two, [1, 2, 5, 5], 2),
         {'kernelSize': 2, 'outputSize': [1, 2, 5, 5]}),
        ('maxUnpool2d', 'unbatched', pooled(two, [2, 4, 4], 2), {'kernelSize': 2}),
        ('maxUnpool2d', 'batch 0', torch.zeros(0, 2, 2, 2, dtype=torch.int32), {'kernelSize': 2}),
        ('maxUnpool3d', '2', pooled(three, [1, 1, 4, 2, 4], 2), {'kernelSize': 2}),
        ('maxUnpool3d', 'outputSize', pooled(three, [1, 2, 3, 4, 5], 2), {'kernelSize': 2, 'outputSize': [3, 4, 5]}),
    ):
        s.case(op, name, [list(indices.shape), indices], attrs)
    # Windows that overlap name one position twice; the values there are equal, and each gets the whole gradient.
    twice = f32(5, 5, 5, 2, shape=[1, 1, 4])
    s.case('maxUnpool1d', 'one position thrice', [twice, torch.tensor([[[2, 2, 2, 4]]], dtype=torch.int32)], {'kernelSize': 2, 'stride': 1})
    image = torch.randn([1, 2, 5, 6], generator=torch.Generator().manual_seed(12))
    values, at = two(image, 3, 1, 1, return_indices=True)
    s.case('maxUnpool2d', 'windows that overlap', [values, at.int()], {'kernelSize': 3, 'stride': 1, 'padding': 1})
    s.case('maxUnpool1d', 'inf and nan', [f32(inf, nan, -inf, shape=[1, 1, 3]), torch.tensor([[[0, 3, 5]]], dtype=torch.int32)],
           {'kernelSize': 2})
    s.case('maxUnpool2d', 'float64', [[1, 1, 2, 2], torch.tensor([[[[0, 3], [9, 14]]]], dtype=torch.int32)], {'kernelSize': 2},
           dtype=torch.float64)
    s.case('maxUnpool2d', 'second derivatives', [values, at.int()], {'kernelSize': 3, 'stride': 1, 'padding': 1}, second=True)
    at = torch.tensor([[[0, 3]]], dtype=torch.int32)
    s.error('maxUnpool1d', 'index beyond the result', [[1, 1, 2], torch.tensor([[[0, 4]]], dtype=torch.int32)], {'kernelSize': 2})
    s.error('maxUnpool1d', 'indices of another shape', [[1, 1, 3], at], {'kernelSize': 2})
    s.error('maxUnpool1d', 'outputSize a stride away', [[1, 1, 2], at], {'kernelSize': 2, 'outputSize': [6]})
    s.error('maxUnpool1d', 'outputSize of two', [[1, 1, 2], at], {'kernelSize': 2, 'outputSize': [4, 4]})
    s.error('maxUnpool2d', 'index beyond the result', [[1, 1, 1, 2], torch.tensor([[[[0, 8]]]], dtype=torch.int32)], {'kernelSize': 2})
    s.error('maxUnpool2d', 'outputSize a stride away', [[1, 1, 1, 2], at.unsqueeze(0)], {'kernelSize': 2, 'outputSize': [2, 6]})
    s.error('maxUnpool3d', 'index beyond the result', [[1, 1, 1, 1, 2], torch.tensor([[[[[0, 16]]]]], dtype=torch.int32)], {'kernelSize': 2})
    s.error('maxUnpool3d', 'indices of another shape', [[1, 1, 1, 1, 3], at.reshape(1, 1, 1, 1, 2)], {'kernelSize': 2})


def lp(s):
    for op, name, x, attrs in (
        ('lpPool1d', 'norm 2', [2, 2, 7], {'normType': 2, 'kernelSize': 3}),
        ('lpPool1d', 'norm 2, stride 2, ceilMode', [1, 2, 6], {'normType': 2, 'kernelSize': 3, 'stride': 2, 'ceilMode': True}),
        ('lpPool1d', 'norm 1', [1, 2, 6], {'normType': 1, 'kernelSize': 2}),
        ('lpPool1d', 'unbatched', [2, 6], {'normType': 2, 'kernelSize': 2}),
        ('lpPool2d', 'norm 2', [2, 2, 4, 5], {'normType': 2, 'kernelSize': 2}),
        ('lpPool2d', 'norm 4, [2, 3], stride 1', [1, 2, 4, 4], {'normType': 4, 'kernelSize': [2, 3], 'stride': 1}),
    ):
        s.case(op, name, [x], attrs)
    s.case('lpPool2d', 'norm 1.5, float64', [Draw([1, 2, 4, 4], lambda g, s: 0.1 + torch.rand(s, generator=g, dtype=torch.float64))],
           {'normType': 1.5, 'kernelSize': 2}, dtype=torch.float64)
    s.case('lpPool2d', 'second derivatives', [[1, 1, 4, 4]], {'normType': 2, 'kernelSize': 2}, second=True)
    s.error('lpPool1d', 'window larger than the input', [[1, 2, 5]], {'normType': 2, 'kernelSize': 6})
    s.error('lpPool2d', 'window larger than the input', [[1, 2, 5, 5]], {'normType': 2, 'kernelSize': 6})


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
    s.case('avgPool2d', 'second derivatives', [[1, 1, 4, 5]],
           {'kernelSize': 3, 'stride': 2, 'padding': 1, 'ceilMode': True, 'divisorOverride': 4}, second=True)
    s.case('avgPool3d', 'second derivatives', [[1, 1, 2, 3, 3]], {'kernelSize': 2, 'stride': 1, 'padding': 1, 'countIncludePad': False},
           second=True)
    for op, name, x, attrs in (
        ('avgPool2d', 'divisorOverride', [1, 2, 4, 4], {'kernelSize': 2, 'divisorOverride': 3}),
        ('avgPool2d', 'divisorOverride, padding, ceilMode', [1, 2, 6, 5],
         {'kernelSize': 3, 'stride': 2, 'padding': 1, 'ceilMode': True, 'divisorOverride': 2}),
        ('avgPool2d', 'divisorOverride, countIncludePad false', [1, 1, 4, 5],
         {'kernelSize': [2, 3], 'padding': 1, 'countIncludePad': False, 'divisorOverride': -4}),
        ('avgPool3d', 'divisorOverride, ceilMode', [1, 1, 3, 4, 3], {'kernelSize': 2, 'ceilMode': True, 'divisorOverride': 5}),
        ('avgPool1d', 'unbatched', [2, 7], {'kernelSize': 3, 'stride': 1}),
        ('avgPool1d', 'batch 0', [0, 2, 7], {'kernelSize': 3}),
        ('avgPool3d', 'unbatched', [2, 3, 4, 3], {'kernelSize': 2}),
        ('avgPool3d', 'batch 0', [0, 2, 3, 4, 3], {'kernelSize': 2}),
    ):
        s.case(op, name, [x], attrs)
    s.error('avgPool2d', 'divisorOverride 0', [[1, 2, 4, 4]], {'kernelSize': 2, 'divisorOverride': 0})
    s.error('avgPool1d', 'window larger than the input', [[1, 2, 5]], {'kernelSize': 6})
    s.error('avgPool3d', 'window larger than the input', [[1, 2, 3, 3, 3]], {'kernelSize': 4})
    s.error('avgPool3d', 'padding over half the kernel', [[1, 2, 3, 3, 3]], {'kernelSize': 2, 'padding': 2})
    s.case('avgPool2d', 'float64', [[1, 2, 5, 5]], {'kernelSize': 2}, dtype=torch.float64)
    s.case('avgPool2d', 'nan and inf', [grid([1, nan, 3, 4], [5, 6, inf, 8])], {'kernelSize': 2}, grad=False)
    s.error('avgPool2d', 'padding over half the kernel', [[1, 2, 5, 5]], {'kernelSize': 3, 'padding': 2})
    s.error('avgPool2d', 'window larger than the input', [[1, 2, 5, 5]], {'kernelSize': 6})


def make():
    s = Suite('pool')
    maximum(s)
    average(s)
    unpool(s)
    lp(s)
    return s.typescript(NAME)

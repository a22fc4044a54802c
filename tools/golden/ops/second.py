"""Second derivatives. With y the outputs and w the gradOutputs: first = d sum(y w) / d inputs, and the fixtures hold the
derivatives of sum(first v), v the gradgradWeights, by the inputs and by w."""
import torch

from opcase import FOLDER, Suite, f32, i32, uniform

NAME = 'ops/second'
OUT = f'{FOLDER}/second.ts'


def make():
    s = Suite('second')
    d = torch.float64
    for op, name, inputs, attrs, grad in (
        ('conv2d', 'bias, padding 1', [[1, 2, 4, 4], [2, 2, 3, 3], [2]], {'padding': 1}, True),
        ('conv2d', 'stride 2, groups 2', [[1, 4, 5, 4], [2, 2, 2, 2], None], {'stride': 2, 'groups': 2}, True),
        ('conv2d', 'dilation 2', [[2, 1, 5, 5], [2, 1, 2, 3], [2]], {'dilation': [2, 1]}, True),
        ('convTranspose2d', 'stride 2', [[1, 2, 3, 3], [2, 2, 2, 2], [2]], {'stride': 2}, True),
        ('conv1d', 'padding 1', [[2, 2, 5], [3, 2, 3], [3]], {'padding': 1}, True),
        ('conv3d', 'plain', [[1, 1, 3, 3, 3], [2, 1, 2, 2, 2], [2]], {}, True),
        ('maxPool2d', '2', [[1, 2, 4, 5]], {'kernelSize': 2}, True),
        ('maxPool2d', '3, stride 2, padding 1', [[1, 2, 5, 5]], {'kernelSize': 3, 'stride': 2, 'padding': 1}, True),
        ('avgPool2d', '3, stride 2, padding 1', [[1, 2, 5, 5]], {'kernelSize': 3, 'stride': 2, 'padding': 1}, True),
        ('matmul', 'matrices', [[3, 4], [4, 2]], {}, True),
        ('matmul', 'batched, broadcast', [[2, 3, 4], [4, 2]], {}, True),
        ('linear', 'with bias', [[3, 4], [2, 4], [2]], {}, True),
        ('sigmoid', 'plain', [[2, 4]], {}, True), ('tanh', 'plain', [[2, 4]], {}, True),
        ('exp', 'plain', [[5]], {}, True), ('log', 'plain', [uniform([5], 0.3, 3)], {}, True),
        ('div', 'broadcast', [[2, 3], uniform([3], 0.5, 2)], {}, True),
        ('pow', 'tensor ^ 3', [[5], 3], {}, True), ('square', 'plain', [[5]], {}, True), ('relu', 'plain', [[6]], {}, True),
        ('softmax', 'dim 1', [[2, 4]], {'dim': 1}, True), ('logSoftmax', 'dim 1', [[2, 4]], {'dim': 1}, True),
        ('var', 'dim 0', [[4, 3]], {'dim': 0}, True), ('mseLoss', 'mean', [[3, 2], [3, 2]], {'reduction': 'mean'}, True),
        ('crossEntropy', 'mean', [[4, 5], i32(3, 0, -100, 1), None], {'reduction': 'mean'}, True),
        ('crossEntropy', 'none', [[4, 5], i32(3, 0, -100, 1), None], {'reduction': 'none'}, True),
        ('batchNorm', 'training', [[3, 2, 2, 2], uniform([2], 0.5, 1.5), [2], None, None],
         {'training': True, 'momentum': 0.1, 'eps': 1e-5}, True),
        ('einsum', 'bilinear', [[2, 2], [3, 2, 2], [2, 2]], {'equation': 'bi,oij,bj->bo'}, True),
        ('norm', 'p 2', [[2, 3]], {'p': 2, 'dim': 1}, True),
        ('pad', 'reflect', [[1, 2, 4]], {'padding': [2, 1], 'mode': 'reflect'}, True),
        ('pad', 'replicate', [[1, 2, 3]], {'padding': [2, 1], 'mode': 'replicate'}, True),
        ('pad', 'circular', [[1, 2, 3]], {'padding': [2, 1], 'mode': 'circular'}, True),
        ('pad', 'constant', [[2, 3]], {'padding': [1, 0, -1, 1], 'value': 2}, True),
        ('fold', 'overlapping', [[1, 4, 6]], {'outputSize': [3, 4], 'kernelSize': 2}, True),
        ('pixelShuffle', '2', [[1, 8, 2, 2]], {'factor': 2}, True),
        ('unfold', 'padding 1', [[1, 2, 3, 4]], {'kernelSize': [2, 3], 'padding': 1}, True),
        ('interpolate', 'bilinear', [[1, 1, 3, 4]], {'mode': 'bilinear', 'size': [5, 3], 'alignCorners': False}, True),
        ('batchNorm', 'training, no affine', [[4, 3], None, None, None, None], {'training': True, 'momentum': 0.1, 'eps': 1e-5}, True),
    ):
        s.case(op, name, inputs, attrs, grad=grad, second=True)
        if op in ('conv2d', 'batchNorm', 'crossEntropy', 'maxPool2d', 'matmul') and name in (
                'dilation 2', 'training', 'mean', '2', 'matrices'):
            s.case(op, f'{name}, float64', inputs, attrs, grad=grad, second=True, dtype=d)
    return s.typescript(NAME)

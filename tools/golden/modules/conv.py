"""Convolutions and transposed convolutions, with every option."""
import torch

from modulecase import FOLDER, Modules, Plain

NAME = 'modules/conv'
OUT = f'{FOLDER}/modules/conv.ts'


def plain(m):
    for layer, name, x in (
        (['Conv1d', [2, 3, 3], {}], 'defaults', [2, 2, 6]),
        (['Conv1d', [2, 4, 2], {'stride': 2, 'padding': 1, 'dilation': 2, 'groups': 2, 'bias': False}], 'everything', [1, 2, 7]),
        (['Conv1d', [1, 2, 4], {'padding': 'same'}], 'same, even kernel', [1, 1, 5]),
        (['Conv1d', [1, 2, 3], {'padding': 'same', 'dilation': 2, 'paddingMode': 'reflect'}], 'same, dilation, reflect', [2, 1, 5]),
        (['Conv1d', [1, 2, 3], {'padding': 'valid'}], 'valid, unbatched', [1, 5]),
        (['Conv1d', [2, 2, 3], {'padding': 2, 'paddingMode': 'reflect'}], 'reflect', [1, 2, 4]),
        (['Conv1d', [2, 2, 3], {'padding': 2, 'paddingMode': 'replicate', 'stride': 2}], 'replicate, stride 2', [1, 2, 3]),
        (['Conv1d', [2, 2, 3], {'padding': 3, 'paddingMode': 'circular'}], 'circular, as much as there is', [1, 2, 3]),
        (['Conv1d', [2, 3, 3], {}], 'batch 0', [0, 2, 6]),
        (['Conv2d', [2, 3, 3], {}], 'defaults', [2, 2, 4, 5]),
        (['Conv2d', [2, 4, [3, 2]], {'stride': [2, 1], 'padding': [1, 0], 'dilation': [1, 2], 'groups': 2, 'bias': False}],
         'everything', [1, 2, 5, 5]),
        (['Conv2d', [1, 2, [2, 4]], {'padding': 'same'}], 'same, even kernel', [1, 1, 3, 5]),
        (['Conv2d', [1, 1, [2, 4]], {'padding': 'same', 'paddingMode': 'circular'}], 'same, even kernel, circular', [1, 1, 3, 5]),
        (['Conv2d', [1, 1, 3], {'padding': 'valid', 'paddingMode': 'reflect'}], 'valid, reflect', [1, 1, 4, 4]),
        (['Conv2d', [3, 3, 3], {'groups': 3, 'padding': 1}], 'depthwise', [1, 3, 3, 4]),
        (['Conv2d', [1, 2, 3], {'padding': 1}], 'unbatched', [1, 3, 4]),
        (['Conv2d', [2, 3, 3], {}], 'batch 0', [0, 2, 4, 5]),
        (['Conv2d', [1, 2, 3], {'padding': [2, 1], 'paddingMode': 'reflect'}], 'reflect', [1, 1, 3, 3]),
        (['Conv2d', [1, 2, 3], {'padding': [1, 2], 'paddingMode': 'reflect'}], 'reflect, unbatched', [1, 3, 4]),
        (['Conv2d', [1, 2, 3], {'padding': [3, 1], 'paddingMode': 'replicate', 'dilation': 2}], 'replicate, dilation 2', [1, 1, 2, 3]),
        (['Conv2d', [2, 2, 3], {'padding': [1, 3], 'paddingMode': 'circular', 'groups': 2}], 'circular, groups', [1, 2, 2, 3]),
        (['Conv2d', [2, 2, 3], {'padding': 1, 'paddingMode': 'circular'}], 'circular, batch 0', [0, 2, 3, 3]),
        (['Conv3d', [1, 2, 2], {}], 'defaults', [1, 1, 3, 3, 3]),
        (['Conv3d', [2, 2, [1, 2, 2]], {'stride': [1, 2, 1], 'padding': [0, 1, 0], 'dilation': [1, 1, 2], 'groups': 2, 'bias': False}],
         'everything', [1, 2, 2, 3, 4]),
        (['Conv3d', [1, 1, [2, 1, 3]], {'padding': 'same'}], 'same', [1, 1, 2, 2, 3]),
        (['Conv3d', [1, 1, 2], {'padding': 1, 'paddingMode': 'reflect'}], 'reflect', [1, 1, 2, 2, 2]),
        (['Conv3d', [1, 1, 2], {'padding': [1, 0, 2], 'paddingMode': 'replicate'}], 'replicate', [1, 1, 2, 2, 2]),
        (['Conv3d', [1, 1, [1, 2, 2]], {'padding': [0, 1, 2], 'paddingMode': 'circular'}], 'circular', [1, 1, 1, 2, 2]),
        (['Conv3d', [1, 1, 2], {'padding': 1}], 'unbatched', [1, 2, 2, 2]),
        (['Conv3d', [1, 1, 2], {}], 'batch 0', [0, 1, 2, 2, 2]),
    ):
        m.case(layer, name, [x])
    m.case(['Conv2d', [2, 3, 3], {'padding': 1, 'paddingMode': 'reflect'}], 'reflect, float64', [[1, 2, 3, 3]], dtype=torch.float64)
    for rank in (1, 2, 3):
        m.case([f'Conv{rank}d', [4, 2, 2], {'groups': 2}], 'as initialised', [[1, 4] + [3] * rank], state='initial', seed=rank)
    c = 'Conv2d'
    x = [1, 2, 4, 4]
    m.error([c, [3, 2, 3], {}], 'other channels', [x])
    m.error([c, [2, 2, 5], {}], 'kernel larger than the input', [x])
    m.error([c, [2, 2, 3], {}], 'rank 2 input', [[4, 4]])
    m.error([c, [2, 2, 3], {}], 'rank 5 input', [[1, 2, 4, 4, 4]])
    m.error([c, [2, 2, 3], {'padding': 4, 'paddingMode': 'reflect'}], 'reflect, padding as large as the input', [x])
    m.error([c, [2, 2, 3], {'padding': 5, 'paddingMode': 'circular'}], 'circular, padding larger than the input', [x])
    m.error([c, [3, 2, 3], {'padding': 1, 'paddingMode': 'replicate'}], 'replicate, other channels', [x])
    m.error([c, [3, 2, 3], {'groups': 2}], 'inputs not divisible by groups')
    m.error([c, [2, 3, 3], {'groups': 2}], 'outputs not divisible by groups')
    m.error([c, [2, 2, 3], {'padding': 'same', 'stride': 2}], 'same with stride')
    m.error([c, [2, 2, 3], {'padding': 'full'}], 'unknown padding')
    m.error([c, [2, 2, 3], {'paddingMode': 'mirror'}], 'unknown padding mode')
    m.error(['Conv1d', [3, 2, 3], {}], 'other channels', [[1, 2, 4]])
    m.error(['Conv1d', [2, 2, 3], {'padding': 4, 'paddingMode': 'reflect'}], 'reflect, padding as large as the input', [[1, 2, 4]])
    m.error(['Conv3d', [3, 2, 3], {}], 'other channels', [[1, 2, 4, 4, 4]])
    m.error(['Conv3d', [2, 2, 3], {'padding': 3, 'paddingMode': 'reflect'}], 'reflect, padding as large as the input', [[1, 2, 3, 3, 3]])


def transposed(m):
    for layer, name, inputs in (
        (['ConvTranspose1d', [2, 3, 3], {}], 'defaults', [[2, 2, 4]]),
        (['ConvTranspose1d', [4, 2, 3], {'stride': 3, 'padding': 1, 'outputPadding': 2, 'groups': 2, 'bias': False, 'dilation': 2}],
         'everything', [[1, 4, 3]]),
        (['ConvTranspose1d', [2, 2, 2], {'stride': 2}], 'outputSize', [[1, 2, 3], Plain([7])]),
        (['ConvTranspose1d', [2, 2, 2], {'stride': 2}], 'the whole shape as outputSize', [[1, 2, 3], Plain([1, 2, 6])]),
        (['ConvTranspose1d', [2, 2, 2], {'stride': 2}], 'unbatched, outputSize', [[2, 3], Plain([7])]),
        (['ConvTranspose1d', [2, 2, 2], {}], 'batch 0', [[0, 2, 3]]),
        (['ConvTranspose2d', [2, 3, 3], {}], 'defaults', [[2, 2, 2, 3]]),
        (['ConvTranspose2d', [2, 4, [3, 2]], {
            'stride': [2, 1], 'padding': [1, 0], 'outputPadding': [1, 0], 'groups': 2, 'bias': False, 'dilation': [1, 2]}],
         'everything', [[1, 2, 3, 3]]),
        (['ConvTranspose2d', [1, 2, 3], {'dilation': 3, 'outputPadding': 2}], 'outputPadding below the dilation', [[1, 1, 2, 2]]),
        (['ConvTranspose2d', [1, 2, 3], {'stride': 2, 'padding': 1, 'outputPadding': 1}], 'twice the size', [[1, 1, 3, 2]]),
        (['ConvTranspose2d', [1, 2, 3], {'stride': [2, 3], 'padding': 1}], 'outputSize', [[1, 1, 3, 2], Plain([6, 5])]),
        (['ConvTranspose2d', [1, 2, 3], {'stride': 2, 'outputPadding': 1}], 'outputSize instead of outputPadding', [[1, 1, 3, 2], Plain([7, 6])]),
        (['ConvTranspose2d', [1, 2, 3], {'stride': 2}], 'unbatched, the whole shape as outputSize', [[1, 3, 2], Plain([2, 8, 5])]),
        (['ConvTranspose2d', [1, 1, 2], {}], 'unbatched', [[1, 2, 2]]),
        (['ConvTranspose2d', [3, 3, 2], {'groups': 3, 'stride': 2}], 'depthwise', [[1, 3, 2, 2]]),
        (['ConvTranspose2d', [2, 1, 2], {}], 'batch 0', [[0, 2, 2, 2]]),
        (['ConvTranspose3d', [1, 2, 2], {}], 'defaults', [[1, 1, 2, 2, 2]]),
        (['ConvTranspose3d', [2, 2, [1, 2, 2]], {
            'stride': [1, 2, 2], 'padding': [0, 1, 0], 'outputPadding': [0, 1, 1], 'groups': 2, 'bias': False, 'dilation': [1, 2, 1]}],
         'everything', [[1, 2, 2, 2, 2]]),
        (['ConvTranspose3d', [1, 1, 2], {'stride': 2}], 'outputSize', [[1, 1, 1, 2, 1], Plain([2, 5, 3])]),
        (['ConvTranspose3d', [1, 1, 2], {}], 'unbatched', [[1, 2, 1, 2]]),
        (['ConvTranspose3d', [1, 1, 2], {}], 'batch 0', [[0, 1, 2, 1, 2]]),
    ):
        m.case(layer, name, inputs)
    m.case(['ConvTranspose2d', [2, 2, 3], {'stride': 2}], 'float64', [[1, 2, 2, 2]], dtype=torch.float64)
    for rank in (1, 2, 3):
        m.case([f'ConvTranspose{rank}d', [2, 6, 2], {'groups': 2}], 'as initialised', [[1, 2] + [2] * rank], state='initial', seed=rank)
    c = 'ConvTranspose2d'
    x = [1, 2, 3, 3]
    m.error([c, [3, 2, 3], {}], 'other channels', [x])
    m.error([c, [2, 2, 3], {'stride': 2, 'outputPadding': 2}], 'outputPadding too large', [x])
    m.error([c, [2, 2, 3], {'stride': 2}], 'outputSize too small', [x, Plain([6, 7])])
    m.error([c, [2, 2, 3], {'stride': 2}], 'outputSize too large', [x, Plain([9, 7])])
    m.error([c, [2, 2, 3], {'stride': 2}], 'outputSize of three', [x, Plain([2, 7, 7])])
    m.error([c, [2, 2, 3], {'padding': 3}], 'nothing left', [x])
    m.error([c, [2, 2, 3], {}], 'rank 2 input', [[3, 3]])
    m.error([c, [2, 2, 3], {'paddingMode': 'reflect'}], 'reflect')
    m.error([c, [3, 2, 3], {'groups': 2}], 'inputs not divisible by groups')
    m.error([c, [2, 3, 3], {'groups': 2}], 'outputs not divisible by groups')
    m.error(['ConvTranspose1d', [3, 2, 3], {}], 'other channels', [[1, 2, 4]])
    m.error(['ConvTranspose1d', [2, 2, 3], {'paddingMode': 'circular'}], 'circular')
    m.error(['ConvTranspose3d', [3, 2, 3], {}], 'other channels', [[1, 2, 4, 4, 4]])
    m.error(['ConvTranspose3d', [2, 2, 3], {'stride': 2}], 'outputSize too large', [[1, 2, 2, 2, 2], Plain([5, 5, 7])])


def make():
    m = Modules('conv')
    plain(m)
    transposed(m)
    return m.typescript(NAME)

"""Upsampling, pixel shuffles, padding layers, windows, Unflatten."""
import torch

from modulecase import FOLDER, Modules

NAME = 'modules/resize'
OUT = f'{FOLDER}/modules/resize.ts'


def resizing(m):
    for layer, name, x in (
        (['Upsample', [], {'scaleFactor': 2}], 'nearest, twice', [2, 2, 2, 3]),
        (['Upsample', [], {'size': [5, 3]}], 'nearest, to a size', [1, 2, 3, 4]),
        (['Upsample', [], {'scaleFactor': 2, 'mode': 'linear'}], 'linear', [1, 2, 4]),
        (['Upsample', [], {'scaleFactor': [1.5, 2], 'mode': 'bilinear', 'alignCorners': True}], 'bilinear, corners', [1, 2, 4, 3]),
        (['Upsample', [], {'scaleFactor': 1.3, 'mode': 'bilinear', 'recomputeScaleFactor': True}], 'bilinear, recomputed', [1, 1, 4, 3]),
        (['Upsample', [], {'size': 6, 'mode': 'bicubic'}], 'bicubic', [1, 1, 3, 4]),
        (['Upsample', [], {'scaleFactor': 2, 'mode': 'trilinear'}], 'trilinear', [1, 1, 2, 2, 3]),
        (['UpsamplingNearest2d', [], {'scaleFactor': 2}], 'twice', [1, 2, 3, 2]),
        (['UpsamplingNearest2d', [], {'size': 5}], 'to a size', [1, 2, 3, 2]),
        (['UpsamplingBilinear2d', [], {'scaleFactor': 2}], 'twice', [1, 2, 3, 2]),
        (['UpsamplingBilinear2d', [], {'size': [4, 5]}], 'to a size', [1, 2, 3, 2]),
        (['PixelShuffle', [2], {}], 'factor 2', [1, 8, 2, 3]),
        (['PixelShuffle', [3], {}], 'one image', [9, 2, 2]),
        (['PixelUnshuffle', [2], {}], 'factor 2', [2, 2, 4, 6]),
        (['PixelUnshuffle', [3], {}], 'one image', [1, 3, 6]),
    ):
        m.case(layer, name, [x])
    m.error(['Upsample', [], {'scaleFactor': 2}], 'rank 2', [[3, 3]])
    m.error(['Upsample', [], {'scaleFactor': 2, 'mode': 'bilinear'}], 'bilinear of one axis', [[1, 2, 4]])
    m.error(['UpsamplingNearest2d', [], {'scaleFactor': 0.1}], 'nothing left', [[1, 2, 3, 3]])
    m.error(['UpsamplingBilinear2d', [], {'scaleFactor': 2}], 'one axis', [[1, 2, 4]])
    m.error(['PixelShuffle', [2], {}], 'channels that do not divide', [[1, 6, 2, 2]])
    m.error(['PixelUnshuffle', [2], {}], 'a height that does not divide', [[1, 1, 3, 4]])


def padding(m):
    sizes = {1: [2, 1], 2: [1, 2, 0, 1], 3: [1, 0, 0, 1, 1, 1]}
    shapes = {1: [2, 2, 4], 2: [1, 2, 3, 4], 3: [1, 1, 2, 3, 3]}
    for rank in (1, 2, 3):
        x = shapes[rank]
        constant = f'ConstantPad{rank}d'
        m.case([constant, [sizes[rank], -1.5], {}], 'sides of their own', [x])
        m.case([constant, [1, 2], {}], 'one number', [x])
        m.case([constant, [-1, 0.5], {}], 'cropping', [x[1:]] if rank < 3 else [[1, 3, 3, 3]])
        m.error([constant, [-4, 0.5], {}], 'cropping more than there is', [x])
        for kind in ('Reflection', 'Replication'):
            layer = f'{kind}Pad{rank}d'
            m.case([layer, [sizes[rank]], {}], 'sides of their own', [x])
            m.case([layer, [1], {}], 'one number', [x])
            m.case([layer, [1], {}], 'without batch', [x[1:]])
            m.error([layer, [1], {}], 'rank too large', [[1, *x, 2]])
        m.error([f'ReflectionPad{rank}d', [9], {}], 'more than there is', [x])
    m.case(['ZeroPad2d', [[1, 2, 0, 1]], {}], 'sides of their own', [[1, 2, 3, 4]])
    m.case(['ZeroPad2d', [1], {}], 'one number', [[2, 3, 3]])
    m.error(['ZeroPad2d', [-4], {}], 'cropping more than there is', [[1, 1, 3, 3]])


def windows(m):
    for layer, name, x in (
        (['Unfold', [2], {}], 'defaults', [2, 2, 3, 4]),
        (['Unfold', [[2, 3]], {'dilation': [2, 1], 'padding': 1, 'stride': [1, 2]}], 'everything', [1, 2, 5, 6]),
        (['Unfold', [3], {'padding': 1}], 'one image', [2, 4, 4]),
        (['Fold', [[3, 4], 2], {}], 'defaults', [2, 8, 6]),
        (['Fold', [[5, 6], [2, 3]], {'dilation': [2, 1], 'padding': 1, 'stride': [1, 2]}], 'everything', [1, 12, 15]),
        (['Fold', [4, 3], {'padding': 1}], 'one image', [18, 16]),
        (['Unflatten', [1, [2, 3]], {}], 'channels', [2, 6, 2]),
        (['Unflatten', [-1, [2, -1]], {}], 'one size left open', [3, 6]),
    ):
        m.case(layer, name, [x])
        m.case(layer, f'{name}, float64', [x], dtype=torch.float64)
    m.error(['Unfold', [4], {}], 'window larger than the image', [[1, 1, 3, 3]])
    m.error(['Unfold', [2], {}], 'rank 2', [[3, 3]])
    m.error(['Fold', [[3, 4], 2], {}], 'channels that do not divide', [[1, 7, 6]])
    m.error(['Fold', [[3, 4], 2], {}], 'too few windows', [[1, 8, 5]])
    m.error(['Unflatten', [1, [2, 2]], {}], 'sizes that do not multiply up', [[2, 6]])


def make():
    m = Modules('resize')
    resizing(m)
    padding(m)
    windows(m)
    return m.typescript(NAME)

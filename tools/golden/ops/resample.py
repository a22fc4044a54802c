"""interpolate in all modes."""
import torch

from opcase import FOLDER, Suite

NAME = 'ops/resample'
OUT = f'{FOLDER}/resample.ts'


def make():
    s = Suite('resample')
    s.case('interpolate', 'nearest, scale 2', [[2, 2, 3, 2]], {'mode': 'nearest', 'scaleFactor': 2})
    s.case('interpolate', 'nearest, up to 5x7', [[1, 2, 3, 4]], {'mode': 'nearest', 'size': [5, 7]})
    s.case('interpolate', 'nearest, down to 2x3', [[1, 2, 5, 7]], {'mode': 'nearest', 'size': [2, 3]})
    s.case('interpolate', 'nearest, 1-D', [[2, 2, 5]], {'mode': 'nearest', 'size': [8]})
    s.case('interpolate', 'nearest, 3-D', [[1, 2, 2, 3, 2]], {'mode': 'nearest', 'size': [3, 4, 3]})
    for corners in (False, True):
        word = 'corners' if corners else 'areas'
        s.case('interpolate', f'bilinear, {word}, up to 5x7', [[1, 2, 3, 4]], {'mode': 'bilinear', 'size': [5, 7], 'alignCorners': corners})
        s.case('interpolate', f'bilinear, {word}, down to 2x3', [[1, 2, 5, 7]], {'mode': 'bilinear', 'size': [2, 3], 'alignCorners': corners})
        s.case('interpolate', f'bilinear, {word}, scale 2', [[2, 1, 3, 2]], {'mode': 'bilinear', 'scaleFactor': 2, 'alignCorners': corners})
        s.case('interpolate', f'bilinear, {word}, from 1x1', [[1, 2, 1, 1]], {'mode': 'bilinear', 'size': [3, 2], 'alignCorners': corners})
        s.case('interpolate', f'bilinear, {word}, to 1x1', [[1, 2, 3, 4]], {'mode': 'bilinear', 'size': [1, 1], 'alignCorners': corners})
        s.case('interpolate', f'linear, {word}', [[2, 2, 5]], {'mode': 'linear', 'size': [8], 'alignCorners': corners})
        s.case('interpolate', f'trilinear, {word}', [[1, 1, 2, 3, 2]], {'mode': 'trilinear', 'size': [3, 4, 3], 'alignCorners': corners})
    s.error('interpolate', 'bilinear of 3 axes', [[1, 2, 5]], {'mode': 'bilinear', 'size': [8], 'alignCorners': False})
    for corners in (False, True):
        word = 'corners' if corners else 'areas'
        for name, shape, size in (
            ('up to 5x7', [1, 2, 3, 4], [5, 7]), ('down to 2x3', [1, 1, 5, 7], [2, 3]), ('from 1x1', [1, 1, 1, 1], [3, 2]),
            ('to 1x1', [1, 1, 3, 4], [1, 1]), ('one axis', [1, 1, 3, 4], [3, 6]),
        ):
            s.case('interpolate', f'bicubic, {word}, {name}', [shape], {'mode': 'bicubic', 'size': size, 'alignCorners': corners})
        s.case('interpolate', f'bicubic, {word}, float64', [[1, 1, 3, 2]], {'mode': 'bicubic', 'size': [4, 5], 'alignCorners': corners},
               dtype=torch.float64)
    for mode in ('nearest', 'nearest-exact', 'linear', 'area'):
        s.case('interpolate', f'{mode}, 1-D, scale 1.7', [[1, 2, 5]], {'mode': mode, 'scaleFactor': 1.7})
        s.case('interpolate', f'{mode}, 1-D, scale 0.6', [[1, 2, 7]], {'mode': mode, 'scaleFactor': 0.6})
    for mode in ('nearest-exact', 'area'):
        s.case('interpolate', f'{mode}, up to 5x7', [[1, 2, 3, 4]], {'mode': mode, 'size': [5, 7]})
        s.case('interpolate', f'{mode}, down to 2x3', [[1, 2, 5, 7]], {'mode': mode, 'size': [2, 3]})
        s.case('interpolate', f'{mode}, 3-D', [[1, 1, 2, 3, 2]], {'mode': mode, 'size': [3, 4, 3]})
    s.case('interpolate', 'bicubic, scales [1.5, 1.2]', [[1, 1, 3, 4]], {'mode': 'bicubic', 'scaleFactor': [1.5, 1.2]})
    s.case('interpolate', 'bilinear, scale 1.3', [[1, 1, 3, 4]], {'mode': 'bilinear', 'scaleFactor': 1.3})
    s.case('interpolate', 'bilinear, scale 1.3, recomputed', [[1, 1, 3, 4]],
           {'mode': 'bilinear', 'scaleFactor': 1.3, 'recomputeScaleFactor': True})
    s.case('interpolate', 'bicubic, scale 1.3, recomputed', [[1, 1, 3, 4]],
           {'mode': 'bicubic', 'scaleFactor': 1.3, 'recomputeScaleFactor': True})
    s.case('interpolate', 'bilinear, batch 0', [torch.zeros(0, 1, 2, 2)], {'mode': 'bilinear', 'size': [3, 3]}, grad=False)
    for name, shape, attrs in (
        ('bicubic of 3 axes', [1, 2, 5], {'mode': 'bicubic', 'size': [8]}),
        ('neither size nor factor', [1, 1, 3], {'mode': 'nearest'}),
        ('both size and factor', [1, 1, 3], {'mode': 'nearest', 'size': [4], 'scaleFactor': 2}),
        ('nearest with corners', [1, 1, 3], {'mode': 'nearest', 'size': [4], 'alignCorners': True}),
        ('area with corners', [1, 1, 3], {'mode': 'area', 'size': [4], 'alignCorners': True}),
        ('unknown mode', [1, 1, 3], {'mode': 'lanczos', 'size': [4]}),
        ('size 0', [1, 1, 3], {'mode': 'nearest', 'size': [0]}),
        ('two factors for one axis', [1, 1, 3], {'mode': 'nearest', 'scaleFactor': [2, 2]}),
        ('rank 2', [3, 3], {'mode': 'nearest', 'scaleFactor': 2}),
    ):
        s.error('interpolate', name, [shape], attrs)
    for op, shape in (('pixelShuffle', [2, 8, 2, 3]), ('pixelUnshuffle', [2, 2, 4, 6])):
        s.case(op, 'factor 2', [shape], {'factor': 2})
        s.case(op, 'factor 1', [shape], {'factor': 1})
        s.case(op, 'one image', [shape[1:]], {'factor': 2})
        s.case(op, 'two axes before', [[2, 1, *shape[1:]]], {'factor': 2}, dtype=torch.float64)
        s.error(op, 'rank 2', [[4, 4]], {'factor': 2})
        s.error(op, 'does not divide', [[1, 3, 3, 3]], {'factor': 2})
        s.error(op, 'factor 0', [shape], {'factor': 0})
    return s.typescript(NAME)

"""interpolate: nearest, linear, bilinear, trilinear."""
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
    return s.typescript(NAME)

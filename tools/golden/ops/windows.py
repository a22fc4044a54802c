"""unfold and fold."""
import torch

from opcase import FOLDER, Suite, f32, inf, nan

NAME = 'ops/windows'
OUT = f'{FOLDER}/windows.ts'


def make():
    s = Suite('windows')
    for name, shape, attrs in (
        ('2', [1, 2, 3, 4], {'kernelSize': 2}),
        ('[2,3], stride 2, padding 1', [2, 1, 4, 5], {'kernelSize': [2, 3], 'stride': 2, 'padding': 1}),
        ('dilation [2,1]', [1, 2, 4, 3], {'kernelSize': 2, 'dilation': [2, 1]}),
        ('stride [2,1], padding [0,2]', [1, 1, 5, 3], {'kernelSize': 3, 'stride': [2, 1], 'padding': [0, 2]}),
        ('no batch', [2, 3, 3], {'kernelSize': 2}),
        ('1', [1, 2, 2, 2], {'kernelSize': 1}),
        ('a rest left over', [1, 1, 5, 4], {'kernelSize': 2, 'stride': 3}),
    ):
        s.case('unfold', name, [shape], attrs)
    s.case('unfold', 'batch 0', [torch.zeros(0, 1, 3, 3)], {'kernelSize': 2})
    s.case('unfold', 'float64', [[1, 2, 3, 3]], {'kernelSize': 2, 'padding': 1}, dtype=torch.float64)
    s.case('unfold', 'nan and inf', [f32(1., nan, inf, 2., shape=[1, 1, 2, 2])], {'kernelSize': 2, 'padding': 1}, grad=False)
    s.error('unfold', 'larger than the image', [[1, 1, 2, 2]], {'kernelSize': 3})
    s.error('unfold', 'rank 2', [[4, 4]], {'kernelSize': 2})
    s.error('unfold', 'rank 5', [[1, 1, 2, 4, 4]], {'kernelSize': 2})
    s.error('unfold', 'stride 0', [[1, 1, 4, 4]], {'kernelSize': 2, 'stride': 0})
    s.error('unfold', 'kernel 0', [[1, 1, 4, 4]], {'kernelSize': 0})
    s.error('unfold', 'negative padding', [[1, 1, 4, 4]], {'kernelSize': 2, 'padding': -1})
    s.error('unfold', 'no columns', [torch.zeros(1, 1, 4, 0)], {'kernelSize': 2})
    for name, shape, attrs in (
        ('2', [1, 8, 6], {'outputSize': [3, 4], 'kernelSize': 2}),
        ('[2,3], stride 2, padding 1', [2, 6, 9], {'outputSize': [4, 5], 'kernelSize': [2, 3], 'stride': 2, 'padding': 1}),
        ('dilation [2,1]', [1, 8, 4], {'outputSize': [4, 3], 'kernelSize': 2, 'dilation': [2, 1]}),
        ('stride 2, apart', [1, 4, 4], {'outputSize': 4, 'kernelSize': 2, 'stride': 2}),
        ('no batch', [8, 4], {'outputSize': [3, 3], 'kernelSize': 2}),
        ('a rest left over', [1, 4, 2], {'outputSize': [5, 4], 'kernelSize': 2, 'stride': 3}),
    ):
        s.case('fold', name, [shape], attrs)
    s.case('fold', 'batch 0', [torch.zeros(0, 4, 4)], {'outputSize': 3, 'kernelSize': 2})
    s.case('fold', 'float64', [[1, 4, 4]], {'outputSize': 3, 'kernelSize': 2}, dtype=torch.float64)
    s.error('fold', 'channels', [[1, 5, 9]], {'outputSize': 4, 'kernelSize': 2})
    s.error('fold', 'windows', [[1, 4, 8]], {'outputSize': 4, 'kernelSize': 2})
    s.error('fold', 'rank 4', [[1, 4, 3, 3]], {'outputSize': 4, 'kernelSize': 2})
    s.error('fold', 'kernel larger than the output', [[1, 9, 1]], {'outputSize': 2, 'kernelSize': 3})
    return s.typescript(NAME)

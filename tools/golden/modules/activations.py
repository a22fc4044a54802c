"""Activations as layers: values, gradients (PReLU's weight too), how they print, what they refuse."""
import torch

from modulecase import FOLDER, Modules

NAME = 'modules/activations'
OUT = f'{FOLDER}/modules/activations.ts'

FIXED = ('ReLU', 'ReLU6', 'Sigmoid', 'Tanh', 'SiLU', 'Mish', 'SELU', 'Hardsigmoid', 'Hardswish', 'LogSigmoid', 'Softsign',
         'Tanhshrink')
NO_BOOL = ('ReLU6', 'SiLU', 'Mish', 'SELU', 'Hardsigmoid', 'Hardswish', 'LogSigmoid', 'Softsign', 'Tanhshrink')


def make():
    m = Modules('activations')
    d = torch.float64
    for name in FIXED:
        m.case([name], 'images', [[2, 2, 3]])
        # PyTorch takes 1/6 in float32 for the slope of Hardsigmoid, also here.
        m.case([name], 'float64', [[3]], dtype=d, grad=name != 'Hardsigmoid')
        m.case([name], 'evaluating', [[0, 2]], training=False)
        if name in NO_BOOL:
            m.error([name], 'bool', [torch.tensor([True, False])])
    for name, options in (
        ('LeakyReLU', {}), ('LeakyReLU', {'negativeSlope': 0.2}), ('LeakyReLU', {'negativeSlope': 1e-5}),
        ('ELU', {}), ('ELU', {'alpha': 0.5}), ('GELU', {}), ('GELU', {'approximate': 'tanh'}),
        ('Hardtanh', {}), ('Hardtanh', {'minVal': -0.5, 'maxVal': 1.5}),
        ('Softplus', {}), ('Softplus', {'beta': 2, 'threshold': 1}), ('Softplus', {'beta': 0.5}),
    ):
        said = ', '.join(f'{k} {v}' for k, v in options.items()) or 'defaults'
        m.case([name, [], options], said, [[2, 5]])
        m.case([name, [], options], f'{said}, float64', [[4]], dtype=d)
    for name in ('LeakyReLU', 'ELU', 'GELU', 'Hardtanh', 'Softplus'):
        m.error([name], 'bool', [torch.tensor([True, False])])
    m.error(['Hardtanh', [], {'minVal': 1.5, 'maxVal': 0.5}], 'bounds that cross')
    m.error(['LeakyReLU', [], {'slope': 0.1}], 'an option that is not there')
    m.error(['GELU', [], {'approx': 'tanh'}], 'an option that is not there')

    m.case(['PReLU'], 'one weight', [[2, 3, 2]])
    m.case(['PReLU', [], {'numParameters': 3}], 'a weight a channel', [[2, 3, 2]])
    m.case(['PReLU', [], {'numParameters': 2}], 'images, float64', [[1, 2, 2, 3]], dtype=d)
    m.case(['PReLU', [], {'numParameters': 2, 'init': 0.5}], 'as initialised', [[3, 2]], state='initial')
    m.case(['PReLU'], 'as initialised, defaults', [[3]], state='initial')
    m.error(['PReLU', [], {'numParameters': 2}], 'other channels', [[2, 3]])

    for name in ('Softmax', 'LogSoftmax', 'Softmin'):
        m.case([name, [1], {}], 'dim 1', [[2, 4]])
        m.case([name, [-1], {}], 'dim -1, float64', [[2, 2, 3]], dtype=d)
        m.case([name, [0], {}], 'dim 0', [[3, 2]])
        m.error([name, [2], {}], 'dim out of range', [[2, 3]])
    m.case(['Softmax2d'], 'batch', [[2, 3, 2, 2]])
    m.case(['Softmax2d'], 'one image', [[3, 2, 2]])
    m.error(['Softmax2d'], 'two axes', [[3, 2]])

    m.case(['Sequential', [['Linear', [3, 4], {}], ['PReLU', [], {'numParameters': 4}], ['Linear', [4, 2], {}], ['SiLU']]],
           'after one another', [[2, 3]])
    return m.typescript(NAME)

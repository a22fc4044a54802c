"""Activation functions: values, slopes at the kinks, large and special inputs."""
import torch

from opcase import FOLDER, Suite, boolean, f32, f64, i32, inf, nan, uniform

NAME = 'ops/activations'
OUT = f'{FOLDER}/activations.ts'

SMOOTH = ('elu', 'selu', 'gelu', 'silu', 'mish', 'softplus', 'logsigmoid', 'softsign', 'tanhshrink')
PIECEWISE = ('leakyRelu', 'hardtanh', 'relu6', 'hardsigmoid', 'hardswish')
KINKS = {
    'leakyRelu': (0., -0.), 'elu': (0., -0.), 'selu': (0., -0.), 'hardtanh': (-1., 1., 0.), 'relu6': (0., -0., 6.),
    'hardsigmoid': (-3., 3., 0.), 'hardswish': (-3., 3., 0.), 'logsigmoid': (0., -0.), 'softplus': (20., 0., 20.1, 19.9),
    'softsign': (0., -0.), 'silu': (0.,), 'mish': (0., 20., 20.1), 'gelu': (0.,), 'tanhshrink': (0.,),
}
# Far out a branch that is not taken overflows: its slope must not turn into NaN.
FAR = f32(-1e30, -1000., -104., -88., -30., 30., 88., 89., 104., 1000., 1e30)
# Of whole slopes everywhere, and of exact values far out.
EDGES = f32(0., -0., 1., -1., 3., -3., 6., 1e30, -1e30, 88., 89., -50., 20., 21., inf, -inf, nan)
REFUSES_INT = ('leakyRelu', 'elu', 'selu', 'gelu', 'silu', 'mish', 'hardsigmoid', 'hardswish', 'softplus', 'logsigmoid')
OPTIONS = (
    ('leakyRelu', 'slope 0.2', {'negativeSlope': 0.2}), ('leakyRelu', 'slope 0', {'negativeSlope': 0}),
    ('leakyRelu', 'a negative slope', {'negativeSlope': -0.5}),
    ('elu', 'alpha 0.3', {'alpha': 0.3}), ('elu', 'alpha -1', {'alpha': -1}),
    ('hardtanh', 'bounds -0.5 and 2', {'minVal': -0.5, 'maxVal': 2}),
    ('softplus', 'beta 2', {'beta': 2}), ('softplus', 'threshold 0.5', {'threshold': 0.5}),
    ('softplus', 'beta 3, threshold 1', {'beta': 3, 'threshold': 1}),
    ('gelu', 'tanh', {'approximate': 'tanh'}),
)


def make():
    s = Suite('activations')
    d = torch.float64
    for op in SMOOTH + PIECEWISE:
        s.case(op, 'plain', [uniform([2, 5], -4, 4)])
        # PyTorch takes 1/6 in float32 for the slope of hardsigmoid, also here.
        s.case(op, 'float64', [uniform([7], -7, 7)], dtype=d, grad=op != 'hardsigmoid')
        if op != 'hardsigmoid':  # PyTorch has none for it.
            s.case(op, 'second derivatives, float64', [uniform([6], -4, 4)], dtype=d, second=True)
        s.case(op, 'scalar', [f32(-0.75).reshape([])])
        s.case(op, 'empty', [[0, 3]])
        s.case(op, 'edges', [EDGES], grad=False)
        s.case(op, 'slopes at the kinks', [f32(*KINKS[op])])
        s.case(op, 'slopes far out', [FAR])
        s.error(op, 'bool', [boolean(True, False)])
    for op in REFUSES_INT:
        s.error(op, 'int32', [i32(1, 2)])
    for op in ('hardtanh', 'relu6', 'softsign', 'tanhshrink'):
        s.case(op, 'int32', [i32(-7, -1, 0, 1, 3, 6, 9)])
    for op, name, attrs in OPTIONS:
        s.case(op, name, [uniform([2, 5], -3, 3)], attrs)
        s.case(op, f'{name}, float64', [uniform([5], -3, 3)], attrs, dtype=d)
    s.case('elu', 'slope at 0, alpha 0.3', [f32(0., -0.)], {'alpha': 0.3})
    s.case('hardtanh', 'slopes at bounds -0.5 and 2', [f32(-0.5, 2., 0.)], {'minVal': -0.5, 'maxVal': 2})
    s.case('gelu', 'tanh, edges', [f32(0., -0., 1., -1., 10., -10., 1e10, -1e10, inf, -inf, nan)], {'approximate': 'tanh'}, grad=False)
    s.case('gelu', 'tanh, slopes far out', [f32(-1e10, -1000., -30., 30., 1000., 1e10)], {'approximate': 'tanh'})
    s.case('gelu', 'tanh, second derivatives, float64', [[6]], {'approximate': 'tanh'}, dtype=d, second=True)
    s.case('gelu', 'small values, float64', [f64(-6., -5., -1e-3, 1e-8, 0.1)])
    s.error('gelu', 'another approximation', [[2]], {'approximate': 'erf'})

    s.case('prelu', 'one weight', [[2, 3, 4], uniform([1], 0.1, 0.5)])
    s.case('prelu', 'a weight a channel', [[2, 3, 4], [3]])
    s.case('prelu', 'a weight a channel, [batch, channels]', [[4, 3], [3]])
    s.case('prelu', 'a weight a channel, images', [[2, 2, 2, 3], [2]])
    s.case('prelu', 'one axis, one weight', [[5], [1]])
    s.case('prelu', 'float64', [[3, 2], [2]], dtype=d)
    s.case('prelu', 'second derivatives, float64', [[3, 2], [2]], dtype=d, second=True)
    s.case('prelu', 'at 0', [f32(0., -0., 1., -1.), f32(0.25)])
    s.case('prelu', 'infinities', [f32(inf, 1e30, -1e30, 2.), f32(0.25)])
    s.case('prelu', 'edges', [EDGES, f32(-0.5)], grad=False)
    s.case('prelu', 'no rows', [[0, 3], [3]])
    s.error('prelu', 'another number of weights', [[2, 3], [2]])
    s.error('prelu', 'weights but no channels', [[3], [3]])
    s.error('prelu', 'a matrix of weights', [[2, 4], [2, 2]])

    s.case('softmin', 'dim 1', [[2, 4]], {'dim': 1})
    s.case('softmin', 'dim 0', [[3, 2]], {'dim': 0})
    s.case('softmin', 'float64, dim -1', [[2, 3]], {'dim': -1}, dtype=d)
    s.case('softmin', 'large values', [f32([1000., 0., -1000.], [88., 89., 90.])], {'dim': 1})
    s.error('softmin', 'dim out of range', [[2, 3]], {'dim': 2})
    s.error('softmin', 'int32', [i32(1, 2)], {'dim': 0})
    return s.typescript(NAME)

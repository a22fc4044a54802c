"""Initial values: of layers as they are built, and of the functions of nn.init."""
import hashlib

import torch
from torch import nn

import encode
from build import build

NAME = 'layers/init'
OUT = 'packages/layers/test/fixtures/init.json'
SEED = 'stated by each case'

FULL = 64

LAYERS = [
    (0, ['Linear', [4, 3], {}]), (0, ['Linear', [784, 10], {}]), (7, ['Linear', [5, 6], {'bias': False}]),
    (0, ['Conv1d', [2, 3, 3], {}]), (0, ['Conv2d', [1, 6, 5], {'padding': 2}]), (1, ['Conv2d', [3, 4, [3, 2]], {}]),
    (2, ['Conv2d', [4, 6, 3], {'groups': 2}]), (3, ['Conv2d', [1, 1, [1, 2]], {'bias': False}]),
    (0, ['Conv3d', [2, 2, [2, 3, 2]], {}]), (0, ['ConvTranspose1d', [2, 3, 3], {}]),
    (0, ['ConvTranspose2d', [3, 2, 3], {'stride': 2}]), (5, ['ConvTranspose2d', [4, 6, [2, 3]], {'groups': 2}]),
    (0, ['ConvTranspose3d', [2, 2, 2], {}]), (0, ['BatchNorm2d', [3], {}]),
    (0, ['LayerNorm', [[2, 3]], {}]), (0, ['GroupNorm', [2, 4], {}]), (0, ['InstanceNorm1d', [3], {'affine': True}]),
    (4, ['Embedding', [3, 2], {}]), (5, ['Embedding', [3, 5], {'paddingIdx': 1}]), (6, ['Embedding', [5, 7], {'paddingIdx': -1}]),
    (9, ['Sequential', [['Embedding', [4, 3], {}], ['LayerNorm', [3], {}], ['Dropout', [0.5], {}], ['Linear', [3, 2], {}]]]),
    (42, ['Sequential', [['Conv2d', [1, 2, 3], {}], ['ReLU'], ['Flatten'], ['Linear', [8, 3], {}]]]),
]

# function, options under konv's names, shape
FUNCTIONS = [
    ('uniform', {}, [3, 5]), ('uniform', {'a': -2, 'b': 3}, [3, 5]),
    ('normal', {}, [3, 4]), ('normal', {'mean': 1, 'std': 0.02}, [3, 4]), ('normal', {'mean': 1, 'std': 2}, [4, 5]),
    ('normal', {}, [2, 3, 5, 5]),
    ('constant', {'val': 0.3}, [2, 3]), ('ones', {}, [2, 2]), ('zeros', {}, [2, 2]),
    ('xavierUniform', {}, [4, 6]), ('xavierUniform', {'gain': 2}, [4, 3, 3, 3]),
    ('xavierNormal', {}, [4, 6]), ('xavierNormal', {'gain': 0.5}, [2, 3, 3]), ('xavierNormal', {}, [2, 5]),
    ('kaimingUniform', {}, [4, 6]), ('kaimingUniform', {'a': 5 ** 0.5}, [4, 3, 3, 2]),
    ('kaimingUniform', {'mode': 'fan_out', 'nonlinearity': 'relu'}, [4, 3, 3, 2]),
    ('kaimingUniform', {'nonlinearity': 'tanh'}, [4, 6]),
    ('kaimingNormal', {}, [4, 6]), ('kaimingNormal', {'mode': 'fan_out', 'nonlinearity': 'relu'}, [4, 3, 3, 2]),
    ('kaimingNormal', {'nonlinearity': 'linear'}, [2, 5]),
]
SNAKE = {'xavierUniform': 'xavier_uniform_', 'xavierNormal': 'xavier_normal_', 'kaimingUniform': 'kaiming_uniform_',
         'kaimingNormal': 'kaiming_normal_'}
GAINS = [('linear', None), ('conv2d', None), ('sigmoid', None), ('tanh', None), ('relu', None), ('leaky_relu', None),
         ('leaky_relu', 0.2), ('selu', None)]


def summary(t):
    flat = t.detach().reshape(-1)
    out = {
        'shape': list(t.shape), 'dtype': encode.DTYPES[t.dtype], 'first': encode.Numbers(flat[:8]),
        'sum': flat.double().sum().item(),
    }
    if flat.is_floating_point():
        out['sha256'] = hashlib.sha256(flat.numpy().tobytes()).hexdigest()
    if flat.numel() <= FULL:
        out['data'] = encode.Numbers(flat)
    return out


def make():
    layers = []
    for seed, description in LAYERS:
        torch.manual_seed(seed)
        module = build(description)
        layers.append({
            'seed': seed, 'module': description, 'state': {k: summary(v) for k, v in module.state_dict().items()},
            # The first number after: what building has consumed.
            'nextRand': torch.rand(1).numpy()[0],
        })
    functions = []
    for n, (name, options, shape) in enumerate(FUNCTIONS):
        torch.manual_seed(n)
        t = torch.empty(shape)
        getattr(nn.init, SNAKE.get(name, name + '_'))(t, **options)
        functions.append({
            'seed': n, 'function': name, 'options': options, **summary(t), 'nextRand': torch.rand(1).numpy()[0],
        })
    gains = [{'nonlinearity': n, 'param': p, 'gain': float(nn.init.calculate_gain(n, p))} for n, p in GAINS]
    return {
        'about': 'sha256 is of the float32 little-endian bytes; normal draws of 16 values and more agree to about 1e-6 only',
        'layers': layers, 'functions': functions, 'gains': gains,
    }

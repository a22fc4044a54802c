"""Optimizer steps: one parameter, the gradients fed to it, the parameter after every step and the state after the last."""
import zlib

import torch

import encode
from opcase import FOLDER, Suite, rounded

NAME = 'ops/optim'
OUT = f'{FOLDER}/optim.ts'

STEPS = 3
BUILD = {
    'sgd': (torch.optim.SGD, {'lr': 'lr', 'momentum': 'momentum', 'dampening': 'dampening', 'weightDecay': 'weight_decay',
                              'nesterov': 'nesterov'}),
    'adam': (torch.optim.Adam, {'lr': 'lr', 'betas': 'betas', 'eps': 'eps', 'weightDecay': 'weight_decay', 'amsgrad': 'amsgrad'}),
    'adamW': (torch.optim.AdamW, {'lr': 'lr', 'betas': 'betas', 'eps': 'eps', 'weightDecay': 'weight_decay', 'amsgrad': 'amsgrad'}),
}
STATE = {'momentum_buffer': 'momentumBuffer', 'exp_avg': 'expAvg', 'exp_avg_sq': 'expAvgSq', 'max_exp_avg_sq': 'maxExpAvgSq'}


def case(op, name, options, dtype=torch.float32, lrs=None, tags=None):
    g = torch.Generator().manual_seed(zlib.crc32(f'{op} {name}'.encode()))

    def draw():
        return rounded(torch.randn(3, 4, generator=g, dtype=torch.float64), 3).to(dtype)
    p = torch.nn.Parameter(draw())
    start, grads, after = encode.tensor(p), [], []
    fn, names = BUILD[op]
    optimizer = fn([p], **{names[k]: v for k, v in options.items()})
    for step in range(STEPS):
        if lrs:
            optimizer.param_groups[0]['lr'] = lrs[step]
        p.grad = draw()
        # A gradient of exactly 0 is where eps matters.
        p.grad[0, 0] = 0
        grads.append(encode.tensor(p.grad))
        optimizer.step()
        after.append(encode.tensor(p))
    state = {STATE[k]: encode.tensor(v) for k, v in optimizer.state[p].items() if k in STATE and v is not None}
    made = {'op': op, 'name': name, 'options': options, **({'lrs': lrs} if lrs else {}), 'parameter': start, 'grads': grads,
            'parameters': after, 'state': state}
    return {**made, 'tags': tags} if tags else made


def make():
    s = Suite('optim')
    s.cases = [
        case('sgd', 'plain', {'lr': 0.1}),
        case('sgd', 'momentum', {'lr': 0.1, 'momentum': 0.9}),
        case('sgd', 'dampening', {'lr': 0.1, 'momentum': 0.9, 'dampening': 0.5}),
        case('sgd', 'weightDecay', {'lr': 0.1, 'weightDecay': 0.05}),
        case('sgd', 'momentum and weightDecay', {'lr': 0.05, 'momentum': 0.8, 'weightDecay': 0.05}),
        case('sgd', 'nesterov', {'lr': 0.1, 'momentum': 0.9, 'weightDecay': 0.01, 'nesterov': True}),
        case('sgd', 'changing rate', {'lr': 0.1, 'momentum': 0.9}, lrs=[0.1, 0.05, 0.2]),
        case('sgd', 'float64', {'lr': 0.1, 'momentum': 0.9, 'weightDecay': 0.01}, torch.float64),
        case('adam', 'defaults', {}),
        case('adam', 'options', {'lr': 0.01, 'betas': [0.8, 0.95], 'eps': 1e-3}),
        case('adam', 'weightDecay', {'lr': 0.01, 'weightDecay': 0.1}),
        case('adam', 'changing rate', {'lr': 0.01}, lrs=[0.01, 0.001, 0.1]),
        case('adam', 'float64', {'lr': 0.01, 'weightDecay': 0.1}, torch.float64),
        case('adam', 'amsgrad', {'lr': 0.01, 'amsgrad': True}, tags=['amsgrad']),
        case('adamW', 'defaults', {}),
        case('adamW', 'weightDecay', {'lr': 0.01, 'weightDecay': 0.2}),
        case('adamW', 'float64', {'lr': 0.01, 'weightDecay': 0.2}, torch.float64),
    ]
    return s.typescript(NAME, kind='OptimizerFixtureFile')

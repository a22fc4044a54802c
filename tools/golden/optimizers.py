"""Optimizers: two groups of parameters, the gradients fed to them, every parameter after every step, the state at the end;
and what PyTorch refuses."""
import zlib

import torch

import encode
from build import snake
from opcase import rounded

NAME = 'optimizers'
OUT = 'packages/trainer/test/fixtures/optimizers.json'
SEED = 'crc32 of "<optimizer> <name>", per case'

STEPS = 6
SHAPES = ([2, 3], [4], [1])

# optimizer, name, options of all, options of the second group
CASES = [
    ('SGD', 'plain', {'lr': 0.1}, {}),
    ('SGD', 'momentum', {'lr': 0.1, 'momentum': 0.9}, {'lr': 0.01}),
    ('SGD', 'dampening and weightDecay', {'lr': 0.1, 'momentum': 0.9, 'dampening': 0.3, 'weightDecay': 0.1}, {'weightDecay': 0}),
    ('SGD', 'nesterov', {'lr': 0.1, 'momentum': 0.9, 'nesterov': True}, {'nesterov': False}),
    ('SGD', 'maximize', {'lr': 0.1, 'momentum': 0.5, 'weightDecay': 0.1, 'maximize': True}, {'maximize': False}),
    ('Adam', 'defaults', {}, {}),
    ('Adam', 'options', {'lr': 0.02, 'betas': [0.8, 0.95], 'eps': 1e-4, 'weightDecay': 0.1}, {'lr': 0.2, 'betas': [0.5, 0.6]}),
    ('Adam', 'amsgrad', {'lr': 0.05, 'amsgrad': True, 'weightDecay': 0.1}, {'amsgrad': False}),
    ('Adam', 'maximize', {'lr': 0.05, 'maximize': True}, {}),
    ('AdamW', 'defaults', {}, {}),
    ('AdamW', 'options', {'lr': 0.02, 'betas': [0.8, 0.95], 'eps': 1e-4, 'weightDecay': 0.3}, {'weightDecay': 0}),
    ('AdamW', 'amsgrad', {'lr': 0.05, 'amsgrad': True}, {}),
    ('AdamW', 'maximize', {'lr': 0.05, 'maximize': True}, {}),
    ('RMSprop', 'defaults', {}, {}),
    ('RMSprop', 'options', {'lr': 0.02, 'alpha': 0.9, 'eps': 1e-3, 'weightDecay': 0.1}, {'lr': 0.1}),
    ('RMSprop', 'momentum', {'lr': 0.02, 'momentum': 0.9}, {'momentum': 0}),
    ('RMSprop', 'centered', {'lr': 0.02, 'centered': True, 'momentum': 0.5}, {'centered': False}),
    ('RMSprop', 'maximize', {'lr': 0.02, 'maximize': True}, {}),
    ('Adagrad', 'defaults', {}, {}),
    ('Adagrad', 'options', {'lr': 0.1, 'lrDecay': 0.05, 'weightDecay': 0.1, 'eps': 1e-3}, {'lr': 0.2}),
    ('Adagrad', 'initialAccumulatorValue', {'lr': 0.1, 'initialAccumulatorValue': 0.5}, {}),
    ('Adagrad', 'maximize', {'lr': 0.1, 'maximize': True}, {}),
]
ERRORS = [
    ('SGD', {'lr': -0.1}), ('SGD', {'lr': 0.1, 'momentum': -1}), ('SGD', {'lr': 0.1, 'weightDecay': -1}),
    ('SGD', {'lr': 0.1, 'nesterov': True}), ('SGD', {'lr': 0.1, 'momentum': 0.9, 'dampening': 0.1, 'nesterov': True}),
    ('Adam', {'lr': -1}), ('Adam', {'eps': -1}), ('Adam', {'betas': [1, 0.9]}), ('Adam', {'betas': [0.9, -0.1]}),
    ('Adam', {'weightDecay': -1}), ('AdamW', {'lr': -1}), ('AdamW', {'betas': [0.9, 1]}), ('AdamW', {'weightDecay': -1}),
    ('RMSprop', {'lr': -1}), ('RMSprop', {'alpha': -1}), ('RMSprop', {'eps': -1}), ('RMSprop', {'momentum': -1}),
    ('RMSprop', {'weightDecay': -1}), ('Adagrad', {'lr': -1}), ('Adagrad', {'lrDecay': -1}), ('Adagrad', {'eps': -1}),
    ('Adagrad', {'initialAccumulatorValue': -1}), ('Adagrad', {'weightDecay': -1}),
]


def options(given):
    return {snake(k): tuple(v) if isinstance(v, list) else v for k, v in given.items()}


def case(kind, name, common, second, dtype):
    g = torch.Generator().manual_seed(zlib.crc32(f'{kind} {name}'.encode()))

    def draw(shape):
        return rounded(torch.randn(shape, generator=g, dtype=torch.float64), 2).to(dtype)
    parameters = [torch.nn.Parameter(draw(s)) for s in SHAPES]
    start = [encode.tensor(p) for p in parameters]
    groups = [{'params': parameters[:2]}, {'params': parameters[2:], **options(second)}]
    optimizer = getattr(torch.optim, kind)(groups, **options(common))
    grads, after = [], []
    for step in range(STEPS):
        drawn = [draw(s) for s in SHAPES]
        # A gradient of exactly 0 is where eps matters; a parameter without one is skipped.
        drawn[0][0, 0] = 0
        if step == 2:
            drawn[1] = None
        for p, d in zip(parameters, drawn):
            p.grad = d
        grads.append([None if d is None else encode.tensor(d) for d in drawn])
        optimizer.step()
        after.append([encode.tensor(p) for p in parameters])
    state = {
        str(i): {k: v.item() if torch.is_tensor(v) and v.dim() == 0 else encode.tensor(v) if torch.is_tensor(v) else v
                 for k, v in entry.items() if v is not None}
        for i, entry in optimizer.state_dict()['state'].items()}
    return {'optimizer': kind, 'name': name, 'dtype': str(dtype).split('.')[1], 'options': common, 'second': second,
            'parameters': start, 'grads': grads, 'after': after, 'state': state}


def error(kind, given):
    try:
        getattr(torch.optim, kind)([torch.nn.Parameter(torch.zeros(1))], **options(given))
    except ValueError as e:
        return {'optimizer': kind, 'options': given, 'error': str(e)}
    raise AssertionError(f'{kind} {given}: expected PyTorch to refuse this')


def clip(norm_type, max_norm, shapes, seed):
    g = torch.Generator().manual_seed(seed)
    parameters = [torch.nn.Parameter(torch.zeros(s, dtype=torch.float64)) for s in shapes]
    for p in parameters:
        p.grad = rounded(torch.randn(p.shape, generator=g, dtype=torch.float64), 2)
    before = [encode.tensor(p.grad) for p in parameters]
    total = torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type)
    return {'normType': encode.number(float(norm_type)).strip('"') if norm_type == float('inf') else norm_type, 'maxNorm': max_norm,
            'grads': before, 'norm': total.item(), 'clipped': [encode.tensor(p.grad) for p in parameters]}


def make():
    return {
        'cases': [case(*c, dtype) for c in CASES for dtype in (torch.float64, torch.float32)],
        'errors': [error(*e) for e in ERRORS],
        'clip': [clip(n, m, [[2, 3], [4]], i) for i, (n, m) in enumerate(
            [(2, 1.0), (2, 100.0), (1, 2.0), (float('inf'), 0.5), (3, 1.0), (2, 0.0)])],
    }

"""Modules from a description, so that a fixture says how to build what it describes:
['Conv2d', [1, 6, 5], {'padding': 2}] is a class, its positional arguments, its options under konv's names;
['Sequential', [child, ...]] and {'type': name, 'children': {name: child}} nest."""
import re

import torch
from torch import nn


def snake(name):
    return re.sub(r'[A-Z]', lambda m: '_' + m.group().lower(), name)


def plain(value):
    """A list is a tuple; {'tensor': [...], 'dtype': 'float32'} is a tensor."""
    if isinstance(value, dict) and 'tensor' in value:
        return torch.tensor(value['tensor'], dtype=getattr(torch, value.get('dtype', 'float32')))
    return tuple(plain(v) for v in value) if isinstance(value, list) else value


def named(kind, children):
    """A user's module: a class of that name whose children are its properties."""
    module = type(kind, (nn.Module,), {})()
    for name, child in children.items():
        setattr(module, name, build(child))
    return module


def build(description):
    if isinstance(description, dict):
        return named(description['type'], description['children'])
    kind, *rest = description
    if kind == 'Sequential':
        return nn.Sequential(*(build(child) for child in rest[0]))
    if kind == 'ModuleList':
        return nn.ModuleList([build(child) for child in rest[0]])
    if kind == 'ModuleDict':
        return nn.ModuleDict({name: build(child) for name, child in rest[0].items()})
    positional, options = (*rest, [], {})[:2] if not rest else (*rest, {})[:2]
    return getattr(nn, kind)(*map(plain, positional), **{snake(k): plain(v) for k, v in options.items()})

"""Modules from a description, so that a fixture says how to build what it describes:
['Conv2d', [1, 6, 5], {'padding': 2}] is a class, its positional arguments, its options under konv's names;
['Sequential', [child, ...]] and {'type': name, 'children': {name: child}} nest."""
import re

from torch import nn


def snake(name):
    return re.sub(r'[A-Z]', lambda m: '_' + m.group().lower(), name)


def plain(value):
    return tuple(value) if isinstance(value, list) else value


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
    positional, options = (*rest, [], {})[:2] if not rest else (*rest, {})[:2]
    return getattr(nn, kind)(*map(plain, positional), **{snake(k): plain(v) for k, v in options.items()})

"""Builds the cases of one fixture file (layout: packages/backend-testkit/src/fixtures/types.ts).

An input is a shape (random values), a Draw (other random values), a torch tensor, a number, or None. Every case draws
from a generator of its own, seeded by its name, so that adding a case changes no other.
"""
import math
import zlib

import torch

import encode
from opcall import call

FOLDER = 'packages/backend-testkit/src/fixtures'
nan, inf = math.nan, math.inf


class Draw:
    """Random values of a shape: fn(generator, shape) -> float64 tensor."""

    def __init__(self, shape, fn, dtype=None):
        self.shape, self.fn, self.dtype = shape, fn, dtype


def uniform(shape, low, high):
    return Draw(shape, lambda g, s: low + (high - low) * torch.rand(s, generator=g, dtype=torch.float64))


def ints(shape, low, high, dtype=torch.int32):
    return Draw(shape, lambda g, s: torch.randint(low, high, s, generator=g), dtype)


def f32(*data, shape=None):
    t = torch.tensor(data, dtype=torch.float32)
    return t if shape is None else t.reshape(shape)


def f64(*data):
    return torch.tensor(data, dtype=torch.float64)


def i32(*data):
    return torch.tensor(data, dtype=torch.int32)


def boolean(*data):
    return torch.tensor(data, dtype=torch.bool)


def rounded(t, digits):
    """Few digits: short files, and still a full mantissa in binary."""
    scale = 10 ** digits
    return (t * scale).round() / scale


class Suite:
    def __init__(self, family):
        self.family, self.cases, self.names = family, [], set()

    def case(self, op, name, inputs, attrs=None, *, grad=True, second=False, dtype=torch.float32, tags=None):
        """`grad`: True for all float inputs, False for none, or a list. `second`: also second derivatives."""
        attrs, g = attrs or {}, self.generator(op, name)
        tensors = [self.make(spec, g, dtype) for spec in inputs]
        wanted = grad if isinstance(grad, list) else [grad] * len(tensors)
        for t, want in zip(tensors, wanted):
            if torch.is_tensor(t) and t.is_floating_point() and want:
                t.requires_grad_()
        outputs = call(op, tensors, attrs)
        case = {
            'op': op, 'name': name, 'inputs': [self.input(t) for t in tensors], 'attrs': attrs,
            'outputs': [encode.tensor(y) for y in outputs],
        }
        if any(y.requires_grad for y in outputs):
            self.gradients(case, tensors, outputs, g, second)
        if tags:
            case['tags'] = tags
        self.cases.append(case)

    def error(self, op, name, inputs, attrs=None, *, dtype=torch.float32, tags=None):
        """A call that PyTorch refuses; its message is kept."""
        attrs, g = attrs or {}, self.generator(op, name)
        tensors = [self.make(spec, g, dtype) for spec in inputs]
        try:
            call(op, tensors, attrs)
        except (RuntimeError, IndexError, ValueError, TypeError, AssertionError) as e:
            message = str(e).split('\n')[0]
        else:
            raise AssertionError(f'{op} "{name}": expected PyTorch to refuse this')
        case = {'op': op, 'name': name, 'inputs': [self.input(t) for t in tensors], 'attrs': attrs, 'outputs': [], 'error': message}
        self.cases.append({**case, 'tags': tags} if tags else case)

    def generator(self, op, name):
        key = f'{op} {name}'
        assert key not in self.names, f'two cases named {key}'
        self.names.add(key)
        return torch.Generator().manual_seed(zlib.crc32(key.encode()))

    @staticmethod
    def make(spec, g, dtype):
        if spec is None or isinstance(spec, (int, float)):
            return spec
        if torch.is_tensor(spec):
            return spec.clone()
        if isinstance(spec, Draw):
            values = spec.fn(g, list(spec.shape))
            return values.to(spec.dtype) if spec.dtype else rounded(values, 3).to(dtype)
        return rounded(torch.randn(list(spec), generator=g, dtype=torch.float64), 3).to(dtype)

    @staticmethod
    def input(t):
        if not torch.is_tensor(t):
            return t
        return encode.tensor(t, grad=True) if t.requires_grad else encode.tensor(t)

    @staticmethod
    def weights(t, g):
        return rounded(torch.randn(t.shape, generator=g, dtype=torch.float64), 2).to(t.dtype)

    def gradients(self, case, tensors, outputs, g, second):
        weights = [self.weights(y, g) if y.requires_grad else None for y in outputs]
        case['gradOutputs'] = [w if w is None else encode.tensor(w) for w in weights]
        if second:
            for w in weights:
                if w is not None:
                    w.requires_grad_()
        leaves = [t for t in tensors if torch.is_tensor(t) and t.requires_grad]
        total = sum((y * w).sum() for y, w in zip(outputs, weights) if w is not None)
        first = torch.autograd.grad(total, leaves, create_graph=second, allow_unused=True)
        given = iter(first)
        case['grads'] = [
            self.optional(next(given)) if torch.is_tensor(t) and t.requires_grad else None for t in tensors]
        if not second:
            return
        ways = [self.weights(d, g) for d in first]
        case['gradgradWeights'] = [encode.tensor(v) for v in ways]
        total = sum((d * v).sum() for d, v in zip(first, ways))
        weights = [w for w in weights if w is not None]
        again = torch.autograd.grad(total, leaves + weights, allow_unused=True)
        # What does not depend on an input at all has zero as its derivative.
        again = [torch.zeros_like(x) if d is None else d for d, x in zip(again, leaves + weights)]
        case['gradgrads'] = [encode.tensor(d) for d in again[:len(leaves)]]
        case['gradOutputGrads'] = [encode.tensor(d) for d in again[len(leaves):]]

    @staticmethod
    def optional(t):
        return None if t is None else encode.tensor(t)

    def typescript(self, name, export=None, kind='FixtureFile'):
        export = export or f'{self.family}Fixtures'
        header = {
            'torch': torch.__version__.replace('a0', ''), 'seed': 'crc32 of "<op> <name>", per case',
            'command': f'npm run golden -- {name}',
        }
        lines = ',\n'.join(encode.compact(c) for c in self.cases)
        json = f'{{"header":{encode.compact(header)},\n"family":"{self.family}",\n"cases":[\n{lines}\n]}}'
        return (
            f'// Made with PyTorch {header["torch"]} by `{header["command"]}`; seed: {header["seed"]}. One case a line.\n'
            f"import type {{ {kind} }} from './types.js';\n\n"
            f'export const {export}: {kind} = JSON.parse(`{encode.typescript_json(json)}`);\n'
        )

"""Builds the cases of one file of module fixtures (layout: packages/backend-testkit/src/fixtures/module-types.ts).

A layer is described as in build.py. Its parameters and buffers get random values of few digits, drawn from a generator
seeded by the case's name, unless `state` is 'initial': then the layer keeps what `manual_seed(seed)` gave it.
An input is what opcase.Suite takes, or Plain([...]): a list that forward takes as it is.
"""
import re
import zlib

import torch

import encode
from build import build
from opcase import FOLDER, Suite, rounded  # noqa: F401 (FOLDER is for those who import this)


def refusal(error):
    """The first line; what Python prints as a set has another order in every run."""
    line = str(error).split('\n')[0]
    return re.sub(r'\{([^{}:]*)\}', lambda m: '{' + ', '.join(sorted(m.group(1).split(', '))) + '}', line)


REFUSALS = (RuntimeError, IndexError, ValueError, TypeError, AssertionError, NotImplementedError)


class Modules:
    def __init__(self, family):
        self.family, self.cases, self.names = family, [], set()

    def case(self, layer, name, inputs, *, training=True, grad=True, dtype=torch.float32, state='random', seed=None, repeat=1):
        """`seed`: set before the layer is built and again before its forward runs. `repeat`: how often it runs."""
        g = self.generator(layer, name)
        tensors = [self.make(spec, g, dtype) for spec in inputs]
        module = self.built(layer, seed).to(dtype).train(training)
        if state == 'random':
            self.fill(module, g)
        wanted = grad if isinstance(grad, list) else [grad] * len(tensors)
        for t, want in zip(tensors, wanted):
            if torch.is_tensor(t) and t.is_floating_point() and want:
                t.requires_grad_()
        case = {'layer': layer, 'name': name, 'training': training, 'dtype': str(dtype).split('.')[1], 'text': repr(module)}
        if seed is not None:
            case['seed'] = seed
            torch.manual_seed(seed)
        if repeat != 1:
            case['repeat'] = repeat
        if state == 'initial':
            case['initial'] = True
        case['state'] = self.state(module)
        case['inputs'] = [Suite.input(t) for t in tensors]
        for _ in range(repeat):
            outputs = module(*tensors)
        outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
        case['outputs'] = [encode.tensor(y) for y in outputs]
        if any(y.requires_grad for y in outputs):
            self.gradients(case, module, tensors, outputs, g)
        buffers = {k for k, _ in module.named_buffers()}
        case['buffersAfter'] = {k: encode.tensor(v) for k, v in module.state_dict().items() if k in buffers}
        self.cases.append(case)

    def error(self, layer, name, inputs=(), *, training=True, dtype=torch.float32):
        """A layer that PyTorch refuses to build, or whose forward it refuses to run; its message is kept."""
        g = self.generator(layer, name)
        tensors = [self.make(spec, g, dtype) for spec in inputs]
        case = {'layer': layer, 'name': name, 'training': training, 'dtype': str(dtype).split('.')[1],
                'inputs': [Suite.input(t) for t in tensors], 'outputs': []}
        try:
            module = build(layer).to(dtype).train(training)
        except REFUSALS as e:
            self.cases.append({**case, 'error': refusal(e), 'refused': 'build'})
            return
        self.fill(module, g)
        case['state'] = self.state(module)
        try:
            module(*tensors)
        except REFUSALS as e:
            self.cases.append({**case, 'error': refusal(e), 'refused': 'forward'})
            return
        raise AssertionError(f'{layer} "{name}": expected PyTorch to refuse this')

    def generator(self, layer, name):
        key = f'{layer[0] if isinstance(layer, list) else layer["type"]} {name}'
        assert key not in self.names, f'two cases named {key}'
        self.names.add(key)
        return torch.Generator().manual_seed(zlib.crc32(key.encode()))

    @staticmethod
    def make(spec, g, dtype):
        return spec.value if isinstance(spec, Plain) else Suite.make(spec, g, dtype)

    @staticmethod
    def built(layer, seed):
        if seed is not None:
            torch.manual_seed(seed)
        return build(layer)

    @staticmethod
    def fill(module, g):
        with torch.no_grad():
            for key, value in module.state_dict().items():
                if not value.is_floating_point():
                    continue
                if key.endswith('running_var'):
                    drawn = 0.3 + 1.7 * torch.rand(value.shape, generator=g, dtype=torch.float64)
                elif key in ('weight', 'pos_weight') and not any(True for _ in module.parameters()):
                    continue  # A loss's weights were given to its constructor.
                else:
                    drawn = torch.randn(value.shape, generator=g, dtype=torch.float64)
                value.copy_(rounded(drawn, 3))

    @staticmethod
    def state(module):
        return {k: encode.tensor(v) for k, v in module.state_dict().items()}

    @staticmethod
    def gradients(case, module, tensors, outputs, g):
        weights = [Suite.weights(y, g) if y.requires_grad else None for y in outputs]
        case['gradOutputs'] = [w if w is None else encode.tensor(w) for w in weights]
        total = sum((y * w).sum() for y, w in zip(outputs, weights) if w is not None)
        total.backward()
        case['grads'] = [
            encode.tensor(t.grad) if torch.is_tensor(t) and t.requires_grad and t.grad is not None else None for t in tensors]
        case['parameterGrads'] = {k: None if p.grad is None else encode.tensor(p.grad) for k, p in module.named_parameters()}

    def typescript(self, name):
        header = {
            'torch': torch.__version__.replace('a0', ''), 'seed': 'crc32 of "<layer> <name>", per case',
            'command': f'npm run golden -- {name}',
        }
        lines = ',\n'.join(encode.compact(c) for c in self.cases)
        json = f'{{"header":{encode.compact(header)},\n"family":"{self.family}",\n"cases":[\n{lines}\n]}}'
        export = ''.join(w if i == 0 else w.title() for i, w in enumerate(self.family.split('-'))) + 'Modules'
        return (
            f'// Made with PyTorch {header["torch"]} by `{header["command"]}`; seed: {header["seed"]}. One case a line.\n'
            "import type { ModuleFixtureFile } from '../module-types.js';\n\n"
            f'export const {export}: ModuleFixtureFile = JSON.parse(`{encode.typescript_json(json)}`);\n'
        )


class Plain:
    """A list of numbers that forward takes as it is (an output size)."""

    def __init__(self, value):
        self.value = value

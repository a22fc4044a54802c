"""How modules print, and the keys of their state."""
from build import build

NAME = 'layers/modules'
OUT = 'packages/layers/test/fixtures/modules.json'
SEED = 'none'

LENET = ['Sequential', [
    ['Conv2d', [1, 6, 5], {'padding': 2}], ['ReLU'], ['MaxPool2d', [2]],
    ['Conv2d', [6, 16, 5], {}], ['ReLU'], ['MaxPool2d', [2]],
    ['Flatten'], ['Linear', [400, 120], {}], ['ReLU'], ['Linear', [120, 84], {}], ['ReLU'], ['Linear', [84, 10], {}]]]

MODULES = {
    'lenet': LENET,
    'linear': ['Linear', [4, 3], {}],
    'linear without bias': ['Linear', [4, 3], {'bias': False}],
    'conv1d': ['Conv1d', [2, 3, 3], {'stride': 2}],
    'conv2d with everything': ['Conv2d', [4, 8, [3, 2]], {
        'stride': [2, 1], 'padding': [1, 0], 'dilation': 2, 'groups': 2, 'bias': False, 'paddingMode': 'reflect'}],
    'conv2d same': ['Conv2d', [1, 2, 3], {'padding': 'same'}],
    'conv2d valid': ['Conv2d', [1, 2, 3], {'padding': 'valid'}],
    'conv3d': ['Conv3d', [1, 2, 3], {'padding': [0, 1, 1]}],
    'convTranspose2d': ['ConvTranspose2d', [2, 3, 3], {'stride': 2, 'padding': 1, 'outputPadding': 1}],
    'maxPool2d': ['MaxPool2d', [3], {'stride': 2, 'padding': 1}],
    'maxPool2d with everything': ['MaxPool2d', [[3, 2]], {'stride': [2, 1], 'padding': [1, 0], 'dilation': 2, 'ceilMode': True}],
    'avgPool2d': ['AvgPool2d', [2], {}],
    'avgPool2d with everything': ['AvgPool2d', [[3, 2]], {'stride': 2, 'padding': 1, 'ceilMode': True}],
    'maxPool1d': ['MaxPool1d', [2], {}],
    'avgPool1d': ['AvgPool1d', [2], {}],
    'relu': ['ReLU'], 'sigmoid': ['Sigmoid'], 'tanh': ['Tanh'],
    'flatten': ['Flatten'], 'flatten from 2': ['Flatten', [2], {}],
    'batchNorm2d': ['BatchNorm2d', [3], {}],
    'batchNorm1d, no affine': ['BatchNorm1d', [3], {'affine': False, 'momentum': 0.2}],
    'batchNorm1d, cumulative': ['BatchNorm1d', [2], {'momentum': None, 'eps': 1e-3}],
    'batchNorm3d, no running statistics': ['BatchNorm3d', [2], {'trackRunningStats': False}],
    'layerNorm': ['LayerNorm', [4], {}],
    'layerNorm over two axes': ['LayerNorm', [[3, 4]], {'eps': 1e-6, 'elementwiseAffine': False}],
    'groupNorm': ['GroupNorm', [2, 4], {}],
    'groupNorm, no affine': ['GroupNorm', [4, 4], {'affine': False, 'eps': 0.5}],
    'instanceNorm1d': ['InstanceNorm1d', [3], {}],
    'instanceNorm2d with everything': ['InstanceNorm2d', [3], {'affine': True, 'trackRunningStats': True, 'momentum': 0.5}],
    'dropout': ['Dropout', [0.3], {}],
    'dropout2d': ['Dropout2d'], 'dropout1d': ['Dropout1d', [0.1], {}], 'dropout3d': ['Dropout3d', [0.25], {}],
    'alphaDropout': ['AlphaDropout', [0.2], {}],
    'embedding': ['Embedding', [10, 3], {}],
    'embedding with padding': ['Embedding', [10, 3], {'paddingIdx': -2}],
    'moduleList': ['ModuleList', [['Linear', [2, 3], {}], ['ReLU'], ['ModuleList', [['Dropout']]]]],
    'empty moduleList': ['ModuleList', []],
    'moduleDict': ['ModuleDict', {'b': ['Linear', [2, 3], {}], 'a': ['BatchNorm1d', [3], {}]}],
    'empty moduleDict': ['ModuleDict', {}],
    'containers in a module': {'type': 'Heads', 'children': {
        'blocks': ['ModuleList', [['Sequential', [['Linear', [2, 2], {}], ['ReLU']]], ['Linear', [2, 1], {}]]],
        'heads': ['ModuleDict', {'age': ['Linear', [1, 1], {}], 'name': ['Embedding', [3, 1], {}]}]}},
    'identity': ['Identity'],
    'softmax': ['Softmax', [1], {}],
    'crossEntropyLoss': ['CrossEntropyLoss'], 'mseLoss': ['MSELoss'],
    'empty sequential': ['Sequential', []],
    'nested': {'type': 'Net', 'children': {
        'features': ['Sequential', [['Conv2d', [1, 4, 3], {}], ['ReLU'], ['MaxPool2d', [2]]]],
        'norm': ['BatchNorm2d', [4], {}],
        'head': {'type': 'Head', 'children': {'drop': ['Dropout'], 'fc': ['Linear', [36, 2], {}]}}}},
    'no children': {'type': 'Empty', 'children': {}},
}


def make():
    out = []
    for name, description in MODULES.items():
        module = build(description)
        out.append({
            'name': name, 'module': description, 'text': repr(module),
            'state': {k: list(v.shape) for k, v in module.state_dict().items()},
            'parameters': [k for k, _ in module.named_parameters()],
            'modules': [k for k, _ in module.named_modules()],
            'parameterCount': sum(p.numel() for p in module.parameters()),
        })
    return {'modules': out}

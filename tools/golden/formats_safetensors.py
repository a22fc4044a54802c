"""State dicts as PyTorch and the safetensors package save them, what each tensor holds, and what the networks compute.

The package is no part of Debian: python3 -m pip install --target FOLDER safetensors, then PYTHONPATH=FOLDER npm run golden --
formats/safetensors. Without it these files are left as they are."""
import torch
from torch import nn

import encode

NAME = 'formats/safetensors'
FOLDER = 'packages/formats/test/fixtures'
SEED = 3

STORED = {torch.float32: 'F32', torch.float64: 'F64', torch.int64: 'I64', torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8',
          torch.uint8: 'U8', torch.bool: 'BOOL', torch.float16: 'F16', torch.bfloat16: 'BF16'}
HELD = {torch.float32: 'float32', torch.float16: 'float32', torch.bfloat16: 'float32', torch.float64: 'float64', torch.bool: 'bool'}


def lenet():
    """LeNet-5's layers, narrow and for 12x12 images."""
    return nn.Sequential(
        nn.Conv2d(1, 2, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 4))


def batchnorm():
    """Convolutions with normalisation, a few training steps old, so that no buffer has its first value."""
    net = nn.Sequential(nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2, affine=False))
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        sgd.zero_grad()
        net(torch.randn(4, 1, 12, 12)).square().mean().backward()
        sgd.step()
    return net.eval()


def others():
    """Every dtype that safetensors and PyTorch 1.13 share, scalars and tensors without elements."""
    return {
        'float64': torch.tensor([0.1, -0.0, 5e-324, float('inf'), float('nan')], dtype=torch.float64),
        'float32': torch.tensor([[0.1, -0.0, 1e-45], [float('-inf'), float('nan'), 3.4028234663852886e38]]),
        'float16': torch.tensor([0.5, -2, 65504, 6e-8], dtype=torch.float16), 'bfloat16': torch.tensor([1, -2.5, 3e38], dtype=torch.bfloat16),
        'int64': torch.tensor([-2 ** 31, -1, 2 ** 31 - 1]), 'int32': torch.tensor([-2 ** 31, 7], dtype=torch.int32),
        'int16': torch.tensor([-32768, 32767], dtype=torch.int16), 'int8': torch.tensor([-128, 127], dtype=torch.int8),
        'uint8': torch.tensor([0, 255], dtype=torch.uint8), 'bool': torch.tensor([[True], [False]]),
        'a scalar': torch.tensor(2.5), 'an int64 scalar': torch.tensor(12), 'a bool scalar': torch.tensor(True),
        'empty': torch.zeros(0, 3), 'empty int64': torch.zeros(2, 0, dtype=torch.int64),
        'constructor': torch.tensor([1.5]), 'ünïcode 🙂 "quoted"': torch.tensor([2.5]),
        'transposed': torch.arange(6.0).reshape(2, 3).t().contiguous(),
    }


def values(t):
    t = t.to(torch.float64) if t.dtype in (torch.float16, torch.bfloat16) else t
    return encode.Numbers(t)


def described(state):
    return {name: {'stored': STORED[t.dtype], 'dtype': HELD.get(t.dtype, 'int32'), 'shape': list(t.shape), 'data': values(t)}
            for name, t in state.items()}


def make():
    try:
        import safetensors
        from safetensors.torch import save
    except ImportError:
        print(f'{NAME}: left as it is. It needs the safetensors package: python3 -m pip install --target FOLDER safetensors, '
              f'then PYTHONPATH=FOLDER npm run golden -- {NAME}')
        return {}
    torch.manual_seed(SEED)
    files, expected = {}, {}
    for name, net in (('lenet', lenet()), ('batchnorm', batchnorm())):
        x = torch.randn(2, 1, 12, 12)
        files[f'{FOLDER}/{name}.safetensors'] = save(net.state_dict(), metadata={'format': 'pt'})
        expected[name] = {'tensors': described(net.state_dict()), 'printed': str(net), 'input': encode.tensor(x),
                          'output': encode.tensor(net(x))}
    # float64 parameters beside the int64 count of steps.
    state = batchnorm().double().state_dict()
    files[f'{FOLDER}/batchnorm64.safetensors'] = save(state)
    expected['batchnorm64'] = {'tensors': described(state)}
    files[f'{FOLDER}/others.safetensors'] = save(others())
    expected['others'] = {'tensors': described(others())}
    head = {'torch': torch.__version__.replace('a0', ''), 'safetensors': safetensors.__version__, 'seed': SEED,
            'command': f'npm run golden -- {NAME}'}
    return {**files, f'{FOLDER}/safetensors.json': {'header': head, 'files': expected}}

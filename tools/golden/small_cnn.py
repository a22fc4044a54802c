"""A small network trained some steps on numbers that a formula makes: what every backend must train, too."""
import math

import torch
from torch import nn

import encode
from opcase import FOLDER

NAME = 'small-cnn'
OUT = f'{FOLDER}/training.ts'
SEED, STEPS = 7, 5
OPTIMIZERS = {
    'SGD': (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), {'lr': 0.1, 'momentum': 0.9}),
    'Adam': (lambda p: torch.optim.Adam(p, lr=0.01), {'lr': 0.01}),
}


def batch(dtype):
    """Pixel i of all is sin(i^2 / 50) in float64; the label of image n is n^2 mod 3."""
    x = torch.tensor([math.sin(i * i / 50) for i in range(6 * 2 * 8 * 8)], dtype=torch.float64).reshape(6, 2, 8, 8)
    return x.to(dtype), torch.tensor([n * n % 3 for n in range(6)])


def run(optimizer, dtype):
    torch.manual_seed(SEED)
    net = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 3)).to(dtype)
    x, y = batch(dtype)
    steps, losses = OPTIMIZERS[optimizer][0](net.parameters()), []
    for _ in range(STEPS):
        loss = nn.functional.cross_entropy(net(x), y)
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(loss)
    after = net.state_dict()
    return {
        'optimizer': optimizer, 'dtype': str(dtype).split('.')[1], 'options': OPTIMIZERS[optimizer][1],
        'losses': encode.tensor(torch.stack(losses).detach())['data'],
        'convBias': encode.tensor(after['0.bias'])['data'], 'linearBias': encode.tensor(after['4.bias'])['data'],
    }


def make():
    header = {'torch': torch.__version__.replace('a0', ''), 'seed': SEED, 'command': f'npm run golden -- {NAME}'}
    runs = ',\n'.join(encode.compact(run(o, d)) for o in OPTIMIZERS for d in (torch.float32, torch.float64))
    json = f'{{"header":{encode.compact(header)},\n"runs":[\n{runs}\n]}}'
    return (
        f'// Made with PyTorch {header["torch"]} by `{header["command"]}`; seed {SEED}. One run a line.\n'
        "import type { TrainingFixtures } from './types.js';\n\n"
        f'export const trainingFixtures: TrainingFixtures = JSON.parse(`{encode.typescript_json(json)}`);\n'
    )

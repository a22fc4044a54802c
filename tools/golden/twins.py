"""LeNet-5 with SGD and with Adam: see twincase.py for the files."""
import torch
from torch import nn

import twincase

NAME = 'twins/lenet'
SEED = 42
# Over 100 steps rounding differences grow: another processor may see this much.
TOLERANCE = 2e-3


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


LENET = twincase.Twin(
    'lenet', 'npm run golden -- twins', seed=SEED, batch=64, build=lenet,
    loss=lambda y, x, labels: nn.functional.cross_entropy(y, labels),
    model='Sequential(Conv2d(1,6,5,padding=2), ReLU, MaxPool2d(2), Conv2d(6,16,5), ReLU, MaxPool2d(2), Flatten, '
          'Linear(400,120), ReLU, Linear(120,84), ReLU, Linear(84,10))',
    recipe='manualSeed(42), then the model, then DataLoader(batchSize 64, shuffle) over the 10 000 training images '
           'of apps/demo/data as float32 pixel / 255, [N, 1, 28, 28]',
    runs={
        'sgd': (lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), None, {'name': 'SGD', 'lr': 0.05, 'momentum': 0.9}),
        'adam': (lambda p: torch.optim.Adam(p, lr=1e-3), None, {'name': 'Adam', 'lr': 1e-3}),
    })


def make():
    return LENET.files(twincase.dataset())

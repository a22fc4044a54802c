"""A narrow ResNet-18 (4 channels at the start, batch norm) with SGD and a cosine schedule: see twincase.py for the files."""
import torch
from torch import nn

import twincase

NAME = 'twins/resnet18'
SEED, WIDTH, LR, T_MAX = 7, 4, 0.05, 100
TOLERANCE = 2e-2


class BasicBlock(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        if stride != 1 or inside != outside:
            self.downsample = nn.Sequential(nn.Conv2d(inside, outside, 1, stride=stride, bias=False), nn.BatchNorm2d(outside))
        else:
            self.downsample = nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + self.downsample(x))


def resnet18():
    """For 28 x 28: a 3 x 3 stem without pooling, four stages of two blocks."""
    stages, inside = [], WIDTH
    for i in range(4):
        outside = WIDTH * 2 ** i
        stages.append(nn.Sequential(BasicBlock(inside, outside, 1 if i == 0 else 2), BasicBlock(outside, outside, 1)))
        inside = outside
    return nn.Sequential(
        nn.Conv2d(1, WIDTH, 3, padding=1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(), *stages,
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8 * WIDTH, 10))


RESNET = twincase.Twin(
    'resnet18', 'npm run golden -- twins', seed=SEED, batch=16, build=resnet18, own_error=True,
    loss=lambda y, x, labels: nn.functional.cross_entropy(y, labels),
    model='packages/konv/test/twin-models.ts',
    recipe='manualSeed(7), then the model, then DataLoader(batchSize 16, shuffle) over the 10 000 training images '
           'of apps/demo/data as float32 pixel / 255, [N, 1, 28, 28]',
    runs={
        'sgd': (
            lambda p: torch.optim.SGD(p, lr=LR, momentum=0.9, weight_decay=5e-4),
            lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=T_MAX),
            {'name': 'SGD', 'lr': LR, 'momentum': 0.9, 'weightDecay': 5e-4, 'cosine': T_MAX}),
    })


def make():
    return RESNET.files(twincase.dataset())

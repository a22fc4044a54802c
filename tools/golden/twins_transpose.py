"""A small autoencoder of convolutions and transposed convolutions with AdamW and BCEWithLogits: see twincase.py."""
import torch
from torch import nn

import twincase

NAME = 'twins/autoencoder'
SEED = 3
TOLERANCE = 2e-3


def autoencoder():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
        nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1))


AUTOENCODER = twincase.Twin(
    'autoencoder', 'npm run golden -- twins', seed=SEED, batch=32, build=autoencoder,
    # It learns to give its input back, a pixel being a probability.
    loss=lambda y, x, labels: nn.functional.binary_cross_entropy_with_logits(y, x),
    model='packages/konv/test/twin-models.ts',
    recipe='manualSeed(3), then the model, then DataLoader(batchSize 32, shuffle) over the 10 000 training images '
           'of apps/demo/data as float32 pixel / 255, [N, 1, 28, 28]; the target is the input',
    runs={
        'adamw': (lambda p: torch.optim.AdamW(p, lr=2e-3, weight_decay=0.05), None, {'name': 'AdamW', 'lr': 2e-3, 'weightDecay': 0.05}),
    })


def make():
    return AUTOENCODER.files(twincase.dataset())

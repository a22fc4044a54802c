"""A kernel learned from an image and its edge map: Conv2d(1, 1, [1, 2]) by hand-written steps."""
import torch
from torch import nn

import encode

NAME = 'layers/article'
OUT = 'packages/layers/test/fixtures/article.json'
SEED = 0

EPOCHS, RATE = 10, 3e-2


def corr2d(x, k):
    h, w = k.shape
    y = torch.zeros(x.shape[0] - h + 1, x.shape[1] - w + 1)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            y[i, j] = (x[i:i + h, j:j + w] * k).sum()
    return y


def make():
    image = torch.ones(6, 8)
    image[:, 2:6] = 0
    kernel = torch.tensor([[1., -1.]])
    edges = corr2d(image, kernel)
    x, y = image.reshape(1, 1, 6, 8), edges.reshape(1, 1, 6, 7)

    torch.manual_seed(SEED)
    conv = nn.Conv2d(1, 1, (1, 2), bias=False)
    initial, losses, lines, weights = encode.tensor(conv.weight), [], [], []
    for epoch in range(EPOCHS):
        loss = ((conv(x) - y) ** 2).sum()
        conv.zero_grad()
        loss.backward()
        conv.weight.data -= RATE * conv.weight.grad
        losses.append(loss.detach().numpy()[()])
        weights.append(encode.Numbers(conv.weight))
        lines.append(f'epoch {epoch + 1}, loss {loss.item():.3f}')
    small = corr2d(torch.arange(9.).reshape(3, 3), torch.arange(4.).reshape(2, 2))
    torch.manual_seed(SEED)
    mine = torch.rand(1, 2)
    return {
        'corr2d': encode.tensor(small), 'corr2dText': str(small),
        'image': encode.tensor(image), 'imageText': str(image), 'edges': encode.tensor(edges), 'edgesText': str(edges),
        'transposedEdgesText': str(corr2d(image.t(), kernel)),
        'initialWeight': initial, 'losses': losses, 'lossLines': lines, 'weights': weights,
        'finalWeightText': str(conv.weight.data.reshape(1, 2)),
        'rand': {'seed': SEED, 'shape': [1, 2], 'data': encode.Numbers(mine), 'text': str(mine)},
    }

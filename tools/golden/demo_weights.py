"""Weights for the demo's page, trained and saved by PyTorch in three dtypes, and what the network then takes a picture for.

The safetensors package is no part of Debian: python3 -m pip install --target FOLDER safetensors, then PYTHONPATH=FOLDER
npm run golden -- demo/weights. Without it the files are left as they are."""
import gzip
from pathlib import Path

import numpy as np
import torch
from torch import nn

NAME = 'demo/weights'
FOLDER = 'apps/demo/test/fixtures'
DATA = Path(__file__).resolve().parent.parent.parent / 'apps/demo/data'
SEED = 5
IMAGES = 800
BATCH = 32
DTYPES = {'f32': torch.float32, 'f16': torch.float16, 'bf16': torch.bfloat16}


def idx(name, header, count):
    with gzip.open(DATA / name) as file:
        return np.frombuffer(file.read(header + count)[header:], np.uint8)


def network():
    """What the page calls 'Two convolutions and a mean'."""
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def make():
    try:
        from safetensors.torch import save
    except ImportError:
        print(f'{NAME}: left as it is. It needs the safetensors package: python3 -m pip install --target FOLDER safetensors, '
              f'then PYTHONPATH=FOLDER npm run golden -- {NAME}')
        return {}
    torch.manual_seed(SEED)
    x = torch.from_numpy(idx('train-images-idx3-ubyte.gz', 16, IMAGES * 784).reshape(IMAGES, 1, 28, 28) / np.float32(255))
    y = torch.from_numpy(idx('train-labels-idx1-ubyte.gz', 8, IMAGES).astype(np.int64))
    net = network()
    adam = torch.optim.Adam(net.parameters(), lr=0.005)
    for step in range(300):
        rows = torch.arange(step * BATCH, (step + 1) * BATCH) % IMAGES
        adam.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        adam.step()
    files, guesses = {}, {}
    for name, dtype in DTYPES.items():
        stored = {key: t.to(dtype) for key, t in net.state_dict().items()}
        files[f'{FOLDER}/average-{name}.safetensors'] = save(stored, metadata={'format': 'pt'})
        again = network()
        again.load_state_dict({key: t.to(torch.float32) for key, t in stored.items()})
        with torch.no_grad():
            guesses[name] = [round(p, 4) for p in again(x[:1]).softmax(1)[0].tolist()]
    files[f'{FOLDER}/average.json'] = {'picture': 'the first training image', 'probabilities': guesses}
    return files

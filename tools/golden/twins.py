"""LeNet-5 on the embedded Fashion-MNIST subset, trained by PyTorch: what a twin in konv is held to.

Files, under packages/konv/test/fixtures/twins/:
  lenet.json                 (a) initial parameters (first values, float64 sum, sha256 of the bytes) and the batch order
  lenet-<optimizer>.json     (b) float64 losses, (c) float32 losses, 100 steps each; (d) the index of the files below
  lenet-<optimizer>-<n>.safetensors
      (d) one teacher-forced float32 step: `before.<key>` parameters and `state.<key>.<name>` optimizer state after n
      steps (absent for n = 0: build under the seed), `gradient.<key>` of the next batch, `after.<key>` the parameters
      that this step leaves. Gradients and parameters after the step of tensors over 4096 elements are every 16th
      element of the flat tensor; the index gives stride and greatest magnitude of the whole.
"""
import gzip
import hashlib
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import encode

NAME = 'twins'
SEED = 42
# Over 100 steps rounding differences grow: another processor may see this much.
TOLERANCE = 2e-3

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = 'packages/konv/test/fixtures/twins'
STEPS, BATCH, FORCED = 100, 64, (0, 10, 50, 100)
SAMPLE_OVER, STRIDE = 4096, 16
OPTIMIZERS = {
    'sgd': (lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9), {'name': 'SGD', 'lr': 0.05, 'momentum': 0.9}),
    'adam': (lambda p: torch.optim.Adam(p, lr=1e-3), {'name': 'Adam', 'lr': 1e-3}),
}


def idx(name):
    raw = gzip.decompress((ROOT / 'apps/demo/data' / name).read_bytes())
    sizes = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], 'big') for i in range(raw[3])]
    return torch.frombuffer(bytearray(raw[4 + 4 * raw[3]:]), dtype=torch.uint8).reshape(sizes)


def dataset():
    images = idx('train-images-idx3-ubyte.gz').unsqueeze(1).float() / 255
    labels = idx('train-labels-idx1-ubyte.gz').long()
    return TensorDataset(images, labels, torch.arange(len(labels)))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def start(data):
    """The model and the batches of the first epoch, as every run here sees them."""
    torch.manual_seed(SEED)
    net = lenet()
    return net, list(DataLoader(data, batch_size=BATCH, shuffle=True))


def train(net, optimizer, batches, dtype, look=None):
    losses = []
    for n, (images, labels, indices) in enumerate(batches):
        # float64 sees the float32 pixels, widened.
        loss = nn.functional.cross_entropy(net(images.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        before = look and look(n, net, optimizer, indices, loss)
        optimizer.step()
        if before:
            before()
        losses.append(loss.item())
    return losses


def sample(t):
    return t.detach().clone() if t.numel() <= SAMPLE_OVER else t.detach().reshape(-1)[::STRIDE].clone()


def forced(kind, files, index):
    """What train() calls at each step: it writes the file of a teacher-forced step down."""
    def look(n, net, optimizer, indices, loss):
        if n not in FORCED:
            return None
        tensors, gradients = {}, {}
        for key, p in net.named_parameters():
            if n:
                tensors[f'before.{key}'] = p.detach().clone()
                for name, value in optimizer.state[p].items():
                    if torch.is_tensor(value) and value.dim():
                        tensors[f'state.{key}.{name}'] = value.clone()
            tensors[f'gradient.{key}'] = sample(p.grad)
            gradients[key] = {
                'stride': STRIDE if p.numel() > SAMPLE_OVER else 1, 'maxAbs': as32(p.grad.abs().max()),
            }
        path = f'{FOLDER}/lenet-{kind}-{n}.safetensors'

        def after():
            for key, p in net.named_parameters():
                tensors[f'after.{key}'] = sample(p)
            files[path] = encode.safetensors(tensors, {
                'torch': torch.__version__.replace('a0', ''), 'seed': SEED, 'command': 'npm run golden -- twins',
            })
        index.append({
            'step': n, 'file': Path(path).name, 'loss': as32(loss), 'indices': indices.tolist(), 'tensors': gradients,
        })
        return after
    return look


def as32(t):
    return t.detach().numpy()[()]


def initial(net):
    out = {}
    for key, p in net.named_parameters():
        flat = p.detach().reshape(-1)
        out[key] = {
            'shape': list(p.shape), 'first': encode.Numbers(flat[:8]), 'sum': flat.double().sum().item(),
            'sha256': hashlib.sha256(flat.numpy().tobytes()).hexdigest(),
        }
    return out


def make():
    data = dataset()
    net, batches = start(data)
    order = [indices.tolist() for _, _, indices in batches]
    whole = torch.tensor(sum(order, []), dtype=torch.int32)
    files = {f'{FOLDER}/lenet.json': {
        'model': 'Sequential(Conv2d(1,6,5,padding=2), ReLU, MaxPool2d(2), Conv2d(6,16,5), ReLU, MaxPool2d(2), Flatten, '
                 'Linear(400,120), ReLU, Linear(120,84), ReLU, Linear(84,10))',
        'recipe': 'manualSeed(42), then the model, then DataLoader(batchSize 64, shuffle) over the 10 000 training images '
                  'of apps/demo/data as float32 pixel / 255, [N, 1, 28, 28]',
        'parameters': initial(net),
        'order': {
            'batches': len(order), 'first20': order[:20],
            # Of the whole epoch as little-endian int32.
            'sha256': hashlib.sha256(whole.numpy().tobytes()).hexdigest(),
        },
    }}
    for kind, (build, options) in OPTIMIZERS.items():
        net, batches = start(data)
        net = net.double()
        losses64 = train(net, build(net.parameters()), batches[:STEPS], torch.float64)
        net, batches = start(data)
        index = []
        losses32 = train(net, build(net.parameters()), batches[:STEPS + 1], torch.float32, forced(kind, files, index))
        files[f'{FOLDER}/lenet-{kind}.json'] = {
            'optimizer': options,
            'float64': {'initial': 'the float32 values, widened', 'losses': losses64},
            'float32': {'losses': encode.Numbers(torch.tensor(losses32[:STEPS]))},
            'forced': index,
        }
    return files

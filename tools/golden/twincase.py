"""Trains a network with PyTorch on the embedded Fashion-MNIST subset and writes down what a twin in konv is held to.

Files of a twin, under packages/konv/test/fixtures/twins/:
  <twin>.json              (a) initial parameters (first values, float64 sum, sha256 of the bytes) and the batch order
  <twin>-<run>.json        (b) float64 losses, (c) float32 losses; (d) the index of the files below
  <twin>-<run>-<n>.safetensors
      (d) one teacher-forced float32 step: `before.<key>` parameters and buffers and `state.<key>.<name>` optimizer state
      after n steps (absent for n = 0: build under the seed), `gradient.<key>` of the next batch, `after.<key>` what this
      step leaves. Gradients and parameters after the step of tensors over 4096 elements are every 16th element of the
      flat tensor; the index gives stride and greatest magnitude of the whole.
"""
import copy
import gzip
import hashlib
from pathlib import Path

import torch
from torch.utils.data import DataLoader, TensorDataset

import encode

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = 'packages/konv/test/fixtures/twins'
FORCED = (0, 10, 50, 100)
SAMPLE_OVER, STRIDE = 4096, 16


def idx(name):
    raw = gzip.decompress((ROOT / 'apps/demo/data' / name).read_bytes())
    sizes = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], 'big') for i in range(raw[3])]
    return torch.frombuffer(bytearray(raw[4 + 4 * raw[3]:]), dtype=torch.uint8).reshape(sizes)


def dataset():
    images = idx('train-images-idx3-ubyte.gz').unsqueeze(1).float() / 255
    labels = idx('train-labels-idx1-ubyte.gz').long()
    return TensorDataset(images, labels, torch.arange(len(labels)))


def sample(t):
    return t.detach().clone() if t.numel() <= SAMPLE_OVER else t.detach().reshape(-1)[::STRIDE].clone()


def as32(t):
    return t.detach().numpy()[()]


class Twin:
    """`runs`: name -> (optimizer of parameters, scheduler of optimizer or None, options as konv is to set them)."""

    def __init__(self, name, command, *, seed, batch, build, loss, model, recipe, runs, steps=(100, 100), own_error=False):
        """`own_error`: the index also says how far PyTorch's float32 gradients are from its own float64 ones."""
        self.own_error = own_error
        self.name, self.command, self.seed, self.batch = name, command, seed, batch
        self.build, self.loss, self.model, self.recipe, self.runs = build, loss, model, recipe, runs
        self.steps64, self.steps32 = steps

    def start(self, data):
        """The model and the batches of the first epoch, as every run here sees them."""
        torch.manual_seed(self.seed)
        net = self.build()
        return net, list(DataLoader(data, batch_size=self.batch, shuffle=True))

    def train(self, net, run, batches, dtype, look=None):
        optimizer = run[0](net.parameters())
        scheduler = run[1] and run[1](optimizer)
        losses = []
        for n, (images, labels, indices) in enumerate(batches):
            # float64 sees the float32 pixels, widened.
            x = images.to(dtype)
            before = look and look(n, net, optimizer, indices)
            loss = self.loss(net(x), x, labels)
            optimizer.zero_grad()
            loss.backward()
            middle = before and before(loss)
            optimizer.step()
            if middle:
                middle()
            if scheduler:
                scheduler.step()
            losses.append(loss.item())
        return losses

    def forced(self, kind, files, index):
        """What train() calls at each step: it writes the file of a teacher-forced step down."""
        def look(n, net, optimizer, indices):
            if n not in FORCED:
                return None
            tensors, gradients = {}, {}
            buffers = [k for k, _ in net.named_buffers()]
            if n:
                for key, p in net.named_parameters():
                    tensors[f'before.{key}'] = p.detach().clone()
                    for name, value in optimizer.state[p].items():
                        if torch.is_tensor(value) and value.dim():
                            tensors[f'state.{key}.{name}'] = value.clone()
                for key, b in net.named_buffers():
                    tensors[f'before.{key}'] = b.clone()
            lr = optimizer.param_groups[0]['lr']
            exact = self.float64_gradients(net, indices) if self.own_error else None

            def middle(loss):
                for key, p in net.named_parameters():
                    tensors[f'gradient.{key}'] = sample(p.grad)
                    gradients[key] = {
                        'stride': STRIDE if p.numel() > SAMPLE_OVER else 1, 'maxAbs': as32(p.grad.abs().max()),
                    }
                    if exact:
                        gradients[key]['ownError'] = float(f'{(p.grad - exact[key]).abs().max().item():.3g}')
                path = f'{FOLDER}/{self.name}-{kind}-{n}.safetensors'

                def after():
                    for key, p in net.named_parameters():
                        tensors[f'after.{key}'] = sample(p)
                    for key, b in net.named_buffers():
                        tensors[f'after.{key}'] = b.clone()
                    files[path] = encode.safetensors(tensors, {
                        'torch': torch.__version__.replace('a0', ''), 'seed': self.seed, 'command': self.command,
                    })
                entry = {
                    'step': n, 'file': Path(path).name, 'loss': as32(loss), 'indices': indices.tolist(), 'tensors': gradients,
                }
                if self.runs[kind][1]:
                    entry['lr'] = lr
                if buffers:
                    entry['buffers'] = buffers
                index.append(entry)
                return after
            return middle
        return look

    def float64_gradients(self, net, indices):
        """Of the step that comes, from the same parameters."""
        images, labels, _ = self.data[indices.tolist()]
        twin = copy.deepcopy(net).double()
        twin.zero_grad()
        self.loss(twin(images.double()), images.double(), labels).backward()
        return {key: p.grad for key, p in twin.named_parameters()}

    @staticmethod
    def initial(net):
        out = {}
        for key, p in net.named_parameters():
            flat = p.detach().reshape(-1)
            out[key] = {
                'shape': list(p.shape), 'first': encode.Numbers(flat[:8]), 'sum': flat.double().sum().item(),
                'sha256': hashlib.sha256(flat.numpy().tobytes()).hexdigest(),
            }
        return out

    def files(self, data):
        self.data = data
        net, batches = self.start(data)
        order = [indices.tolist() for _, _, indices in batches]
        whole = torch.tensor(sum(order, []), dtype=torch.int32)
        files = {f'{FOLDER}/{self.name}.json': {
            'model': self.model, 'recipe': self.recipe, 'parameters': self.initial(net),
            'order': {
                'batches': len(order), 'first20': order[:20],
                # Of the whole epoch as little-endian int32.
                'sha256': hashlib.sha256(whole.numpy().tobytes()).hexdigest(),
            },
        }}
        for kind, run in self.runs.items():
            net, batches = self.start(data)
            losses64 = self.train(net.double(), run, batches[:self.steps64], torch.float64)
            net, batches = self.start(data)
            index = []
            steps = max(self.steps32, FORCED[-1] + 1)
            losses32 = self.train(net, run, batches[:steps], torch.float32, self.forced(kind, files, index))
            files[f'{FOLDER}/{self.name}-{kind}.json'] = {
                'optimizer': run[2],
                'float64': {'initial': 'the float32 values, widened', 'losses': losses64},
                'float32': {'losses': encode.Numbers(torch.tensor(losses32[:self.steps32]))},
                'forced': index,
            }
        return files

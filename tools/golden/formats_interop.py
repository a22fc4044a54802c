"""`npm run golden -- --interop`: files of PyTorch and NumPy go through konv and back, and must come back bit for bit; a
network of konv's loads in PyTorch. Nothing is written into the repository."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).resolve().parent


def state_dict():
    """In konv's dtypes, with the values that are easily lost on the way."""
    torch.manual_seed(1)
    special = [0.0, -0.0, float('inf'), float('-inf'), float('nan'), 5e-324, 1e-45, 1.7976931348623157e308]
    return {
        'weight': torch.randn(6, 1, 5, 5), 'fine': torch.randn(3, 4, dtype=torch.float64), 'float32': torch.tensor(special),
        'float64': torch.tensor(special, dtype=torch.float64), 'int32': torch.tensor([-2 ** 31, -1, 0, 2 ** 31 - 1], dtype=torch.int32),
        'bool': torch.rand(3, 3) < 0.5, 'scalar': torch.tensor(0.1), 'int scalar': torch.tensor(7, dtype=torch.int32),
        'bool scalar': torch.tensor(True), 'empty': torch.zeros(2, 0, 3), 'large': torch.randn(300, 1000),
        'ünïcode/name 🙂': torch.ones(1), 'constructor': torch.zeros(2),
    }


def foreign_arrays():
    """In NumPy's dtypes; konv holds them as the second."""
    rng = np.random.default_rng(1)
    return {
        'f2': (np.array([0.1, -0.0, np.inf, 65504], '<f2'), '<f4'), '>f4': (rng.standard_normal((3, 4)).astype('>f4'), '<f4'),
        'fortran': (np.asfortranarray(rng.standard_normal((3, 4, 5))), '<f8'), '>i8': (np.array([[-2 ** 31], [2 ** 31 - 1]], '>i8'), '<i4'),
        'u1': (np.arange(256, dtype='u1').reshape(2, 128), '<i4'), 'i1': (np.arange(-128, 128).astype('i1'), '<i4'),
        '>u2': (np.array([0, 1, 65535], '>u2'), '<i4'), 'b1': (np.array([[True, False]]), '|b1'), 'scalar': (np.array(3.5), '<f8'),
        'empty': (np.zeros((0, 4), '<f4'), '<f4'), 'transposed': (rng.standard_normal((4, 3)).T, '<f8'), 'zeros': (np.zeros(9999), '<f8'),
    }


def same(name, expected, got):
    """dtype, shape and every bit; a NaN may be another NaN."""
    expected, got = np.asarray(expected), np.asarray(got)
    if expected.dtype != got.dtype or expected.shape != got.shape:
        return [f'{name}: {expected.dtype}{expected.shape} became {got.dtype}{got.shape}']
    if expected.dtype.kind == 'f':
        both = np.isnan(expected) & np.isnan(got)
        expected, got = np.where(both, 0, expected), np.where(both, 0, got)
    return [] if np.ascontiguousarray(expected).tobytes() == np.ascontiguousarray(got).tobytes() else [f'{name}: other values']


class Report:
    def __init__(self):
        self.bad = 0

    def row(self, what, expected, got):
        wrong = [] if list(expected) == list(got) or sorted(expected) == sorted(got) else [f'names {sorted(expected)} became {sorted(got)}']
        wrong += [line for name in expected if name in got for line in same(name, expected[name], got[name])]
        self.bad += len(wrong)
        print(f'{what:64} {len(expected):3} tensors  {"equal" if not wrong else "DIFFERENT: " + "; ".join(wrong)}')


def network(report, folder, load_file):
    """konv's initial values are PyTorch's for the same seed, so the whole state dict is known."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1176, 10))
    loaded = load_file(folder / 'net.safetensors')
    # konv counts the steps in int32.
    expected = {k: (v.int() if v.dtype == torch.int64 else v).numpy() for k, v in made.state_dict().items()}
    report.row("konv's network, safetensors.torch.load_file", expected, {k: v.numpy() for k, v in loaded.items()})
    other = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1176, 10))
    other.load_state_dict(loaded, strict=True)
    x = torch.randn(2, 1, 28, 28)
    report.row('the same in load_state_dict(strict=True), its output', {'output': made(x).detach().numpy()}, {'output': other(x).detach().numpy()})


def main():
    try:
        from safetensors.torch import load_file, save_file
    except ImportError:
        print('skipped: --interop needs the safetensors package, which Debian does not have:\n'
              '  python3 -m pip install --target FOLDER safetensors\n  PYTHONPATH=FOLDER npm run golden -- --interop', file=sys.stderr)
        return 3
    report, state, arrays = Report(), state_dict(), foreign_arrays()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_file(state, folder / 'in.safetensors')
        np.savez(folder / 'in.npz', **{k: a for k, (a, _) in arrays.items()})
        np.savez_compressed(folder / 'in-compressed.npz', **{k: a for k, (a, _) in arrays.items()})
        node = subprocess.run([os.environ.get('KONV_NODE', 'node'), HERE / 'formats_interop.mjs', name], check=False)
        if node.returncode:
            print('formats_interop.mjs failed; it runs what `npm run build` makes', file=sys.stderr)
            return 1
        values = {k: t.numpy() for k, t in state.items()}
        held = {k: a.astype(dtype) for k, (a, dtype) in arrays.items()}
        report.row('safetensors -> konv -> safetensors.torch.load_file', values,
                   {k: t.numpy() for k, t in load_file(folder / 'safetensors.safetensors').items()})
        report.row('npz -> konv -> safetensors.torch.load_file', held,
                   {k: t.numpy() for k, t in load_file(folder / 'npz.safetensors').items()})
        for file, what, expected in (
                ('safetensors.npz', 'safetensors -> konv -> numpy.load', values),
                ('safetensors-compressed.npz', 'safetensors -> konv, compressed -> numpy.load', values),
                ('npz.npz', 'npz -> konv -> numpy.load', held), ('npz-compressed.npz', 'compressed npz -> konv, compressed -> numpy.load', held)):
            with np.load(folder / file, allow_pickle=False) as z:
                report.row(what, expected, {k: z[k] for k in z.files})
        report.row('npz -> konv -> npy -> numpy.load', held, {k: np.load(folder / f'{i}.npy', allow_pickle=False) for i, k in enumerate(held)})
        network(report, folder, load_file)
    print('all equal' if not report.bad else f'{report.bad} differences')
    return 1 if report.bad else 0


if __name__ == '__main__':
    sys.exit(main())

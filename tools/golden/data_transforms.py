"""What torchvision's random transforms make of an image, draw for draw, and a DataLoader of transformed images."""
import torch
from torch.utils.data import DataLoader

import encode
from data_loader import next_rand

NAME = 'data/transforms'
FILE = 'packages/data/test/fixtures/transforms.json'
SEED = 'stated by each case'
CALLS = 3


def image(*shape, dtype=torch.float32):
    return (torch.arange(int(torch.tensor(shape).prod())).reshape(shape) % 251).to(dtype)


def case(transform, args, made, x, seed=0, calls=CALLS):
    """`args` are konv's; the same image goes through `calls` times."""
    torch.manual_seed(seed)
    return {'transform': transform, 'args': args, 'seed': seed, 'input': encode.tensor(x),
            'outputs': [encode.tensor(made(x).contiguous()) for _ in range(calls)], 'nextRand': next_rand()}


def crops(t):
    def crop(size, shape, seed=0, dtype=torch.float32, **options):
        names = {'padding': 'padding', 'padIfNeeded': 'pad_if_needed', 'fill': 'fill', 'paddingMode': 'padding_mode'}
        made = t.RandomCrop(size, **{names[k]: v for k, v in options.items()})
        return case('randomCrop', [size, options], made, image(*shape, dtype=dtype), seed)
    return [
        crop(3, (1, 5, 6)), crop([2, 4], (2, 5, 6), seed=1), crop(4, (1, 4, 4)), crop([4, 2], (1, 4, 5), seed=2), crop(2, (3, 4), seed=3),
        crop(4, (1, 4, 4), padding=2, seed=4), crop(3, (2, 3, 4), padding=[1, 2], fill=9, seed=5), crop(5, (1, 3, 4), padding=[0, 1, 2, 3], seed=6),
        crop(5, (1, 3, 2), padIfNeeded=True, fill=-1.5, seed=7), crop([3, 6], (1, 4, 3), padding=1, padIfNeeded=True, seed=8),
        crop(4, (1, 4, 5), padding=2, paddingMode='edge', seed=9), crop(5, (1, 4, 5), padding=3, paddingMode='reflect', seed=10),
        crop(5, (2, 3, 4), padding=3, paddingMode='symmetric', seed=11), crop([6, 7], (1, 4, 3), padIfNeeded=True, paddingMode='reflect', seed=12, padding=1),
        crop(3, (1, 5, 5), dtype=torch.int32, padding=1, fill=7, seed=13), crop(3, (1, 5, 5), dtype=torch.float64, seed=2 ** 31),
        crop(3, (2, 1, 4, 5), seed=14, padding=1),
    ]


def flips(t):
    x, square = image(2, 2, 3), image(3, 3)
    return [
        case('randomHorizontalFlip', [], t.RandomHorizontalFlip(), x, 0, 6), case('randomHorizontalFlip', [{'p': 0.9}], t.RandomHorizontalFlip(0.9), square, 1, 4),
        case('randomHorizontalFlip', [{'p': 0}], t.RandomHorizontalFlip(0.), x, 2), case('randomHorizontalFlip', [{'p': 1}], t.RandomHorizontalFlip(1.), x, 3),
        case('randomVerticalFlip', [], t.RandomVerticalFlip(), x, 4, 6), case('randomVerticalFlip', [{'p': 0.3}], t.RandomVerticalFlip(0.3), square, 5, 4),
        case('randomVerticalFlip', [{'p': 1}], t.RandomVerticalFlip(1.), image(2, 3, 1, dtype=torch.int32), 6, 1),
    ]


def fixed(t):
    center = [(3, (1, 5, 6)), ([2, 3], (2, 5, 6)), (4, (1, 4, 4)), (4, (1, 3, 7)), (5, (1, 2, 2)), ([1, 2], (4, 7)), ([3, 2], (1, 6, 9)), ([2, 8], (1, 7, 5))]
    out = [case('centerCrop', [size], t.CenterCrop(size), image(*shape), 0, 1) for size, shape in center]
    for mean, std, shape, dtype in ((0.5, 0.25, (1, 2, 2), torch.float32), ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], (3, 2, 3), torch.float32),
                                    ([0.1, 0.2], 0.3, (2, 2, 2), torch.float64)):
        lists = [v if isinstance(v, list) else [v] for v in (mean, std)]
        out.append(case('normalize', [mean, std], t.Normalize(*lists), image(*shape, dtype=dtype) / 7, 0, 1))
    return out


class Images:
    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 7

    def __getitem__(self, i):
        return self.transform(image(1, 4, 4) + 100 * i), i


def loaders(t):
    """Two passes; the transforms draw from the generator that also shuffles, sample by sample."""
    made = t.Compose([t.RandomCrop(3, padding=1), t.RandomHorizontalFlip(), t.Normalize([100.], [50.])])
    out = []
    for shuffle, seed in ((True, 0), (False, 1)):
        torch.manual_seed(seed)
        loader = DataLoader(Images(made), batch_size=3, shuffle=shuffle)
        out.append({'seed': seed, 'shuffle': shuffle, 'passes': [
            {'batches': [[encode.tensor(x), encode.tensor(y)] for x, y in loader], 'nextRand': next_rand()} for _ in range(2)]})
    return out


def refusals(t):
    """What torchvision refuses, too; the words are konv's own."""
    out = []
    for size, shape, options in ((6, (1, 5, 5), {}), ([5, 6], (1, 5, 5), {}), (9, (1, 5, 5), {'padding': 1}), (3, (1, 3, 3), {'padding': 3, 'paddingMode': 'reflect'}),
                                 (3, (1, 3, 3), {'padding': 4, 'paddingMode': 'symmetric'})):
        try:
            t.RandomCrop(size, padding=options.get('padding'), padding_mode=options.get('paddingMode', 'constant'))(image(*shape))
        except (ValueError, RuntimeError, IndexError) as e:
            out.append({'size': size, 'shape': list(shape), 'options': options, 'pytorch': str(e).split('\n')[0]})
        else:
            raise AssertionError((size, shape, options))
    return out


def make():
    try:
        import torchvision
        import torchvision.transforms as t
    except ImportError:
        print(f'{NAME}: left as it is. It needs torchvision: apt-get install python3-torchvision')
        return {}
    head = {'torch': torch.__version__.replace('a0', ''), 'torchvision': torchvision.__version__.replace('a0', ''), 'seed': SEED,
            'command': f'npm run golden -- {NAME}'}
    return {FILE: {'header': head, 'cases': crops(t) + flips(t) + fixed(t), 'loaders': loaders(t), 'refusals': refusals(t)}}

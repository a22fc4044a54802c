"""The order in which DataLoader visits a dataset, and what it consumes of the random numbers."""
import torch
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler

NAME = 'data/loader'
OUT = 'packages/data/test/fixtures/loader.json'
SEED = 'stated by each case'

EPOCHS = 2
# size, batch size, dropLast, seed
CASES = [
    (10, 3, False, 0), (10, 3, True, 0), (7, 1, False, 1), (8, 4, False, 42), (8, 4, True, 42), (5, 8, False, 3), (5, 8, True, 3),
    (1, 1, False, 0), (2, 1, False, 5), (100, 32, False, 123), (33, 16, True, 2 ** 31), (20, 6, False, 2 ** 32 + 7),
]


def next_rand(generator=None):
    """What the generator would give next, without taking it."""
    copy = torch.Generator()
    copy.set_state(generator.get_state() if generator else torch.get_rng_state())
    return torch.rand(3, generator=copy)


def epochs(loader, generator=None, epochs=EPOCHS):
    out = []
    for _ in range(epochs):
        batches = [batch.tolist() for batch in loader]
        out.append({'batches': batches, 'nextRand': next_rand(generator), 'nextGlobalRand': next_rand()})
    return out


def loader(size, batch, drop, shuffle, generator=None):
    return DataLoader(list(range(size)), batch_size=batch, shuffle=shuffle, drop_last=drop, generator=generator)


def case(size, batch, drop, seed, shuffle, explicit):
    generator = None
    if explicit:
        # The global generator must be left alone, so it gets a seed of its own.
        torch.manual_seed(999)
        generator = torch.Generator().manual_seed(seed)
    else:
        torch.manual_seed(seed)
    made = loader(size, batch, drop, shuffle, generator)
    return {'size': size, 'batchSize': batch, 'dropLast': drop, 'shuffle': shuffle, 'seed': seed, 'generator': explicit,
            'length': len(made), 'epochs': epochs(made, generator)}


def abandoned(explicit):
    """One batch of the first epoch, then a whole second epoch."""
    torch.manual_seed(11)
    generator = torch.Generator().manual_seed(12) if explicit else None
    made = loader(9, 2, False, True, generator)
    first = next(iter(made)).tolist()
    after = next_rand(generator)
    return {'size': 9, 'batchSize': 2, 'seed': 12 if explicit else 11, 'globalSeed': 11, 'generator': explicit, 'first': first,
            'nextRand': after, 'second': epochs(made, generator, 1)[0]}


def opened(explicit):
    """An iterator that was made and never asked for a batch."""
    torch.manual_seed(11)
    generator = torch.Generator().manual_seed(12) if explicit else None
    iter(loader(9, 2, False, True, generator))
    return {'globalSeed': 11, 'seed': 12 if explicit else 11, 'generator': explicit, 'nextRand': next_rand(generator)}


def samplers():
    out = []
    for size, replacement, count, explicit in (
        (6, False, None, False), (6, False, None, True), (6, True, None, False), (6, True, 40, True), (6, False, 10, False)):
        torch.manual_seed(21)
        generator = torch.Generator().manual_seed(22) if explicit else None
        sampler = RandomSampler(range(size), replacement=replacement, num_samples=count, generator=generator)
        out.append({'sampler': 'RandomSampler', 'size': size, 'replacement': replacement, 'numSamples': count,
                    'generator': explicit, 'globalSeed': 21, 'seed': 22 if explicit else 21,
                    'epochs': [{'indices': list(sampler), 'nextRand': next_rand(generator)} for _ in range(2)]})
    out.append({'sampler': 'BatchSampler', 'size': 7, 'batchSize': 3, 'dropLast': False,
                'batches': list(BatchSampler(SequentialSampler(range(7)), 3, False))})
    out.append({'sampler': 'BatchSampler', 'size': 7, 'batchSize': 3, 'dropLast': True,
                'batches': list(BatchSampler(SequentialSampler(range(7)), 3, True))})
    return out


def make():
    shuffled = [case(*c, True, explicit) for explicit in (False, True) for c in CASES]
    plain = [case(10, 3, False, 0, False, explicit) for explicit in (False, True)]
    return {
        'about': 'nextRand: the three float32 that rand would give next from the generator in use (the explicit one or the '
                 'global one), after each epoch; nextGlobalRand: from the global one',
        'cases': shuffled + plain,
        'abandoned': [abandoned(False), abandoned(True)], 'opened': [opened(False), opened(True)], 'samplers': samplers(),
    }

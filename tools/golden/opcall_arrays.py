"""What opcall.py is for the ops that arrange, select, pad, contract and reduce."""
import torch
import torch.nn.functional as F


def tuples(value):
    return tuple(value) if isinstance(value, list) else value


def options(a, *names):
    return {n: tuples(a[n]) for n in names if a.get(n) is not None}


def pad(t, a):
    return F.pad(t[0], a['padding'], a.get('mode', 'constant'), a.get('value', 0))


def spread(fn):
    """var and std: `correction` or `unbiased`, along dims or all."""
    def call(t, a):
        dim = tuples(a.get('dim'))
        if 'unbiased' in a:
            return fn(t[0], a['unbiased']) if dim is None else fn(t[0], dim, a['unbiased'], a.get('keepdim', False))
        return fn(t[0], dim, correction=a.get('correction', 1), keepdim=a.get('keepdim', False))
    return call


def truth(fn):
    """any and all, which take one dim in PyTorch 1.13."""
    return lambda t, a: fn(t[0], a['dim'], a.get('keepdim', False)) if 'dim' in a else fn(t[0])


def norm(t, a):
    return torch.norm(t[0], float(a.get('p', 2)), tuples(a.get('dim')), a.get('keepdim', False))


def prod(t, a):
    return torch.prod(t[0], a['dim'], a.get('keepdim', False)) if 'dim' in a else torch.prod(t[0])


def logsumexp(t, a):
    dim = a['dim'] if 'dim' in a else list(range(t[0].dim()))
    return torch.logsumexp(t[0], dim, a.get('keepdim', False))


def roll(t, a):
    return torch.roll(t[0], tuples(a['shifts']), tuples(a['dims'])) if 'dims' in a else torch.roll(t[0], tuples(a['shifts']))


def repeat_interleave(t, a):
    n = a['repeats']
    return torch.repeat_interleave(t[0], torch.tensor(n) if isinstance(n, list) else n, dim=a.get('dim'))


def select(t, a):
    i = t[0]
    return torch.masked_select(i, t[1])


def interpolate(t, a):
    return F.interpolate(
        t[0], tuples(a.get('size')), tuples(a.get('scaleFactor')), a['mode'], a.get('alignCorners'), a.get('recomputeScaleFactor'))


def windows(a):
    return options(a, 'dilation', 'padding', 'stride')


ARRAYS = {
    'pad': pad,
    'split': lambda t, a: torch.split(t[0], a['size'], a.get('dim', 0)),
    'chunk': lambda t, a: torch.chunk(t[0], a['chunks'], a.get('dim', 0)),
    'unbind': lambda t, a: torch.unbind(t[0], a.get('dim', 0)),
    'narrow': lambda t, a: torch.narrow(t[0], a['dim'], a['start'], a['length']),
    'unflatten': lambda t, a: t[0].unflatten(a['dim'], a['sizes']),
    'movedim': lambda t, a: torch.movedim(t[0], tuples(a['source']), tuples(a['destination'])),
    'swapaxes': lambda t, a: torch.swapaxes(t[0], a['dim0'], a['dim1']),
    'meshgrid': lambda t, a: torch.meshgrid(*t, indexing=a.get('indexing', 'ij')),
    'flip': lambda t, a: torch.flip(t[0], tuples(a['dims']) if isinstance(a['dims'], list) else (a['dims'],)),
    'roll': roll,
    'repeat': lambda t, a: t[0].repeat(a['repeats']),
    'tile': lambda t, a: torch.tile(t[0], a['repeats']),
    'repeatInterleave': repeat_interleave,
    'diagonal': lambda t, a: torch.diagonal(t[0], a.get('offset', 0), a.get('dim1', 0), a.get('dim2', 1)),
    'diag': lambda t, a: torch.diag(t[0], a.get('offset', 0)),
    'trace': lambda t, a: torch.trace(t[0]),
    'tril': lambda t, a: torch.tril(t[0], a.get('offset', 0)),
    'triu': lambda t, a: torch.triu(t[0], a.get('offset', 0)),
    'maskedFill': lambda t, a: torch.masked_fill(t[0], t[1], t[2]),
    'maskedSelect': select,
    'oneHot': lambda t, a: F.one_hot(t[0].long(), a.get('numClasses', -1)).int(),
    'topk': lambda t, a: tuple(torch.topk(t[0], a['k'], a.get('dim', -1), a.get('largest', True), a.get('sorted', True))),
    'argsort': lambda t, a: torch.argsort(t[0], dim=a.get('dim', -1), descending=a.get('descending', False), stable=True),
    'cumprod': lambda t, a: torch.cumprod(t[0], a['dim']),
    'var': spread(torch.var), 'std': spread(torch.std),
    'any': truth(torch.any), 'all': truth(torch.all),
    'norm': norm, 'prod': prod, 'logsumexp': logsumexp,
    'bmm': lambda t, a: torch.bmm(*t), 'mm': lambda t, a: torch.mm(*t), 'mv': lambda t, a: torch.mv(*t),
    'dot': lambda t, a: torch.dot(*t), 'outer': lambda t, a: torch.outer(*t),
    'einsum': lambda t, a: torch.einsum(a['equation'], *t),
    'pixelShuffle': lambda t, a: F.pixel_shuffle(t[0], a['factor']),
    'pixelUnshuffle': lambda t, a: F.pixel_unshuffle(t[0], a['factor']),
    'unfold': lambda t, a: F.unfold(t[0], tuples(a['kernelSize']), **windows(a)),
    'fold': lambda t, a: F.fold(t[0], tuples(a['outputSize']), tuples(a['kernelSize']), **windows(a)),
    'interpolate': interpolate,
}

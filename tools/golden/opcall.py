"""How a case's op and attributes (konv's names) are said in PyTorch. Each entry: (tensors, attributes) -> outputs."""
import torch
import torch.nn.functional as F

from opcall_arrays import ARRAYS


def pick(attrs, **names):
    """The attributes that stand there, under PyTorch's names."""
    return {names[k]: v for k, v in attrs.items() if k in names and v is not None}


def tuples(value):
    return tuple(value) if isinstance(value, list) else value


def index(entries):
    """konv's index notation to Python's: number, null for the whole axis, [start, end, step]."""
    return tuple(slice(None) if e is None else slice(*e) if isinstance(e, list) else e for e in entries)


def longs(t):
    """PyTorch's indices are int64, konv's int32; what are no indices stays, to be refused."""
    return t if t.is_floating_point() else t.long()


def reduce(fn, *names):
    known = {'dim': 'dim', 'keepdim': 'keepdim', 'correction': 'correction'}

    def call(t, a):
        options = {known[k]: tuples(v) for k, v in a.items() if v is not None}
        return tuple(fn(t[0], **options)) if names else fn(t[0], **options)
    return call


def extremum(fn):
    def call(t, a):
        return tuple(fn(t[0], a['dim'], a.get('keepdim', False))) if 'dim' in a else fn(t[0])
    return call


def conv(fn):
    return lambda t, a: fn(t[0], t[1], t[2], **{k: tuples(v) for k, v in a.items()})


def conv_transpose(fn):
    def call(t, a):
        return fn(t[0], t[1], t[2], **{'output_padding' if k == 'outputPadding' else k: tuples(v) for k, v in a.items()})
    return call


POOL = {
    'kernelSize': 'kernel_size', 'stride': 'stride', 'padding': 'padding', 'dilation': 'dilation', 'ceilMode': 'ceil_mode',
    'countIncludePad': 'count_include_pad', 'divisorOverride': 'divisor_override',
}


def max_pool(fn):
    return lambda t, a: fn(t[0], return_indices=True, **{POOL[k]: tuples(v) for k, v in a.items()})


def avg_pool(fn):
    return lambda t, a: fn(t[0], **{POOL[k]: tuples(v) for k, v in a.items()})


def adaptive(fn):
    return lambda t, a: fn(t[0], tuples(a['outputSize']))


def adaptive_max(fn):
    return lambda t, a: fn(t[0], tuples(a['outputSize']), return_indices=True)


def max_unpool(fn):
    options = {'kernelSize': 'kernel_size', 'stride': 'stride', 'padding': 'padding', 'outputSize': 'output_size'}
    return lambda t, a: fn(t[0], t[1].long(), **{options[k]: v for k, v in a.items()})


def lp_pool(fn):
    options = {'normType': 'norm_type', 'kernelSize': 'kernel_size', 'stride': 'stride', 'ceilMode': 'ceil_mode'}
    return lambda t, a: fn(t[0], **{options[k]: tuples(v) for k, v in a.items()})


LOSS = {'reduction': 'reduction', 'ignoreIndex': 'ignore_index', 'labelSmoothing': 'label_smoothing'}


def class_loss(fn):
    def call(t, a):
        target = t[1] if t[1].is_floating_point() else t[1].long()
        return fn(t[0], target, weight=t[2] if len(t) > 2 else None, **pick(a, **LOSS))
    return call


def binary_loss(fn):
    def call(t, a):
        options = pick(a, reduction='reduction')
        for name, i in (('weight', 2), ('pos_weight', 3)):
            if len(t) > i and t[i] is not None:
                options[name] = t[i]
        return fn(t[0], t[1], **options)
    return call


def batch_norm(t, a):
    x, weight, bias, mean, var = t
    mean, var = (None if s is None else s.clone() for s in (mean, var))
    y = F.batch_norm(x, mean, var, weight, bias, a['training'], a.get('momentum', 0.1), a.get('eps', 1e-5))
    return (y,) if mean is None else (y, mean, var)


def instance_norm(t, a):
    x, weight, bias, mean, var = t
    mean, var = (None if s is None else s.clone() for s in (mean, var))
    y = F.instance_norm(x, mean, var, weight, bias, a.get('useInputStats', True), a.get('momentum', 0.1), a.get('eps', 1e-5))
    return (y,) if mean is None else (y, mean, var)


OPS = {
    'neg': lambda t, a: -t[0],
    **{n: (lambda f: lambda t, a: f(t[0]))(getattr(torch, n)) for n in (
        'abs', 'sign', 'square', 'reciprocal', 'rsqrt', 'sqrt', 'exp', 'log', 'floor', 'ceil', 'relu', 'sigmoid', 'tanh',
        'round', 'trunc', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'exp2', 'expm1', 'log2', 'log10', 'log1p',
        'erf', 'isnan', 'isinf', 'isfinite')},
    **{n: (lambda f: lambda t, a: f(t[0], t[1]))(getattr(torch, f)) for n, f in {
        'add': 'add', 'sub': 'sub', 'mul': 'mul', 'div': 'div', 'maximum': 'maximum', 'minimum': 'minimum',
        'eq': 'eq', 'ne': 'ne', 'lt': 'lt', 'le': 'le', 'gt': 'gt', 'ge': 'ge', 'pow': 'pow', 'fmod': 'fmod', 'remainder': 'remainder',
        'atan2': 'atan2', 'logicalAnd': 'logical_and', 'logicalOr': 'logical_or', 'logicalXor': 'logical_xor'}.items()},
    'clamp': lambda t, a: torch.clamp(t[0], a.get('min'), a.get('max')),
    'clampMin': lambda t, a: torch.clamp_min(t[0], a['min']), 'clampMax': lambda t, a: torch.clamp_max(t[0], a['max']),
    'isclose': lambda t, a: torch.isclose(t[0], t[1], **pick(a, rtol='rtol', atol='atol', equalNan='equal_nan')),
    'where': lambda t, a: torch.where(*t), 'logicalNot': lambda t, a: torch.logical_not(t[0]),
    'sum': reduce(torch.sum), 'mean': reduce(torch.mean),
    'max': extremum(torch.max), 'min': extremum(torch.min),
    'amax': reduce(torch.amax), 'amin': reduce(torch.amin),
    'argmax': reduce(torch.argmax), 'argmin': reduce(torch.argmin),
    'reshape': lambda t, a: t[0].reshape(a['shape']),
    'permute': lambda t, a: t[0].permute(a['dims']),
    'transpose': lambda t, a: t[0].transpose(a['dim0'], a['dim1']),
    'flatten': lambda t, a: t[0].flatten(a.get('startDim', 0), a.get('endDim', -1)),
    'squeeze': lambda t, a: t[0].squeeze(a['dim']) if 'dim' in a else t[0].squeeze(),
    'unsqueeze': lambda t, a: t[0].unsqueeze(a['dim']),
    'expand': lambda t, a: t[0].expand(a['shape']),
    'slice': lambda t, a: t[0][index(a['index'])],
    'select': lambda t, a: t[0].select(a['dim'], a['index']),
    'cat': lambda t, a: torch.cat(t, a['dim']),
    'stack': lambda t, a: torch.stack(t, a['dim']),
    'matmul': lambda t, a: torch.matmul(
        t[0].transpose(-1, -2) if a.get('transposeA') else t[0], t[1].transpose(-1, -2) if a.get('transposeB') else t[1]),
    'linear': lambda t, a: F.linear(*t),
    'l1Loss': lambda t, a: F.l1_loss(*t, **a), 'smoothL1Loss': lambda t, a: F.smooth_l1_loss(*t, **a),
    'huberLoss': lambda t, a: F.huber_loss(*t, **a),
    'klDiv': lambda t, a: F.kl_div(*t, **pick(a, reduction='reduction', logTarget='log_target')),
    'binaryCrossEntropy': binary_loss(F.binary_cross_entropy),
    'binaryCrossEntropyWithLogits': binary_loss(F.binary_cross_entropy_with_logits),
    'layerNorm': lambda t, a: F.layer_norm(t[0], a['normalizedShape'], t[1], t[2], a.get('eps', 1e-5)),
    'groupNorm': lambda t, a: F.group_norm(t[0], a['numGroups'], t[1], t[2], a.get('eps', 1e-5)),
    'instanceNorm': instance_norm,
    'embedding': lambda t, a: F.embedding(t[0], t[1], a.get('paddingIdx'), scale_grad_by_freq=a.get('scaleGradByFreq', False)),
    'gather': lambda t, a: torch.gather(t[0], a['dim'], longs(t[1])),
    'scatterAdd': lambda t, a: torch.scatter_add(t[0], a['dim'], longs(t[1]), t[2]),
    'indexSelect': lambda t, a: torch.index_select(t[0], a['dim'], longs(t[1])),
    'cumsum': lambda t, a: torch.cumsum(t[0], a['dim']),
    'sort': lambda t, a: tuple(torch.sort(t[0], dim=a['dim'], descending=a['descending'], stable=True)),
    'conv1d': conv(F.conv1d), 'conv2d': conv(F.conv2d), 'conv3d': conv(F.conv3d),
    'convTranspose1d': conv_transpose(F.conv_transpose1d), 'convTranspose2d': conv_transpose(F.conv_transpose2d),
    'convTranspose3d': conv_transpose(F.conv_transpose3d),
    'maxPool1d': max_pool(F.max_pool1d), 'maxPool2d': max_pool(F.max_pool2d), 'maxPool3d': max_pool(F.max_pool3d),
    'avgPool1d': avg_pool(F.avg_pool1d), 'avgPool2d': avg_pool(F.avg_pool2d), 'avgPool3d': avg_pool(F.avg_pool3d),
    'adaptiveAvgPool1d': adaptive(F.adaptive_avg_pool1d), 'adaptiveAvgPool2d': adaptive(F.adaptive_avg_pool2d),
    'adaptiveAvgPool3d': adaptive(F.adaptive_avg_pool3d), 'adaptiveMaxPool1d': adaptive_max(F.adaptive_max_pool1d),
    'adaptiveMaxPool2d': adaptive_max(F.adaptive_max_pool2d), 'adaptiveMaxPool3d': adaptive_max(F.adaptive_max_pool3d),
    'maxUnpool1d': max_unpool(F.max_unpool1d), 'maxUnpool2d': max_unpool(F.max_unpool2d), 'maxUnpool3d': max_unpool(F.max_unpool3d),
    'lpPool1d': lp_pool(F.lp_pool1d), 'lpPool2d': lp_pool(F.lp_pool2d),
    **{n: (lambda f: lambda t, a: f(t[0]))(getattr(F, n)) for n in (
        'selu', 'silu', 'mish', 'relu6', 'hardsigmoid', 'hardswish', 'logsigmoid', 'softsign', 'tanhshrink')},
    'leakyRelu': lambda t, a: F.leaky_relu(t[0], **pick(a, negativeSlope='negative_slope')),
    'prelu': lambda t, a: F.prelu(*t),
    'elu': lambda t, a: F.elu(t[0], **a), 'gelu': lambda t, a: F.gelu(t[0], **a), 'softplus': lambda t, a: F.softplus(t[0], **a),
    'hardtanh': lambda t, a: F.hardtanh(t[0], **pick(a, minVal='min_val', maxVal='max_val')),
    'softmin': lambda t, a: F.softmin(t[0], a['dim']),
    'softmax': lambda t, a: torch.softmax(t[0], a['dim']),
    'logSoftmax': lambda t, a: torch.log_softmax(t[0], a['dim']),
    'mseLoss': lambda t, a: F.mse_loss(t[0], t[1], reduction=a.get('reduction', 'mean')),
    'nllLoss': class_loss(F.nll_loss), 'crossEntropy': class_loss(F.cross_entropy),
    'batchNorm': batch_norm,
    **ARRAYS,
}


def call(op, tensors, attrs):
    out = OPS[op](tensors, attrs)
    return list(out) if isinstance(out, (tuple, list)) else [out]

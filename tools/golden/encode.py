"""Values to text: numbers in their shortest form that reads back as the same number, one entry a line."""
import json
import math

import numpy as np
import torch

DTYPES = {
    torch.float32: 'float32', torch.float64: 'float64', torch.bool: 'bool',
    # konv has one integer dtype.
    torch.int32: 'int32', torch.int64: 'int32', torch.uint8: 'int32',
}


def number(x):
    """A Python float, int or numpy scalar as JSON text; what JSON cannot say is a string."""
    if isinstance(x, (bool, np.bool_)):
        return '1' if x else '0'
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    if math.isnan(x):
        return '"nan"'
    if math.isinf(x):
        return '"inf"' if x > 0 else '"-inf"'
    text = str(x) if isinstance(x, np.float32) else repr(float(x))
    if text.endswith('.0'):
        text = text[:-2]
    return text.replace('e-0', 'e-').replace('e+', 'e')


class Numbers:
    """A row of numbers whose text is made once, in the precision of its dtype."""

    def __init__(self, tensor):
        self.text = '[' + ','.join(number(x) for x in tensor.detach().contiguous().numpy().reshape(-1)) + ']'


def tensor(t, **extra):
    """{shape, dtype, data} of a torch tensor."""
    return {'shape': list(t.shape), 'dtype': DTYPES[t.dtype], 'data': Numbers(t), **extra}


def compact(value):
    """JSON on one line."""
    if isinstance(value, Numbers):
        return value.text
    if isinstance(value, dict):
        return '{' + ','.join(f'{json.dumps(str(k))}:{compact(v)}' for k, v in value.items()) + '}'
    if isinstance(value, (list, tuple)):
        return '[' + ','.join(compact(v) for v in value) + ']'
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, torch.Tensor):
        return Numbers(value).text
    return number(value)


def pretty(value, width=110, indent=0):
    """JSON whose objects and lists are opened only as far as a line of `width` demands; rows of numbers never are."""
    line = compact(value)
    scalars = isinstance(value, (list, tuple)) and not any(isinstance(v, (dict, list, tuple, str)) for v in value)
    if len(line) + indent <= width or scalars or not isinstance(value, (dict, list, tuple)):
        return line
    pad = ' ' * (indent + 1)
    if isinstance(value, dict):
        body = [f'{pad}{json.dumps(str(k))}: {pretty(v, width, indent + 1)}' for k, v in value.items()]
        return '{\n' + ',\n'.join(body) + '\n' + ' ' * indent + '}'
    return '[\n' + ',\n'.join(pad + pretty(v, width, indent + 1) for v in value) + '\n' + ' ' * indent + ']'


def typescript_json(text):
    """JSON text inside a template literal."""
    return text.replace('\\', '\\\\').replace('`', '\\`').replace('${', '\\${')


def typescript_json_back(text):
    return text.replace('\\${', '${').replace('\\`', '`').replace('\\\\', '\\')


def safetensors(tensors, metadata):
    """The safetensors format: u64 length, JSON header, raw little-endian data."""
    header, blobs, at = {'__metadata__': {k: str(v) for k, v in metadata.items()}}, [], 0
    names = {torch.float32: 'F32', torch.float64: 'F64', torch.int32: 'I32', torch.int64: 'I64', torch.bool: 'BOOL'}
    for name, t in tensors.items():
        blob = t.detach().contiguous().numpy().tobytes()
        header[name] = {'dtype': names[t.dtype], 'shape': list(t.shape), 'data_offsets': [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return len(text).to_bytes(8, 'little') + text + b''.join(blobs)

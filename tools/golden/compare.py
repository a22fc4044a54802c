"""`--check`: what was made now against what is committed."""
import json
import re

import numpy as np

from encode import typescript_json_back

SPECIAL = {'nan': float('nan'), 'inf': float('inf'), '-inf': float('-inf')}


def parse(path, content):
    """A fixture file's values, whatever its container: .json, .ts around JSON, .safetensors."""
    if path.endswith('.safetensors'):
        length = int.from_bytes(content[:8], 'little')
        header, data = json.loads(content[8:8 + length]), content[8 + length:]
        values = {'__metadata__': header.pop('__metadata__', None)}
        for name, entry in header.items():
            kind = {'F32': '<f4', 'F64': '<f8', 'I32': '<i4', 'I64': '<i8', 'BOOL': '?'}[entry['dtype']]
            start, end = entry['data_offsets']
            values[name] = [entry['shape'], np.frombuffer(data[start:end], dtype=kind).tolist()]
        return values
    text = content.decode()
    if path.endswith('.ts'):
        literal = re.search(r'JSON\.parse\(`(.*)`\)', text, re.S)
        return json.loads(typescript_json_back(literal.group(1))) if literal else text
    return json.loads(text)


def is_number(x):
    return (isinstance(x, (int, float)) and not isinstance(x, bool)) or (isinstance(x, str) and x in SPECIAL)


def is_row(x):
    return isinstance(x, list) and len(x) > 0 and all(isinstance(v, (int, float, str)) and is_number(v) for v in x)


def differences(old, new, tolerance, at='$'):
    """Paths at which two values differ. A row of numbers may differ by `tolerance` times its greatest magnitude."""
    if isinstance(old, str) and isinstance(new, str):
        if old != new and not at.endswith('.command'):
            yield f'{at}: {old[:80]!r} became {new[:80]!r}'
    elif is_row(old) and is_row(new):
        yield from rows(old, new, tolerance, at)
    elif is_number(old) and is_number(new):
        yield from rows([old], [new], tolerance, at)
    elif type(old) is not type(new):
        yield f'{at}: {type(old).__name__} became {type(new).__name__}'
    elif isinstance(old, dict):
        for key in {**old, **new}:
            if key not in old or key not in new:
                yield f'{at}.{key}: only in {"the committed file" if key in old else "what was made now"}'
            else:
                yield from differences(old[key], new[key], tolerance, f'{at}.{key}')
    elif isinstance(old, list):
        if len(old) != len(new):
            yield f'{at}: {len(old)} entries became {len(new)}'
        else:
            for i, (a, b) in enumerate(zip(old, new)):
                yield from differences(a, b, tolerance, f'{at}[{i}]')
    elif old != new:
        yield f'{at}: {old!r} became {new!r}'


def rows(old, new, tolerance, at):
    if len(old) != len(new):
        yield f'{at}: {len(old)} numbers became {len(new)}'
        return
    a = np.array([SPECIAL.get(v, v) for v in old], dtype=np.float64)
    b = np.array([SPECIAL.get(v, v) for v in new], dtype=np.float64)
    finite = np.isfinite(a)
    scale = max(np.abs(a[finite]).max(initial=0), 1e-30)
    with np.errstate(invalid='ignore'):
        close = np.where(finite, np.abs(a - b) <= tolerance * scale, (a == b) | (np.isnan(a) & np.isnan(b)))
    if not close.all():
        i = int(np.argmin(close))
        yield f'{at}[{i}]: {old[i]} became {new[i]}'

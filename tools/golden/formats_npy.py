"""Files as NumPy writes them: every dtype, byte order, version and memory order; archives stored and deflated."""
import base64
import io
import zipfile

import numpy as np
from numpy.lib import format as npy

NAME = 'formats/npy'
OUT = 'packages/formats/test/fixtures/npy.json'
SEED = 'none: the values are written out'

INTS = {'i1': [-128, -1, 0, 1, 126, 127], 'u1': [0, 1, 2, 127, 128, 255], 'i2': [-32768, -1, 0, 1, 258, 32767],
        'u2': [0, 1, 258, 32767, 32768, 65535], 'i4': [-2 ** 31, -1, 0, 1, 16909060, 2 ** 31 - 1],
        'u4': [0, 1, 258, 65536, 16909060, 2 ** 31 - 1], 'i8': [-2 ** 31, -1, 0, 1, 16909060, 2 ** 31 - 1],
        'u8': [0, 1, 258, 65536, 16909060, 2 ** 31 - 1]}
FLOATS = {'f2': [0.5, -2.0, 65504.0, 2 ** -24, np.inf, np.nan], 'f4': [0.1, -0.0, 3.4028234663852886e38, 1e-45, -np.inf, np.nan],
          'f8': [0.1, -0.0, 1.7976931348623157e308, 5e-324, np.inf, np.nan]}
BOOLS = {'b1': [1, 0, 1, 1, 0, 0]}
VALUES = {**BOOLS, **INTS, **FLOATS}
DTYPES = {'b1': 'bool', 'f2': 'float32', 'f4': 'float32', 'f8': 'float64'}


def text(data):
    return base64.b64encode(data).decode()


def npy_bytes(array, version=None):
    out = io.BytesIO()
    npy.write_array(out, array, version=version, allow_pickle=False)
    return out.getvalue()


def numbers(array):
    """Row-major, as what konv reads it as: exact in a Python float, int or 0 and 1."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if array.dtype.kind == 'b':
        return [int(x) for x in flat]
    return [int(x) for x in flat] if array.dtype.kind in 'iu' else [float(x) for x in flat.astype(np.float64)]


def case(name, array, version=None):
    code = array.dtype.str[1:]
    return {'name': name, 'descr': array.dtype.str, 'dtype': DTYPES.get(code, 'int32'), 'shape': list(array.shape),
            'data': numbers(array), 'bytes': text(npy_bytes(array, version))}


def arrays():
    out = []
    for code, values in VALUES.items():
        for order in '<>' if code[1] != '1' else '|':
            made = np.array(values, dtype=order + code)
            out.append(case(f'{order}{code}', made.reshape(2, 3)))
            out.append(case(f'{order}{code} in Fortran order', np.asfortranarray(made.reshape(3, 2))))
        out.append(case(f'{code}, version 2.0', np.array(values, dtype='<' + code), (2, 0)))
        out.append(case(f'{code}, version 3.0', np.array(values, dtype='<' + code), (3, 0)))
        out.append(case(f'{code}, a scalar', np.array(values[1], dtype='<' + code)))
        out.append(case(f'{code}, empty', np.zeros((2, 0, 3), dtype='<' + code)))
    rows = np.arange(24, dtype='<f4')
    out.append(case('Fortran order, rank 4', np.asfortranarray(rows.reshape(2, 3, 1, 4))))
    out.append(case('Fortran order, rank 3, big-endian', np.asfortranarray(rows.astype('>f8').reshape(4, 3, 2))))
    out.append(case('a transposed view', rows.reshape(4, 6).T))
    out.append(case('every second column', rows.reshape(4, 6)[:, ::2]))
    out.append(case('Fortran order, empty', np.asfortranarray(np.zeros((3, 0, 2), dtype='<i4'))))
    return out


def written():
    """What konv writes must be these very bytes: its dtypes, shapes on either side of each alignment of the header."""
    shapes = [(), (0,), (1,), (6,), (2, 3), (1, 6), (0, 5), (1, 2, 3, 1), (3, 0, 2)]
    shapes += [(1,) * rank for rank in (8, 9, 10, 11, 14, 20, 31, 32)] + [(6,) + (1,) * rank for rank in (12, 13)] + [(0, 1234567)]
    out = [case(f'{shape}', np.resize(np.arange(6, dtype='<f4') / 4, shape).astype('<f4')) for shape in shapes]
    return out + [case(f'{code}', np.array(VALUES[code], dtype=code).reshape(3, 2)) for code in ('b1', 'i4', 'f4', 'f8')]


def refused():
    objects = io.BytesIO()
    np.save(objects, np.array([{}, None], dtype=object), allow_pickle=True)
    fields = np.zeros(2, dtype=[('a', '<f4'), ('b', '<i4')])
    made = {
        'objects': objects.getvalue(),
        'complex numbers': npy_bytes(np.zeros(2, dtype='<c8')), 'bytes': npy_bytes(np.array([b'ab'])), 'text': npy_bytes(np.array(['ab'])),
        'dates': npy_bytes(np.zeros(1, dtype='<M8[s]')), 'time spans': npy_bytes(np.zeros(1, dtype='<m8[s]')),
        'raw records': npy_bytes(np.zeros(1, dtype='V3')), 'fields': npy_bytes(fields), 'float128': npy_bytes(np.zeros(1, dtype='<f16')),
        'i8 too great': npy_bytes(np.array([0, 2 ** 31], dtype='<i8')), '>i8 too small': npy_bytes(np.array([-2 ** 31 - 1], dtype='>i8')),
        'u8 too great': npy_bytes(np.array([2 ** 64 - 1], dtype='<u8')), 'u4 too great': npy_bytes(np.array([2 ** 31], dtype='>u4')),
    }
    return [{'name': name, 'bytes': text(data)} for name, data in made.items()]


CONTENT = {'weight': np.arange(6, dtype='<f4').reshape(2, 3) / 8, 'steps': np.array(7, dtype='<i4'), 'mask': np.array([True, False, True]),
           'fine': np.array([0.1, -0.0], dtype='<f8'), 'none': np.zeros((0, 3), dtype='<f4')}
FOREIGN = {'counts': np.array([1, -2], dtype='>i8'), 'half': np.array([0.5, 2], dtype='<f2'), 'é/ü': np.asfortranarray(np.eye(3, 2)),
           'constructor': np.array([1], dtype='<u1')}


class Unseekable(io.RawIOBase):
    """A pipe: zipfile cannot go back to a header, and writes descriptors after the data."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


def archive(name, arrays, save=np.savez, to=None):
    out = to or io.BytesIO()
    save(out, **arrays)
    data = b''.join(out.parts) if to else out.getvalue()
    return {'name': name, 'arrays': [{'key': key, **case(key, a)} for key, a in arrays.items()], 'bytes': text(data)}


def by_zipfile(name, arrays, method, force64=False, comment=b''):
    """As other tools do it: without 64-bit sizes, with a comment at the end."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as z:
        z.comment = comment
        for key, a in arrays.items():
            with z.open(zipfile.ZipInfo(f'{key}.npy'), 'w', force_zip64=force64) as f:
                f.write(npy_bytes(a))
    return {'name': name, 'arrays': [{'key': key, **case(key, a)} for key, a in arrays.items()], 'bytes': text(out.getvalue())}


def archives():
    large = {'ramp': np.resize(np.arange(100, dtype='<f4'), (40, 100)), 'zeros': np.zeros(5000, dtype='<f8')}
    return [
        by_zipfile('zipfile', CONTENT, zipfile.ZIP_STORED), by_zipfile('zipfile, 64-bit sizes', CONTENT, zipfile.ZIP_STORED, True),
        archive('savez', CONTENT), archive('savez_compressed', CONTENT, np.savez_compressed), archive('nothing', {}),
        archive('other dtypes', FOREIGN), archive('other dtypes, compressed', FOREIGN, np.savez_compressed),
        archive('through a pipe', CONTENT, to=Unseekable()), archive('through a pipe, compressed', CONTENT, np.savez_compressed, Unseekable()),
        by_zipfile('32-bit sizes, a comment', CONTENT, zipfile.ZIP_STORED, comment=b'PK\5\6 made by hand'),
        by_zipfile('32-bit sizes, deflated', CONTENT, zipfile.ZIP_DEFLATED),
        # Its values would take more room than the archive: they are checked by formula.
        {**archive('large', large, np.savez_compressed), 'arrays': [{'key': k, 'shape': list(a.shape)} for k, a in large.items()]},
    ]


def make():
    return {'header': {'numpy': np.__version__, 'seed': SEED, 'command': f'npm run golden -- {NAME}'},
            'arrays': arrays(), 'written': written(), 'refused': refused(), 'archives': archives()}

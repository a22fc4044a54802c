"""Runs the fixture modules. A module has NAME (what the command line calls it), OUT (a path in the repository) and
make(), which returns what is to stand in that file: values for JSON, or text. A module of several files has no OUT, and
make() returns {path: values, text or bytes}. TOLERANCE, where it stands, is for --check on another processor."""
import argparse
import importlib.util
import os
import sys
import time
import warnings
from pathlib import Path

# One instruction set and one thread everywhere, so that the last bits do not depend on the machine. They do on the set:
# with AVX2, which everybody's processor has, uniform_(a, b) is one fused u * (b - a) + a; without it, two roundings.
for name, value in {
    'ATEN_CPU_CAPABILITY': 'avx2', 'DNNL_MAX_CPU_ISA': 'AVX2', 'ONEDNN_MAX_CPU_ISA': 'AVX2',
    'OPENBLAS_CORETYPE': 'Haswell', 'OPENBLAS_NUM_THREADS': '1', 'OMP_NUM_THREADS': '1',
}.items():
    os.environ[name] = value

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

import torch  # noqa: E402

import compare  # noqa: E402
import encode  # noqa: E402


def modules():
    """Every file here, in ops/ and in modules/ that has a make()."""
    found = []
    for path in sorted([*HERE.glob('*.py'), *HERE.glob('ops/*.py'), *HERE.glob('modules/*.py')]):
        if '\ndef make():' not in path.read_text():
            continue
        spec = importlib.util.spec_from_file_location(f'golden_{path.parent.name}_{path.stem}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(module)
    return sorted(found, key=lambda m: m.NAME)


def header(module):
    return {
        'torch': torch.__version__.replace('a0', ''),
        'seed': getattr(module, 'SEED', 'stated by each case'),
        'command': f'npm run golden -- {module.NAME}',
    }


def files(module):
    """{path in the repository: bytes} of one module."""
    made = module.make()
    made = made if getattr(module, 'OUT', None) is None else {str(module.OUT): made}
    out = {}
    for path, content in made.items():
        path = str(Path(path).relative_to(ROOT)) if Path(path).is_absolute() else path
        if isinstance(content, dict):
            content = content if 'header' in content else {'header': header(module), **content}
        if isinstance(content, (dict, list)):
            content = encode.pretty(content) + '\n'
        out[path] = content.encode() if isinstance(content, str) else content
    return out


def check(path, content, tolerance):
    """(word for the report, is it bad?)"""
    target = ROOT / path
    if not target.exists():
        return 'MISSING', True
    old = target.read_bytes()
    if old == content:
        return 'same', False
    found = list(compare.differences(compare.parse(path, old), compare.parse(path, content), tolerance))
    if not found:
        return 'same but for rounding or formatting', False
    for line in found[:5]:
        print('    ' + line)
    return f'DIFFERENT in {len(found)} places', True


def main():
    parser = argparse.ArgumentParser(prog='npm run golden --', description='Makes the fixtures with real PyTorch.')
    parser.add_argument('names', nargs='*', help='which (a name or the start of one); all when none is given')
    parser.add_argument('--check', action='store_true', help='write nothing; compare with the committed files')
    parser.add_argument('--list', action='store_true', help='print the names and do nothing')
    args = parser.parse_args()

    known = modules()
    if args.list:
        print('\n'.join(m.NAME for m in known))
        return 0
    missing = [n for n in args.names if not any(m.NAME.startswith(n) for m in known)]
    if missing:
        print(f'no fixtures named {", ".join(missing)}; there are {", ".join(m.NAME for m in known)}', file=sys.stderr)
        return 2

    torch.set_num_threads(1)
    # The cases go where PyTorch warns, on purpose.
    warnings.simplefilter('ignore', UserWarning)
    bad, total = 0, 0
    for module in known:
        if args.names and not any(module.NAME.startswith(n) for n in args.names):
            continue
        since = time.perf_counter()
        for path, content in files(module).items():
            total += len(content)
            if args.check:
                word, failed = check(path, content, getattr(module, 'TOLERANCE', 2e-6))
                bad += failed
            else:
                word = 'written'
                (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
                (ROOT / path).write_bytes(content)
            print(f'{module.NAME:18} {word:8} {len(content):9,} bytes  {path}')
        print(f'{"":18} {time.perf_counter() - since:.1f} s')
    print(f'{total:,} bytes in all' + (f'; {bad} files differ' if bad else ''))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())

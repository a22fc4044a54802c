"""PyTorch's CPU random numbers, as scripts: a seed, then steps on one generator, each with what it gave.

After every script stands the SHA-256 of `torch.get_rng_state()`, so that a draw too many is seen even where no value shows
it. The cached normal in it is zeroed and stands beside it: its last bit is a matter of the platform's log1p and sin.
float32 values are written in the fewest digits that give them back.
"""

import base64
import hashlib
import struct
import zlib

import numpy as np
import torch

NAME = "rng"
OUT = "packages/core-tensor/test/fixtures/rng.json"


def state_bytes():
    return bytes(torch.get_rng_state().numpy())


def fingerprint():
    state = bytearray(state_bytes())
    at = slice(5024, 5032)
    (normal,) = struct.unpack("<d", state[at])
    state[at] = bytes(8)
    return {"sha256": hashlib.sha256(state).hexdigest(), "nextNormal": normal if state[5040] else None}


def values(t):
    a = t.detach().contiguous().numpy().reshape(-1)
    if a.dtype == np.float32:
        return [float(str(x)) for x in a]
    if a.dtype == np.bool_:
        return [int(x) for x in a]
    return a.tolist()


def dtype_of(step):
    return {"float32": torch.float32, "float64": torch.float64, "int32": torch.int32}[step.get("dtype", "float32")]


def dropout_mask(shape, p, channels):
    f = torch.nn.functional
    kept = (f.dropout2d if channels else f.dropout)(torch.ones(shape), p, True) != 0
    return kept[:, :, 0, 0] if channels else kept


# What each step does; `saved` holds the state of the last save.
STEPS = {
    "rand": lambda s: torch.rand(s["n"], dtype=dtype_of(s)),
    "randn": lambda s: torch.randn(s["n"], dtype=dtype_of(s)),
    "uniform": lambda s: torch.empty(s["n"], dtype=dtype_of(s)).uniform_(s["a"], s["b"]),
    "normal": lambda s: torch.empty(s["n"], dtype=dtype_of(s)).normal_(s["mean"], s["std"]),
    "randint": lambda s: torch.randint(s["low"], s["high"], (s["n"],), dtype=dtype_of(s)),
    "randperm": lambda s: torch.randperm(s["n"]),
    "bernoulli": lambda s: torch.empty(s["n"]).bernoulli_(s["p"]),
    "bernoulliTensor": lambda s: torch.bernoulli(torch.tensor(s["p"], dtype=dtype_of(s))),
    "dropout": lambda s: dropout_mask((s["n"],), s["p"], False),
    "dropout2d": lambda s: dropout_mask((s["batch"], s["channels"], 2, 3), s["p"], True),
    "random63": lambda s: torch.empty((), dtype=torch.int64).random_(),
}


def run(seed, steps):
    torch.manual_seed(seed)
    saved = None
    done = []
    for step in steps:
        op = step["op"]
        if op == "save":
            saved = torch.get_rng_state()
            done.append(step)
        elif op == "restore":
            torch.set_rng_state(saved)
            done.append(step)
        elif op == "random63":
            done.append({**step, "out": str(STEPS[op](step).item())})
        else:
            done.append({**step, "out": values(STEPS[op](step))})
    return {
        "seed": str(seed),
        "initialSeed": str(torch.initial_seed()),
        "steps": done,
        **fingerprint(),
    }


def op(name, **fields):
    return {"op": name, **fields}


def scripts():
    for seed in (0, 1, 42, 2**32 - 1, 2**32 + 5, -1, -(2**63), 2**64 - 7):
        yield seed, [op("rand", n=5), op("randn", n=3), op("randn", n=16), op("randint", n=3, low=-5, high=7)]
    for n in (1, 5, 15, 16, 17, 31, 32, 100):
        yield 42, [op("rand", n=n), op("randn", n=n), op("rand", n=2)]
        if n != 100:
            yield 7, [op("rand", n=n, dtype="float64"), op("randn", n=n, dtype="float64"), op("rand", n=2)]
    yield 0, [op("randn", n=5), op("randn", n=3)]
    yield 0, [op("randn", n=5), op("rand", n=4), op("randn", n=20), op("randn", n=1), op("randn", n=2)]
    yield 0, [op("randn", n=1), op("randn", n=1, dtype="float64"), op("randn", n=1), op("randperm", n=5), op("randn", n=1)]
    yield 3, [op("randn", n=3), op("save"), op("randn", n=3), op("rand", n=3), op("restore"), op("randn", n=4)]
    yield 3, [op("save"), op("rand", n=700), op("restore"), op("rand", n=3)]
    yield 3, [op("rand", n=624), op("save"), op("rand", n=2), op("restore"), op("rand", n=3)]
    for dtype in ("float32", "float64"):
        for a, b in ((-0.1, 0.3), (-1 / 3, 1 / 3), (0.1, 0.7), (5, 11), (1000, 1001), (2, 2)):
            yield 11, [op("uniform", n=12, a=a, b=b, dtype=dtype)]
        for n in (5, 21):
            yield 11, [op("normal", n=n, mean=1.5, std=0.02, dtype=dtype), op("normal", n=n, mean=-3, std=0, dtype=dtype)]
    for low, high in ((0, 10), (-7, 100), (0, 2**31 - 1), (-(2**31), 2**31 - 1), (5, 6)):
        yield 5, [op("randint", n=10, low=low, high=high, dtype="int32")]
    yield 5, [op("randint", n=10, low=-3, high=10, dtype="float32"), op("randint", n=4, low=0, high=9, dtype="float64")]
    yield 9, [op("randperm", n=n) for n in (0, 1, 2, 10, 100)]
    yield 9, [op("bernoulli", n=20, p=p) for p in (0.3, 0.0, 1.0, 0.999)]
    p = [0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 0.9, 1.0]
    yield 9, [op("bernoulliTensor", p=p), op("bernoulliTensor", p=p, dtype="float64"), op("rand", n=2)]
    yield 13, [op("dropout", n=24, p=p) for p in (0.5, 0.1, 0.0, 1.0)] + [op("rand", n=1)]
    yield 13, [op("dropout2d", batch=3, channels=5, p=0.4), op("rand", n=1)]
    yield 2, [op("random63"), op("random63"), op("rand", n=1)]


def layers():
    n = torch.nn
    yield "Conv2d(3, 4, 3)", 3 * 9, lambda: n.Conv2d(3, 4, 3)
    yield "Conv2d(4, 6, [3, 2], groups 2)", 2 * 6, lambda: n.Conv2d(4, 6, (3, 2), groups=2)
    yield "Conv1d(2, 3, 5)", 2 * 5, lambda: n.Conv1d(2, 3, 5)
    yield "Conv3d(1, 2, 2)", 8, lambda: n.Conv3d(1, 2, 2)
    yield "ConvTranspose2d(4, 6, 2, groups 2)", 3 * 4, lambda: n.ConvTranspose2d(4, 6, 2, groups=2)
    yield "Linear(7, 5)", 7, lambda: n.Linear(7, 5)
    yield "Linear(10, 3)", 10, lambda: n.Linear(10, 3)


def layer_case(name, fan_in, build):
    torch.manual_seed(0)
    layer = build()
    return {"layer": name, "fanIn": fan_in, "weight": values(layer.weight), "bias": values(layer.bias)}


def state_case():
    """A state with a cached normal in the middle of a block, and what PyTorch draws from there."""
    torch.manual_seed(2**40 + 3)
    torch.rand(700)
    torch.randn(3)
    packed = base64.b64encode(zlib.compress(state_bytes(), 9)).decode()
    return {"zlib": packed, "initialSeed": str(torch.initial_seed()), "randn": values(torch.randn(4)), "rand": values(torch.rand(4))}


def long_cases():
    """Long draws, by checksum: uniforms are exact, so are their bytes."""
    torch.manual_seed(6)
    rand = hashlib.sha256(torch.rand(100003).numpy().tobytes()).hexdigest()
    perm = hashlib.sha256(torch.randperm(60000).to(torch.int32).numpy().tobytes()).hexdigest()
    uniform = hashlib.sha256(torch.empty(100003).uniform_(-0.2, 0.2).numpy().tobytes()).hexdigest()
    double = hashlib.sha256(torch.empty(20001, dtype=torch.float64).uniform_(-0.2, 0.7).numpy().tobytes()).hexdigest()
    return {"seed": "6", "rand100003": rand, "randperm60000": perm, "uniform100003": uniform, "uniformDouble20001": double}


def make():
    return {
        "cases": [run(seed, steps) for seed, steps in scripts()],
        "layers": [layer_case(*layer) for layer in layers()],
        "state": state_case(),
        "long": long_cases(),
    }

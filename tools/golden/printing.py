"""What PyTorch prints: tensors of many ranges, shapes, dtypes and options, each with its text.

Large ones are ramps, value i = i * mul + add, with mul and add such that every value is exact in float32.
"""

import math

import torch

NAME = "printing"
OUT = "packages/core-tensor/test/fixtures/printing.json"

NAN = math.nan
INF = math.inf
DTYPES = {"float32": torch.float32, "float64": torch.float64, "int32": torch.int32, "bool": torch.bool}


def text(t, options):
    try:
        torch.set_printoptions(profile=options.get("profile", "default"))
        names = {"precision": "precision", "threshold": "threshold", "edgeItems": "edgeitems", "lineWidth": "linewidth"}
        given = {names[k]: v for k, v in options.items() if k in names}
        torch.set_printoptions(**given, sci_mode=options.get("sciMode"))
        return str(t)
    finally:
        torch.set_printoptions(profile="default")


def json_number(x):
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if math.isnan(x) else "inf" if x > 0 else "-inf"
    return int(x) if isinstance(x, bool) else x


def case(data=None, shape=None, dtype="float32", ramp=None, grad=None, parameter=False, **options):
    """`grad` is True, or a function that makes the tensor a node of a graph."""
    if ramp:
        t = (torch.arange(math.prod(shape), dtype=torch.float64) * ramp[0] + ramp[1]).to(DTYPES[dtype])
    else:
        t = torch.tensor(data, dtype=DTYPES[dtype])
    t = t.reshape(shape if shape is not None else [len(data)])
    found = {"dtype": dtype}
    if parameter:
        t = torch.nn.Parameter(t, requires_grad=bool(grad))
        found["parameter"] = True
        if grad:
            found["requiresGrad"] = True
    elif grad:
        t.requires_grad_()
        found["requiresGrad"] = True
        if callable(grad):
            t = grad(t)
            found["gradFn"] = type(t.grad_fn).__name__
    if options:
        found["options"] = options
    values = {"ramp": list(ramp)} if ramp else {"data": [json_number(x) for x in t.reshape(-1).tolist()]}
    return {**values, "shape": list(t.shape), **found, "text": text(t, options)}


def one_line_floats():
    yield [1, 2, 3]
    yield [1.0063, -0.9662]
    yield [0.5, 1.5, 2.5, 1000.5]
    yield [0.1, 100.1]
    yield [0.1, 100]
    yield [1, 1000]
    yield [1, 1001]
    yield [1e8, 1e8]
    yield [1e8 + 8, 1e8]
    yield [1e9, 0]
    yield [1e-4, 0.01]
    yield [9e-5, 1]
    yield [0.00012, 0.5]
    yield [0, 0, 0]
    yield [-0.0, 0]
    yield [-0.0, 0.5]
    yield [-0.0, 1, -1]
    yield [0, 0.001]
    yield [NAN, 1.5]
    yield [NAN, 1]
    yield [INF, -INF, NAN]
    yield [INF, 1, -2]
    yield [-INF, 0.25]
    yield [-INF, 1e-5, NAN]
    yield [NAN, 0]
    yield [3.4e38, -3.4e38]
    yield [1e-45, 1]
    yield [1e10]
    yield [1e-10]
    yield [123456.789]
    yield [99999.9, 1000.2]
    yield [-1.5, 22.25, 333.125]
    yield [0.03125, 0.09375, 1.00005]
    yield [0.00005, -0.00015]
    yield [2.5e-5, 1.03125e-3]
    yield [999.99999, 0.99999]
    yield [9.99996e-5]
    yield [16777216, 16777215]
    yield [1.5] * 20
    yield [100] * 30
    yield [1e-7, 1] * 9


def scalars():
    for x in (0, -0.0, 1, -1.5, 3.14159, 1e-5, 1e9, 123456789, NAN, INF, -INF, 0.03125):
        yield case([x], [])
    yield case([7], [], "int32")
    yield case([1], [], "bool")
    yield case([0], [], "bool")
    yield case([0.1], [], "float64")
    yield case([2.5], [], grad=True)
    yield case([2.5], [], grad=lambda t: t + 1)


def small():
    for data in one_line_floats():
        yield case(data)
    yield case([0.1, 1 / 3, 2], dtype="float64")
    yield case([1e300, 1e-300], dtype="float64")
    yield case([1, 2], dtype="float64")
    yield case([1, -20, 300], dtype="int32")
    yield case([-(2**31), 2**31 - 1], dtype="int32")
    yield case(list(range(50)), dtype="int32")
    yield case([1, 0, 1], dtype="bool")
    yield case([1, 1], dtype="bool")
    yield case([1, 0] * 12, dtype="bool")
    yield case([19, 25, 37, 43], [2, 2])
    yield case([1, 0, 0, 1], [2, 2], "bool")
    yield case([0, 1, 1, 0, -1, 0] * 2, [3, 4])
    yield case([i / 8 for i in range(24)], [2, 3, 4])
    yield case([i / 8 for i in range(16)], [2, 1, 2, 4])
    yield case([i - 3 for i in range(8)], [1, 2, 2, 2, 1], "int32")
    yield case([1.0, 2, 3], [1, 3])
    yield case([1.0, 2, 3], [3, 1])
    yield case(shape=[2, 40], ramp=(0.25, -3))


def empty():
    for shape in ([0], [0, 3], [3, 0], [2, 0, 5], [0, 0]):
        yield case([], shape)
    for dtype in ("float64", "int32", "bool"):
        yield case([], [0], dtype)
        yield case([], [0, 2], dtype)
    yield case([], [0], grad=True)
    yield case([], [0, 3], grad=True, parameter=True)


def large():
    yield case(shape=[1000], ramp=(1, 0), dtype="int32")
    yield case(shape=[1001], ramp=(1, 0), dtype="int32")
    yield case(shape=[1001], ramp=(0.5, 0))
    yield case(shape=[2000], ramp=(1, -5))
    yield case(shape=[40, 40], ramp=(0.125, -100))
    yield case(shape=[2, 600], ramp=(1, 0), dtype="float64")
    yield case(shape=[600, 2], ramp=(0.25, 0))
    yield case(shape=[8, 7, 30], ramp=(0.5, 0))
    yield case(shape=[2, 3, 20, 20], ramp=(1, 0))
    yield case(shape=[7, 7, 7, 7], ramp=(1, 0), dtype="int32")
    yield case(shape=[1500], ramp=(2**-20, 0))
    yield case(shape=[30, 40], ramp=(1, 0), grad=True)
    yield case(shape=[1, 1200], ramp=(0, 1), dtype="bool")


def graphs():
    yield case([1, 2], grad=True)
    yield case([1, 2], grad=lambda t: t * 2)
    yield case([1, 2], dtype="float64", grad=lambda t: t * 2)
    yield case([1, 2, 3, 4], [2, 2], grad=lambda t: t.view(4))
    yield case([1, 2, 3, 4], [2, 2], grad=lambda t: t.relu())
    yield case([1, 2], parameter=True, grad=True)
    yield case([0.5, -1, 2, 3], [2, 2], parameter=True, grad=True)
    yield case([0.5], parameter=True)
    # The suffix moves to a line of its own when it no longer fits.
    for n in (5, 6, 7, 8, 9):
        yield case([0.5] * n, grad=True)
        yield case([0.5] * n, dtype="float64", grad=lambda t: t.relu())
    yield case([0.5] * 21, [3, 7], grad=lambda t: t.clamp(0))
    yield case([0.5] * 14, [2, 7], "float64", grad=lambda t: t.clamp(0))


def with_options():
    row = [0.123456789, -12.5, 3]
    for precision in (0, 1, 2, 8):
        yield case(row, precision=precision)
    for data in ([1e-6, 1], [0.5, 1.5, 2.5], [9.5, 1e6], [95, 1e6]):
        yield case(data, precision=0)
    yield case([0.1], dtype="float64", precision=20)
    yield case([1e22, 1], dtype="float64", sciMode=False)
    yield case([1.5e22, 0.5], dtype="float64", sciMode=False)
    yield case([1e-7, 1], sciMode=False)
    yield case([1, 20, 300], sciMode=True)
    yield case([0.5, NAN, INF, 0], sciMode=True)
    yield case([0, NAN], sciMode=True)
    yield case([1e9, 1.5], sciMode=False)
    yield case([25, 35, 1250], sciMode=True, precision=0)
    yield case([12500, 13500, 250], sciMode=True, precision=1)
    yield case(list(range(30)), dtype="int32", lineWidth=40)
    yield case([1, 2], grad=True, lineWidth=20)
    yield case(list(range(12)), threshold=10)
    yield case(list(range(12)), threshold=10, edgeItems=2)
    yield case(shape=[4, 5, 6], ramp=(1, 0), threshold=10, edgeItems=1)
    yield case(shape=[30], ramp=(0.5, 0), threshold=10, edgeItems=12, lineWidth=40)
    yield case([3], [], threshold=0)
    yield case(row, profile="short")
    yield case(shape=[1100], ramp=(1, 0), dtype="int32", profile="short")
    yield case(shape=[1100], ramp=(1, 0), dtype="int32", profile="full")
    yield case(row, profile="short", precision=3)


def make():
    parts = (scalars, small, empty, large, graphs, with_options)
    return {"cases": [c for part in parts for c in part()]}

"""PyTorch's side of the benches: reads tasks (a line of JSON each), runs them once when asked, answers milliseconds.

    {"prepare": 1, "task": {...}} -> {"prepared": true}      the task as in src/tasks.ts
    {"run": 1}                    -> {"ms": 12.3}
    {"drop": 1}                   -> {}
    any                           -> {"error": "..."} where it failed
"""

import ctypes
import json
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)


def blas():
    """The BLAS that is really loaded, not the one of the build."""
    with open("/proc/self/maps") as maps:
        paths = sorted({line.split()[-1] for line in maps if "blas" in line})
    for path in paths:
        try:
            library = ctypes.CDLL(path)
            library.openblas_get_config.restype = ctypes.c_char_p
            library.openblas_get_corename.restype = ctypes.c_char_p
        except (OSError, AttributeError):
            continue
        version = " ".join(library.openblas_get_config().decode().split()[:2])
        threads = library.openblas_get_num_threads()
        return f"{version}, {library.openblas_get_corename().decode()} kernels, {threads} thread"
    if "mkl" in torch.__config__.show().lower() and torch.backends.mkl.is_available():
        return "MKL"
    return f"a BLAS without a name ({', '.join(paths) or 'built in'}): expect a slow one"


def random(*shape):
    return torch.rand(*shape) - 0.5


def gemm(task):
    n = task["size"]
    a, b = random(n, n), random(n, n)
    a = a.t() if task["transposeA"] else a
    b = b.t() if task["transposeB"] else b
    out = torch.empty(n, n)
    return lambda: torch.mm(a, b, out=out)


def conv(task):
    s = task["shape"]
    x = random(s["batch"], s["inChannels"], s["size"], s["size"])
    w = random(s["outChannels"], s["inChannels"] // s["groups"], s["kernel"], s["kernel"])
    stride, padding, groups = s["stride"], s["padding"], s["groups"]
    if task["op"] == "forward":
        return lambda: F.conv2d(x, w, None, stride, padding, 1, groups)
    dy = torch.rand_like(F.conv2d(x, w, None, stride, padding, 1, groups)) - 0.5
    wanted = [task["op"] == "input gradient", task["op"] == "weight gradient", False]
    return lambda: torch.ops.aten.convolution_backward(
        dy, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, wanted
    )


def lenet(task):
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    x = random(task["batch"], 1, 28, 28)
    targets = torch.arange(task["batch"]) % 10

    def step():
        optimizer.zero_grad()
        F.cross_entropy(model(x), targets).backward()
        optimizer.step()

    return step


class BasicBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + x)


def resnet(task):
    block = BasicBlock(task["channels"])
    shape = (task["batch"], task["channels"], task["size"], task["size"])
    x, dy = random(*shape).requires_grad_(), random(*shape)

    def step():
        block.zero_grad()
        x.grad = None
        block(x).backward(dy)

    return step


def elementwise(task):
    n, name = task["elements"], task["name"]
    x, y, out = random(n), random(n), torch.empty(n)
    if name == "sum":
        return lambda: torch.sum(x)
    if name == "relu":
        return lambda: torch.clamp_min(x, 0, out=out)
    function = getattr(torch, name)
    return (lambda: function(x, y, out=out)) if name in ("add", "mul") else (lambda: function(x, out=out))


makers = {"gemm": gemm, "conv": conv, "lenet": lenet, "resnet": resnet, "elementwise": elementwise}
prepared = {}


def prepare(task):
    call = makers[task["kind"]](task)
    if task["kind"] in ("lenet", "resnet"):
        return call

    def without_gradients():
        with torch.no_grad():
            call()

    return without_gradients


def answer(request):
    if "prepare" in request:
        prepared[request["prepare"]] = prepare(request["task"])
        return {"prepared": True}
    if "drop" in request:
        prepared.pop(request["drop"], None)
        return {}
    call = prepared[request["run"]]
    start = time.perf_counter()
    call()
    return {"ms": (time.perf_counter() - start) * 1e3}


def say(reply):
    print(json.dumps(reply), flush=True)


torch.mm(random(64, 64), random(64, 64))
say({"about": f"PyTorch {torch.__version__}, {torch.get_num_threads()} thread, {blas()}; in a process beside ours"})
for line in sys.stdin:
    try:
        say(answer(json.loads(line)))
    except Exception as error:  # whatever it is, the other side is to hear of it
        say({"error": f"{type(error).__name__}: {error}"})

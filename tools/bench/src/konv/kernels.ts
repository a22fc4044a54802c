import { type Backend, type ConvGeometry, internConv, type Shape, type Tensor, type TensorRef, tensor } from '@konv/core-tensor';
import { numbers } from '../contender.js';
import { type ConvShape, outSize, type Task } from '../tasks.js';
import { type Clock, clocked, type Runner } from '../timing.js';

type Of<Kind extends Task['kind']> = Task & { kind: Kind };

/** A clock that stops when the backend says that all is done. */
export const untilSynced =
  (backend: Backend): Clock =>
  async (work) => {
    const start = performance.now();
    work();
    await backend.sync();
    return performance.now() - start;
  };

/** Makes tensors on one backend, and frees them together. */
class Operands {
  private readonly all: Tensor[] = [];

  constructor(
    readonly backend: Backend,
    private readonly clock: Clock = untilSynced(backend),
  ) {}

  make(...shape: number[]): Tensor {
    const values = numbers(shape.reduce((a, b) => a * b, 1));
    const made = tensor(values, { shape: shape as Shape, backend: this.backend.name });
    this.all.push(made);
    return made;
  }

  /** A runner of `call`, which writes `out`. */
  runner(call: () => void, out?: TensorRef): Runner {
    return {
      run: () => this.clock(call),
      result:
        out &&
        (async () => {
          call();
          return (await this.backend.read(out)) as Float32Array;
        }),
      dispose: () => {
        for (const t of this.all) t.dispose();
      },
    };
  }
}

function geometry(s: ConvShape): ConvGeometry {
  const out = outSize(s);
  return internConv({
    rank: 2,
    batch: s.batch,
    inChannels: s.inChannels,
    outChannels: s.outChannels,
    groups: s.groups,
    inSize: [1, s.size, s.size],
    outSize: [1, out, out],
    kernel: [1, s.kernel, s.kernel],
    stride: [1, s.stride, s.stride],
    dilation: [1, 1, 1],
    padLow: [0, s.padding, s.padding],
    padHigh: [0, s.padding, s.padding],
  });
}

export function gemmRunner(backend: Backend, { size, transposeA, transposeB }: Of<'gemm'>, clock?: Clock): Runner {
  const operands = new Operands(backend, clock);
  const [a, b, out] = [1, 2, 3].map(() => operands.make(1, size, size).ref);
  const attrs = { transposeA, transposeB, accumulate: false };
  return operands.runner(() => backend.matmul(a, b, attrs, out), out);
}

/** Null where the backend leaves the kernel to decomposition. */
export function convRunner(backend: Backend, { shape: s, op }: Of<'conv'>, clock?: Clock): Runner | null {
  const g = geometry(s);
  const out = outSize(s);
  const operands = new Operands(backend, clock);
  const x = operands.make(s.batch, s.inChannels, 1, s.size, s.size).ref;
  const w = operands.make(s.outChannels, s.inChannels / s.groups, 1, s.kernel, s.kernel).ref;
  const y = operands.make(s.batch, s.outChannels, 1, out, out).ref;
  const { conv, convGradInput, convGradWeight } = backend;
  if (op === 'forward') return conv ? operands.runner(() => conv.call(backend, x, w, null, g, null, y), y) : null;
  // The gradients overwrite x and w, which they do not read.
  if (op === 'input gradient') return convGradInput ? operands.runner(() => convGradInput.call(backend, y, w, g, x), x) : null;
  return convGradWeight ? operands.runner(() => convGradWeight.call(backend, x, y, g, false, w), w) : null;
}

export function elementwiseRunner(backend: Backend, { name, elements }: Of<'elementwise'>, clock?: Clock): Runner {
  const operands = new Operands(backend, clock);
  const x = operands.make(elements).ref;
  if (name === 'sum') {
    const out = operands.make(1).ref;
    return operands.runner(() => backend.reduce('sum', x, [0], out));
  }
  const out = operands.make(elements).ref;
  if (name === 'add' || name === 'mul') {
    const y = operands.make(elements).ref;
    return operands.runner(() => backend.binary(name, x, y, out));
  }
  // What a backend lacks, core decomposes; here there is only the kernel.
  if (!backend.supports('unary', name, 'float32')) throw new Error(`${backend.name} has no kernel for ${name}`);
  return operands.runner(() => backend.unary(name, x, out));
}

/** Copies so many bytes from one place to another (`bytes / 2` are read, as many written), by the backend's own kernel. */
export function copyRunner(backend: Backend, bytes: number): Runner {
  const operands = new Operands(backend);
  const [x, out] = [1, 2].map(() => operands.make(bytes / 8).ref);
  return operands.runner(() => backend.copyStrided(x, out));
}

/** The same by the engine's memcpy. */
export function hostCopyRunner(bytes: number): Runner {
  const [x, out] = [1, 2].map(() => numbers(bytes / 8));
  return { run: () => clocked(() => out.set(x)) };
}

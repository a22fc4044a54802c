import { type Backend, type ConvGeometry, internConv, type Shape, type Tensor, tensor } from '@konv/core-tensor';
import { numbers } from '../contender.js';
import { type ConvShape, outSize, type Task } from '../tasks.js';
import { clocked, type Runner } from '../timing.js';

type Of<Kind extends Task['kind']> = Task & { kind: Kind };

/** Makes tensors on one backend, and frees them together. */
class Operands {
  private readonly all: Tensor[] = [];

  constructor(readonly backend: Backend) {}

  make(...shape: number[]): Tensor {
    const values = numbers(shape.reduce((a, b) => a * b, 1));
    const made = tensor(values, { shape: shape as Shape, backend: this.backend.name });
    this.all.push(made);
    return made;
  }

  /** A runner of `call`, which is done when the backend says so. */
  runner(call: () => void): Runner {
    return {
      run: async () => {
        const start = performance.now();
        call();
        await this.backend.sync();
        return performance.now() - start;
      },
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

export function gemmRunner(backend: Backend, { size, transposeA, transposeB }: Of<'gemm'>): Runner {
  const operands = new Operands(backend);
  const [a, b, out] = [1, 2, 3].map(() => operands.make(1, size, size).ref);
  const attrs = { transposeA, transposeB, accumulate: false };
  return operands.runner(() => backend.matmul(a, b, attrs, out));
}

/** Null where the backend leaves the kernel to decomposition. */
export function convRunner(backend: Backend, { shape: s, op }: Of<'conv'>): Runner | null {
  const g = geometry(s);
  const out = outSize(s);
  const operands = new Operands(backend);
  const x = operands.make(s.batch, s.inChannels, 1, s.size, s.size).ref;
  const w = operands.make(s.outChannels, s.inChannels / s.groups, 1, s.kernel, s.kernel).ref;
  const y = operands.make(s.batch, s.outChannels, 1, out, out).ref;
  const { conv, convGradInput, convGradWeight } = backend;
  if (op === 'forward') return conv ? operands.runner(() => conv.call(backend, x, w, null, g, null, y)) : null;
  // The gradients overwrite x and w: nobody reads them afterwards.
  if (op === 'input gradient') return convGradInput ? operands.runner(() => convGradInput.call(backend, y, w, g, x)) : null;
  return convGradWeight ? operands.runner(() => convGradWeight.call(backend, x, y, g, false, w)) : null;
}

export function elementwiseRunner(backend: Backend, { name, elements }: Of<'elementwise'>): Runner {
  const operands = new Operands(backend);
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

import type {
  ArgReduceKind,
  Backend,
  BinaryKind,
  DType,
  MatmulAttrs,
  ReduceKind,
  RequiredBinaryKind,
  RequiredUnaryKind,
  TensorRef,
  UnaryKind,
} from '@konv/core-tensor';
import { isFloat } from '@konv/core-tensor';
import { HostBuffers, hostData, positions } from './host-buffers.js';

const unaryKinds: Record<RequiredUnaryKind, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  floor: Math.floor,
};

const bool = (b: boolean): number => (b ? 1 : 0);

const binaryKinds: Record<RequiredBinaryKind, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  // C's and PyTorch's: 1 to any power and -1 to an infinite one are 1; JavaScript says NaN.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  maximum: Math.max,
  eq: (a, b) => bool(a === b),
  lt: (a, b) => bool(a < b),
};

/** Reads an operand element by element: a number stands for all of them. */
function reader(x: TensorRef | number): (i: number) => number {
  if (typeof x === 'number') return () => x;
  const data = hostData(x);
  const at = positions(x);
  return (i) => data[at[i]];
}

function integerMul(kind: RequiredBinaryKind, out: TensorRef): ((a: number, b: number) => number) | null {
  return kind === 'mul' && out.dtype === 'int32' ? Math.imul : null;
}

/**
 * What a stranger writes in an afternoon: the required families and kinds alone, as plain loops. Everything else
 * (convolution, pooling, softmax, optimizer steps) runs through core's decompositions. Slow, and easy to check by eye.
 */
class StrangerBackend extends HostBuffers implements Backend {
  readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }

  supports(family: string, kind: string | null, dtype: DType): boolean {
    if (family === 'unary') return kind !== null && Object.hasOwn(unaryKinds, kind) && isFloat(dtype);
    if (family === 'binary') return kind !== null && Object.hasOwn(binaryKinds, kind);
    if (family === 'reduce') return kind === 'sum' || kind === 'max';
    return true;
  }

  unary(kind: UnaryKind, x: TensorRef, out: TensorRef): void {
    const f = unaryKinds[kind as RequiredUnaryKind];
    this.#each(out, reader(x), f);
  }

  #each(out: TensorRef, x: (i: number) => number, f: (v: number) => number): void {
    const data = hostData(out);
    const at = positions(out);
    for (let i = 0; i < at.length; i++) data[at[i]] = f(x(i));
  }

  binary(kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
    const f = integerMul(kind as RequiredBinaryKind, out) ?? binaryKinds[kind as RequiredBinaryKind];
    const x = reader(a);
    const y = reader(b);
    const data = hostData(out);
    const at = positions(out);
    for (let i = 0; i < at.length; i++) data[at[i]] = f(x(i), y(i));
  }

  where(condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
    const c = reader(condition);
    const x = reader(a);
    const y = reader(b);
    const data = hostData(out);
    const at = positions(out);
    for (let i = 0; i < at.length; i++) data[at[i]] = c(i) !== 0 ? x(i) : y(i);
  }

  reduce(kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
    const sums = new Float64Array(out.buffer.size).fill(kind === 'sum' ? 0 : Number.NEGATIVE_INFINITY);
    // A window over `out` in x's shape: stride 0 along the reduced axes.
    const to = positions({ ...out, shape: x.shape, strides: out.strides.map((s, i) => (axes.includes(i) ? 0 : s)) });
    const value = reader(x);
    for (let i = 0; i < to.length; i++) {
      sums[to[i]] = kind === 'sum' ? sums[to[i]] + value(i) : Math.max(sums[to[i]], value(i));
    }
    const data = hostData(out);
    for (const at of positions(out)) data[at] = sums[at];
  }

  argReduce(kind: ArgReduceKind, x: TensorRef, axis: number, out: TensorRef): void {
    const sign = kind === 'argmax' ? 1 : -1;
    const data = hostData(x);
    const result = hostData(out);
    const starts = positions({ ...x, shape: out.shape });
    const to = positions(out);
    for (let i = 0; i < to.length; i++) {
      let best = 0;
      for (let j = 1; j < x.shape[axis]; j++) {
        const old = data[starts[i] + best * x.strides[axis]];
        const v = data[starts[i] + j * x.strides[axis]];
        if (!Number.isNaN(old) && (Number.isNaN(v) || sign * v > sign * old)) best = j;
      }
      result[to[i]] = best;
    }
  }

  copyStrided(x: TensorRef, out: TensorRef): void {
    this.#each(out, reader(x), (v) => v);
  }

  fill(value: number, out: TensorRef): void {
    this.#each(
      out,
      () => value,
      (v) => v,
    );
  }

  cast(x: TensorRef, out: TensorRef): void {
    const convert = out.dtype === 'bool' ? (v: number) => bool(v !== 0) : out.dtype === 'int32' ? Math.trunc : (v: number) => v;
    this.#each(out, reader(x), convert);
  }

  gather(x: TensorRef, index: TensorRef, axis: number, out: TensorRef): void {
    const data = hostData(x);
    const result = hostData(out);
    const base = positions({ ...x, shape: out.shape, strides: x.strides.map((s, i) => (i === axis ? 0 : s)) });
    const which = reader(index);
    const to = positions(out);
    for (let i = 0; i < to.length; i++) {
      const k = which(i);
      const inside = k >= 0 && k < x.shape[axis];
      result[to[i]] = inside ? data[base[i] + k * x.strides[axis]] : Number.NaN;
    }
  }

  scatterAdd(index: TensorRef, source: TensorRef, axis: number, out: TensorRef): void {
    const result = hostData(out);
    const base = positions({ ...out, shape: source.shape, strides: out.strides.map((s, i) => (i === axis ? 0 : s)) });
    const which = reader(index);
    const value = reader(source);
    for (let i = 0; i < base.length; i++) {
      const k = which(i);
      if (k >= 0 && k < out.shape[axis]) result[base[i] + k * out.strides[axis]] += value(i);
    }
  }

  matmul(a: TensorRef, b: TensorRef, { transposeA, transposeB, accumulate }: MatmulAttrs, out: TensorRef): void {
    const [batch, m, n] = out.shape;
    const k = a.shape[transposeA ? 1 : 2];
    const x = hostData(a);
    const y = hostData(b);
    const z = hostData(out);
    for (let g = 0; g < batch; g++) {
      const a0 = a.offset + (a.shape[0] === 1 ? 0 : g) * m * k;
      const b0 = b.offset + (b.shape[0] === 1 ? 0 : g) * k * n;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const to = out.offset + (g * m + i) * n + j;
          let sum = accumulate ? z[to] : 0;
          for (let l = 0; l < k; l++) {
            sum += x[a0 + (transposeA ? l * m + i : i * k + l)] * y[b0 + (transposeB ? j * k + l : l * n + j)];
          }
          z[to] = sum;
        }
      }
    }
  }
}

export function strangerBackend(name = 'stranger'): Backend {
  return new StrangerBackend(name);
}

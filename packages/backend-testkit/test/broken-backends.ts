import { cpuJs } from '@konv/backend-cpu-js';
import {
  type Backend,
  type BackendBuffer,
  contiguousStrides,
  type HostArray,
  type PoolGeometry,
  sizeOf,
  type TensorRef,
} from '@konv/core-tensor';

/** A backend with one fault, and the tests that must find it. */
export interface Broken {
  readonly fault: string;
  readonly make: () => Backend;
  readonly foundBy: readonly RegExp[];
}

type Changes = (b: Backend) => Partial<Backend>;
const changed = (changes: Changes) => (): Backend => {
  const b = cpuJs();
  return { ...b, ...changes(b) };
};

const hostOf = (b: BackendBuffer): HostArray => (b as BackendBuffer & { data: HostArray }).data;
const whole = (x: TensorRef): TensorRef => ({ ...x, shape: [x.buffer.size], strides: [1], offset: 0 });
const packed = (x: TensorRef): TensorRef => ({ ...x, strides: contiguousStrides(x.shape) });
const last = (x: TensorRef): number => x.offset + sizeOf(x.shape) - 1;

/** Max pool whose ties go to the last element, found in the forward's own indices. */
function lastOfTies(x: TensorRef, g: PoolGeometry, indices: TensorRef): void {
  const [data, at] = [hostOf(x.buffer), hostOf(indices.buffer)];
  const plane = g.inSize[0] * g.inSize[1] * g.inSize[2];
  const places = g.outSize[0] * g.outSize[1] * g.outSize[2];
  for (let i = 0; i < sizeOf(indices.shape); i++) {
    const base = x.offset + Math.floor(i / places) * plane;
    const found = at[indices.offset + i];
    const next = found + 1;
    if (next % g.inSize[2] !== 0 && g.kernel[2] > 1 && data[base + next] === data[base + found]) at[indices.offset + i] = next;
  }
}

export const brokenBackends: readonly Broken[] = [
  {
    fault: 'relu lets a little through',
    make: changed((b) => ({
      unary: (kind, x, out) => (kind === 'relu' ? b.binary('maximum', x, -0.01, out) : b.unary(kind, x, out)),
    })),
    foundBy: [/kernels > unary/, /fixtures > unary > relu$/, /training > Trainer.fit by SGD in float32: /],
  },
  {
    fault: 'the gradient of relu passes at 0',
    make: changed((b) => ({
      binary: (kind, x, y, out) => {
        if (kind !== 'reluGrad') return b.binary(kind, x, y, out);
        b.binary('ge', y, 0, { ...out, buffer: out.buffer });
        b.binary('mul', x, out, out);
      },
    })),
    foundBy: [/fixtures > unary > relu$/],
  },
  {
    fault: 'int32 buffers are never freed',
    make: changed((b) => ({ free: (buffer) => (buffer.dtype === 'int32' ? undefined : b.free(buffer)) })),
    foundBy: [/memory > alloc and free/, /fixtures > indexing > gather$/, /fixtures > pool > maxPool2d$/],
  },
  {
    fault: 'bytes are not given back',
    make: () => {
      const b = cpuJs();
      let spilt = 0;
      const free: Backend['free'] = (buffer) => {
        b.free(buffer);
        spilt += buffer.size;
      };
      return { ...b, free, memory: () => ({ ...b.memory(), bytes: b.memory().bytes + spilt }) };
    },
    foundBy: [/memory > alloc and free/, /training > memory stays flat/],
  },
  {
    fault: 'matmul adds to what is there, asked or not',
    make: changed((b) => ({ matmul: (x, y, attrs, out) => b.matmul(x, y, { ...attrs, accumulate: true }, out) })),
    foundBy: [/kernels > matmul/, /fixtures > matmul > matmul$/],
  },
  {
    fault: 'matmul never adds',
    make: changed((b) => ({ matmul: (x, y, attrs, out) => b.matmul(x, y, { ...attrs, accumulate: false }, out) })),
    foundBy: [/kernels > matmul/],
  },
  {
    fault: 'convGradWeight never adds',
    make: changed((b) => ({ convGradWeight: (x, dy, g, _, out) => b.convGradWeight?.(x, dy, g, false, out) })),
    foundBy: [/geometry > convGradWeight/],
  },
  {
    fault: 'sums leave out the last element of their result',
    make: changed((b) => ({
      reduce: (kind, x, axes, out) => {
        const old = hostOf(out.buffer)[last(out)];
        b.reduce(kind, x, axes, out);
        if (sizeOf(out.shape) > 1) hostOf(out.buffer)[last(out)] = old;
      },
    })),
    foundBy: [/kernels > reduce/, /fixtures > reduce > sum$/],
  },
  {
    fault: 'max pool takes the last of ties',
    make: changed((b) => ({
      pool: (kind, x, g, out, indices) => {
        b.pool?.(kind, x, g, out, indices);
        if (indices !== null) lastOfTies(x, g, indices);
      },
    })),
    foundBy: [/numbers > maxPool/, /geometry > maxPool/, /naive loops > maxPool$/, /fixtures > pool > maxPool2d$/],
  },
  {
    fault: 'argmax takes the last of ties',
    make: changed((b) => ({
      argReduce: (kind, x, axis, out) => {
        const flipped = { ...x, strides: x.strides.slice() };
        b.argReduce(kind, flipped, axis, out);
        if (kind === 'argmax' && x.shape.length === 1 && sizeOf(out.shape) === 1) {
          const data = hostOf(x.buffer);
          const best = data[x.offset + hostOf(out.buffer)[out.offset]];
          for (let i = 0; i < x.shape[0]; i++) if (data[x.offset + i] === best) hostOf(out.buffer)[out.offset] = i;
        }
      },
    })),
    foundBy: [/numbers > the first of ties/],
  },
  {
    fault: 'unary ignores strides',
    make: changed((b) => ({ unary: (kind, x, out) => b.unary(kind, packed(x), out) })),
    foundBy: [/kernels > unary/, /views and edges > rank 6/, /fixtures > unary > exp of views$/],
  },
  {
    fault: 'copyStrided ignores strides',
    make: changed((b) => ({ copyStrided: (x, out) => b.copyStrided(packed(x), out) })),
    foundBy: [/fixtures > movement > permute/, /views and edges > slices/],
  },
  {
    fault: 'matmul ignores offsets',
    make: changed((b) => ({ matmul: (x, y, attrs, out) => b.matmul({ ...x, offset: 0 }, y, attrs, out) })),
    foundBy: [/kernels > matmul/, /fixtures > matmul > matmul of views$/],
  },
  {
    fault: 'conv ignores offsets',
    make: changed((b) => ({ conv: (x, w, bias, g, a, out) => b.conv?.({ ...x, offset: 0 }, w, bias, g, a, out) })),
    foundBy: [/fixtures > conv > conv2d of views$/],
  },
  {
    fault: 'fill takes the whole buffer for the window',
    make: changed((b) => ({ fill: (value, out) => b.fill(value, whole(out)) })),
    foundBy: [/kernels > fill/, /views and edges > in place through views/],
  },
  {
    fault: 'add writes before it reads',
    make: changed((b) => ({
      binary: (kind, x, y, out) => {
        if (kind === 'add') b.fill(0, out);
        b.binary(kind, x, y, out);
      },
    })),
    foundBy: [/kernels > binary/, /views and edges > in place with operands/],
  },
  {
    fault: 'maximum forgets NaN',
    make: changed((b) => ({
      binary: (kind, x, y, out) => {
        b.binary(kind, x, y, out);
        if (kind === 'maximum') hostOf(out.buffer).forEach((v, i, d) => Number.isNaN(v) && (d[i] = 0));
      },
    })),
    foundBy: [/numbers > NaN goes through/, /fixtures > binary > maximum$/],
  },
  {
    fault: 'products of int32 go through doubles',
    make: changed((b) => ({
      binary: (kind, x, y, out) => {
        if (kind !== 'mul' || out.dtype !== 'int32' || typeof x === 'number' || typeof y === 'number') return b.binary(kind, x, y, out);
        const [p, q, r] = [x, y, out].map((t) => hostOf(t.buffer));
        for (let i = 0; i < sizeOf(out.shape); i++) r[out.offset + i] = p[x.offset + i] * q[y.offset + i];
      },
    })),
    foundBy: [/numbers > int32 is exact/],
  },
  {
    fault: 'scatterAdd overwrites',
    make: changed((b) => ({
      scatterAdd: (index, source, axis, out) => {
        b.fill(0, out);
        b.scatterAdd(index, source, axis, out);
      },
    })),
    foundBy: [/kernels > scatterAdd/, /fixtures > indexing > scatterAdd$/],
  },
  {
    fault: 'gather wraps what is out of range',
    make: changed((b) => ({
      gather: (x, index, axis, out) => {
        const data = hostOf(index.buffer);
        const old = data.slice();
        for (let i = 0; i < data.length; i++) data[i] = ((data[i] % x.shape[axis]) + x.shape[axis]) % x.shape[axis];
        b.gather(x, index, axis, out);
        data.set(old);
      },
    })),
    foundBy: [/kernels > gather/],
  },
  {
    fault: 'casts to int32 round down',
    make: changed((b) => ({
      cast: (x, out) => {
        b.cast(x, out);
        if (out.dtype === 'int32' && x.dtype === 'float32')
          for (let i = 0; i < sizeOf(out.shape); i++) hostOf(out.buffer)[out.offset + i] = Math.floor(hostOf(x.buffer)[x.offset + i]);
      },
    })),
    foundBy: [/numbers > casts/],
  },
  {
    fault: 'a read sees what comes after it',
    make: changed((b) => ({
      read: async (x) => {
        await Promise.resolve();
        return (b.readSync as NonNullable<Backend['readSync']>)(x);
      },
    })),
    foundBy: [/memory > a read is a snapshot/],
  },
  {
    fault: 'write keeps the array it was given',
    make: changed((b) => ({
      write: (data, out) => {
        if (sizeOf(out.shape) === out.buffer.size) (out.buffer as BackendBuffer & { data: HostArray }).data = data;
        else b.write(data, out);
      },
    })),
    foundBy: [/memory > write copies/],
  },
  {
    fault: 'conv keeps the weights of the first call',
    make: () => {
      const b = cpuJs();
      const known = new WeakMap<BackendBuffer, HostArray>();
      return {
        ...b,
        conv: (x, w, bias, g, a, out) => {
          const now = hostOf(w.buffer).slice();
          const first = known.get(w.buffer) ?? now;
          known.set(w.buffer, first);
          hostOf(w.buffer).set(first as never);
          b.conv?.(x, w, bias, g, a, out);
          hostOf(w.buffer).set(now as never);
        },
      };
    },
    foundBy: [/training > Trainer.fit by Adam in float32: /],
  },
  {
    fault: 'conv takes dilation for 1 in the gradient of the weight',
    make: changed((b) => ({
      convGradWeight: (x, dy, g, acc, out) => b.convGradWeight?.(x, dy, { ...g, dilation: [1, 1, 1] }, acc, out),
      convBackward: undefined,
    })),
    foundBy: [/geometry > conv: /, /naive loops > conv$/, /fixtures > conv > conv2d$/, /gradients by differences > conv2d, stride/],
  },
  {
    fault: 'the gradient of the weight is doubled where the stride is above 1',
    make: changed((b) => ({
      convGradWeight: (x, dy, g, acc, out) => {
        b.convGradWeight?.(x, dy, g, acc, out);
        if (g.stride[2] > 1) b.binary('mul', out, 2, out);
      },
      convBackward: undefined,
    })),
    foundBy: [/geometry > conv: /, /naive loops > conv$/, /fixtures > conv > conv2d$/, /fixtures > second > conv2d$/],
  },
  {
    fault: 'average pools always count the padding',
    make: changed((b) => ({ pool: (kind, x, g, out, indices) => b.pool?.(kind, x, { ...g, countIncludePad: true }, out, indices) })),
    foundBy: [/geometry > avgPool/, /naive loops > avgPool$/, /fixtures > pool > avgPool2d$/],
  },
  {
    fault: 'batchNorm uses another eps',
    make: changed((b) => ({ batchNormTrain: (x, w, bias, attrs, out) => b.batchNormTrain?.(x, w, bias, { eps: attrs.eps * 1.5 }, out) })),
    foundBy: [/fixtures > norm > batchNorm$/],
  },
  {
    fault: 'crossEntropy ignores ignoreIndex',
    make: changed((b) => ({ crossEntropy: (x, t, _, loss, logs) => b.crossEntropy?.(x, t, { ignoreIndex: -12345 }, loss, logs) })),
    foundBy: [/kernels > crossEntropy/, /fixtures > losses > crossEntropy$/],
  },
  {
    fault: 'softmax overflows',
    make: changed((b) => ({
      softmax: (x, out) => {
        b.unary('exp', x, out);
        const data = hostOf(out.buffer);
        const n = x.shape[1];
        for (let r = 0; r < x.shape[0]; r++) {
          let total = 0;
          for (let i = 0; i < n; i++) total += data[r * n + i];
          for (let i = 0; i < n; i++) data[r * n + i] /= total;
        }
      },
    })),
    foundBy: [/numbers > softmax/, /fixtures > losses > softmax$/],
  },
  {
    fault: 'SGD dampens the first step',
    make: changed((b) => ({
      sgdStep: (p, g, m, attrs) => {
        if (m !== null && attrs.dynamic.firstStep) b.fill(0, m);
        b.sgdStep?.(p, g, m, { ...attrs, dynamic: { ...attrs.dynamic, firstStep: false } });
      },
    })),
    foundBy: [/optimizers > sgd$/],
  },
  {
    fault: 'Adam leaves out the bias corrections',
    make: changed((b) => ({
      adamStep: (p, g, m, v, attrs) =>
        b.adamStep?.(p, g, m, v, { ...attrs, dynamic: { ...attrs.dynamic, biasCorrection1: 1, biasCorrection2: 1 } }),
    })),
    foundBy: [/optimizers > adam$/, /training > Trainer.fit by Adam in float32: /],
  },
  {
    fault: 'float64 is computed in float32',
    make: changed((b) => ({
      unary: (kind, x, out) => {
        b.unary(kind, x, out);
        const data = hostOf(out.buffer);
        for (let i = 0; i < data.length; i++) data[i] = Math.fround(data[i]);
      },
    })),
    foundBy: [/fixtures > unary > exp$/, /gradients by differences > exp$/],
  },
  {
    fault: 'sort is not stable',
    make: changed((b) => ({
      sort: (x, descending, values, indices) => {
        b.sort?.(x, descending, values, indices);
        const [v, i] = [hostOf(values.buffer), hostOf(indices.buffer)];
        for (let k = 0; k + 1 < v.length; k++) if (v[k] === v[k + 1]) [i[k], i[k + 1]] = [i[k + 1], i[k]];
      },
    })),
    foundBy: [/numbers > sort/, /fixtures > indexing > sort$/],
  },
];

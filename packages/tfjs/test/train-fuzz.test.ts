import * as core from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { expectClose, numbersFrom, randomTensor, trainOnWasm } from './train-support.js';

/** Values and `tf.grads` of public functions on wasm, of geometries that a seed decides, against tfjs-cpu. */

beforeAll(async () => {
  await trainOnWasm();
});

type Op = (...inputs: core.Tensor[]) => core.Tensor;
interface Case {
  /** What was drawn, for errors. */
  readonly drawn: unknown;
  readonly inputs: readonly core.Tensor[];
  readonly op: Op;
}

class Draw {
  readonly next: () => number;
  constructor(seed: number) {
    this.next = numbersFrom(seed * 7919 + 11);
  }
  whole(low: number, high: number): number {
    return low + Math.floor(((this.next() + 2) / 4) * (high - low + 1));
  }
  pick<T>(...values: T[]): T {
    return values[this.whole(0, values.length - 1)];
  }
  tensor(shape: number[]): core.Tensor {
    return randomTensor(shape, this.next);
  }
}

type Pair = [number, number];
type Pad = 'same' | 'valid' | number | core.backend_util.ExplicitPadding;

/** Numbers for `pad` on all geometries: also where the axes differ, and tfjs takes the height's for both. */
function padOf(d: Draw, last = true): Pad {
  const sides: Pair[] = [
    [d.whole(0, 2), d.whole(0, 2)],
    [d.whole(0, 2), d.whole(0, 2)],
  ];
  const none: Pair = [0, 0];
  const explicit = (last ? [none, ...sides, none] : [none, none, ...sides]) as core.backend_util.ExplicitPadding;
  return d.pick<Pad>('same', 'valid', d.whole(0, 2), explicit);
}

const cases: Record<string, (d: Draw) => Case> = {
  conv2d(d) {
    const format = d.pick<'NHWC' | 'NCHW'>('NHWC', 'NHWC', 'NCHW');
    const [n, h, w, c] = [d.whole(1, 3), d.whole(5, 15), d.whole(5, 15), d.pick(1, 3, 16, 17)];
    const filter = [d.whole(1, 4), d.whole(1, 4), c, d.pick(1, 4, 16, 19)];
    const strides: Pair = [d.whole(1, 3), d.whole(1, 3)];
    const pad = padOf(d, format === 'NHWC');
    // Dilation is left out: tfjs-cpu refuses its gradient. train-conv has sums in double for it.
    const shape = format === 'NHWC' ? [n, h, w, c] : [n, c, h, w];
    return {
      drawn: { shape, filter, strides, pad, format },
      inputs: [d.tensor(shape), d.tensor(filter)],
      op: (x, f) => core.conv2d(x as core.Tensor4D, f as core.Tensor4D, strides, pad, format),
    };
  },
  depthwiseConv2d(d) {
    const [n, h, w, c] = [d.whole(1, 3), d.whole(5, 15), d.whole(5, 15), d.pick(1, 3, 16, 17)];
    const filter = [d.whole(1, 4), d.whole(1, 4), c, d.whole(1, 3)];
    const strides: Pair = [d.whole(1, 3), d.whole(1, 3)];
    const pad = padOf(d);
    return {
      drawn: { shape: [n, h, w, c], filter, strides, pad },
      inputs: [d.tensor([n, h, w, c]), d.tensor(filter)],
      op: (x, f) => core.depthwiseConv2d(x as core.Tensor4D, f as core.Tensor4D, strides, pad),
    };
  },
  conv2dTranspose(d) {
    const [n, h, w, c] = [d.whole(1, 3), d.whole(5, 15), d.whole(5, 15), d.pick(1, 3, 16, 17)];
    const filter: [number, number, number, number] = [d.whole(1, 4), d.whole(1, 4), c, d.pick(1, 4, 16, 19)];
    const strides: Pair = [d.whole(1, 3), d.whole(1, 3)];
    const pad = padOf(d);
    const to: [number, number, number, number] = [n, h, w, c];
    const from = core.backend_util.computeConv2DInfo(to, filter, strides, 1, pad, 'floor').outShape;
    return {
      drawn: { from, to, filter, strides, pad },
      inputs: [d.tensor(from), d.tensor(filter)],
      op: (x, f) => core.conv2dTranspose(x as core.Tensor4D, f as core.Tensor4D, to, strides, pad),
    };
  },
  pool(d) {
    const pool = d.pick<typeof core.maxPool | typeof core.avgPool>(core.maxPool, core.avgPool);
    const shape = [d.whole(1, 3), d.whole(5, 12), d.whole(5, 12), d.pick(1, 3, 4, 17, 36)];
    const size: Pair = [d.whole(1, 4), d.whole(1, 4)];
    const strides: Pair = [d.whole(1, 3), d.whole(1, 3)];
    // A number only where it is less than a window, whose maximum would be none otherwise, and where the axes are alike.
    const alike = size[0] === size[1] && strides[0] === strides[1] && size[0] > 1;
    const pad = d.pick<'same' | 'valid' | number>('same', 'valid', alike ? 1 : 'same');
    return {
      drawn: { max: pool === core.maxPool, shape, size, strides, pad },
      inputs: [d.tensor(shape)],
      op: (x) => pool(x as core.Tensor4D, size, strides, pad),
    };
  },
  matMul(d) {
    const batch = d.pick([], [1], [3], [2, 3]);
    // Broadcast on one side only: tfjs-cpu is wrong where both sides repeat. train-matmul has sums in double for that.
    const ones = batch.map(() => 1);
    const [batchA, batchB] = d.pick([batch, batch], [batch, ones], [ones, batch]);
    const [m, k, n] = [d.whole(1, 40), d.whole(1, 70), d.whole(1, 40)];
    const [ta, tb] = [d.pick(true, false), d.pick(true, false)];
    const a = [...batchA, ...(ta ? [k, m] : [m, k])];
    const b = [...batchB, ...(tb ? [n, k] : [k, n])];
    return { drawn: { a, b, ta, tb }, inputs: [d.tensor(a), d.tensor(b)], op: (x, y) => core.matMul(x, y, ta, tb) };
  },
  gather(d) {
    const shape = Array.from({ length: d.whole(1, 4) }, () => d.whole(1, 7));
    const axis = d.whole(0, shape.length - 1);
    const indices = Array.from({ length: d.whole(1, 20) }, () => d.whole(0, shape[axis] - 1));
    return {
      drawn: { shape, axis, indices },
      inputs: [d.tensor(shape)],
      op: (x) => core.gather(x, core.tensor1d(indices, 'int32'), axis),
    };
  },
};

interface Outcome {
  readonly shapes: number[][];
  readonly values: number[][];
}

/** The value and the gradients of sum(value dy) on a backend, or what it throws. */
async function outcomeOn(name: string, { inputs, op }: Case, seed: number): Promise<Outcome | Error> {
  await core.setBackend(name);
  let made: core.Tensor[] = [];
  try {
    made = core.tidy(() => {
      const y = op(...inputs);
      const dy = randomTensor(y.shape, numbersFrom(seed + 3));
      return [y, ...core.grads(op)([...inputs], dy)];
    });
    return { shapes: made.map((t) => t.shape), values: made.map((t) => [...t.dataSync()]) };
  } catch (e) {
    return e as Error;
  } finally {
    core.dispose(made);
  }
}

/** tfjs-core's own checks of shapes, which are made before any kernel runs. */
const refusal = /^Error in |must match|must be|Invalid|non-negative/;

function compare(wasm: Outcome | Error, cpu: Outcome | Error, drawn: unknown): void {
  const note = JSON.stringify(drawn);
  if (wasm instanceof Error || cpu instanceof Error) {
    const [a, b] = [wasm, cpu].map((one) => (one instanceof Error ? one.message : 'a result'));
    if (a === b && refusal.test(a)) return;
    expect.fail(`${note}: wasm gives "${a}", cpu "${b}"`);
  }
  expect(wasm.shapes, note).toEqual(cpu.shapes);
  wasm.values.forEach((values, i) => {
    try {
      expectClose(values, cpu.values[i], 2e-5);
    } catch (e) {
      expect.fail(`${note}, ${i === 0 ? 'value' : `gradient ${i - 1}`}: ${(e as Error).message}`);
    }
  });
}

describe.each(Object.keys(cases))('%s', (name) => {
  it('agrees with tfjs-cpu, values and gradients', async () => {
    let compared = 0;
    for (let seed = 0; seed < rounds(100); seed++) {
      const made = cases[name](new Draw(seed));
      const cpu = await outcomeOn('cpu', made, seed);
      const wasm = await outcomeOn('wasm', made, seed);
      compare(wasm, cpu, made.drawn);
      if (!(cpu instanceof Error)) compared++;
      core.dispose([...made.inputs]);
    }
    // Refusals compare nothing.
    expect(compared).toBeGreaterThan(rounds(100) / 2);
  }, 60_000);
});

import * as core from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const run = (name: string, inputs: Record<string, core.Tensor>, attrs: Record<string, unknown>): core.Tensor =>
  core.engine().runKernel(name, inputs, attrs as never);

interface Sample {
  readonly batchA: number[];
  readonly batchB: number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

const batches: [number[], number[]][] = [
  [[1], [1]],
  [[3], [3]],
  [[3], [1]],
  [[1], [3]],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], []],
  [
    [2, 2],
    [2, 2],
  ],
];
const sizes = [
  [1, 1, 1],
  [1, 70, 9],
  [3, 49, 10],
  [4, 0, 5],
  [5, 100, 17],
  [33, 130, 8],
  [0, 4, 3],
  [64, 700, 24],
];
const samples: Sample[] = batches.flatMap(([batchA, batchB], i) =>
  [0, 3].map((step) => {
    const [m, k, n] = sizes[(i + step) % sizes.length];
    return { batchA, batchB, m, k, n };
  }),
);

const shapeOf = (batch: number[], rows: number, columns: number, transpose: boolean): number[] => [
  ...batch,
  ...(transpose ? [columns, rows] : [rows, columns]),
];

/** c in double, element by element. */
function reference(
  { batchA, batchB, m, k, n }: Sample,
  a: core.Tensor,
  b: core.Tensor,
  transposeA: boolean,
  transposeB: boolean,
): number[] {
  const batch = core.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const [va, vb] = [a.dataSync(), b.dataSync()];
  const count = batch.reduce((all, size) => all * size, 1);
  const matrixOf = (own: number[], at: number): number => {
    let [index, stride] = [0, 1];
    for (let axis = batch.length - 1, rest = at; axis >= 0; axis--) {
      const position = rest % batch[axis];
      rest = Math.floor(rest / batch[axis]);
      const mine = own[axis - (batch.length - own.length)] ?? 1;
      if (mine > 1) index += position * stride;
      stride *= mine;
    }
    return index;
  };
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    const [ia, ib] = [matrixOf(batchA, i) * m * k, matrixOf(batchB, i) * k * n];
    for (let row = 0; row < m; row++)
      for (let column = 0; column < n; column++) {
        let sum = 0;
        for (let l = 0; l < k; l++)
          sum += va[ia + (transposeA ? l * m + row : row * k + l)] * vb[ib + (transposeB ? column * k + l : l * n + column)];
        out.push(sum);
      }
  }
  return out;
}

const turns = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

describe.each(turns)('with transposeA %s and transposeB %s', (transposeA, transposeB) => {
  it.each(samples.map((s) => [`[${s.batchA}] x [${s.batchB}], ${s.m} x ${s.k} x ${s.n}`, s] as const))('computes %s', async (_, s) => {
    await core.setBackend('wasm');
    const next = numbersFrom(s.m * 131 + s.k * 17 + s.n);
    const a = randomTensor(shapeOf(s.batchA, s.m, s.k, transposeA), next);
    const b = randomTensor(shapeOf(s.batchB, s.k, s.n, transposeB), next);
    const c = run('BatchMatMul', { a, b }, { transposeA, transposeB });
    expect(c.shape.slice(-2)).toEqual([s.m, s.n]);
    expectClose(c.dataSync(), reference(s, a, b, transposeA, transposeB));
  });

  it('adds a bias once, and activates', async () => {
    const next = numbersFrom(77);
    const [m, k, n] = [6, 150, 11];
    const a = randomTensor(shapeOf([3], m, k, transposeA), next);
    const b = randomTensor(shapeOf([3], k, n, transposeB), next);
    const biases = [
      randomTensor([n], next),
      randomTensor([1, n], next),
      randomTensor([m, n], next),
      randomTensor([3, m, 1], next),
      core.scalar(20),
    ];
    const preluActivationWeights = randomTensor([n], next);
    for (const activation of ['linear', 'relu', 'relu6', 'elu', 'prelu', 'leakyrelu', 'sigmoid']) {
      const slopes: Record<string, core.Tensor> = activation === 'prelu' ? { preluActivationWeights } : {};
      const attrs = { transposeA, transposeB, activation, leakyreluAlpha: 0.3 };
      const { wasm, cpu } = await onBoth(() => biases.map((bias) => run('_FusedMatMul', { a, b, bias, ...slopes }, attrs)));
      wasm.forEach((values, i) => expectClose(values, cpu[i]));
    }
  });
});

it.each([1, 4, 5])('activates a product of %i rows, which may be XNNPACK, without losing NaN', async (m) => {
  const a = core.tensor3d(new Array(m * 2).fill(NaN), [1, m, 2]);
  const b = core.ones([1, 2, 3]);
  const { wasm } = await onBoth(() => [run('_FusedMatMul', { a, b, bias: core.zeros([3]) }, { activation: 'relu' })]);
  expect(wasm[0]).toEqual(new Array(m * 3).fill(NaN));
});

it('multiplies integers exactly', async () => {
  const a = core.tensor2d([70001, -3, 5, 2147], [2, 2], 'int32');
  const b = core.tensor2d([30011, 1, -2, 9], [2, 2], 'int32');
  const { wasm } = await onBoth(() => [
    core.matMul(a, b),
    core.matMul(a, b, true, true),
    core.matMul(a, core.tensor2d([1, 0, 1, 1], [2, 2], 'bool')),
  ]);
  expect(wasm[0]).toEqual([70001 * 30011 + 6, 70001 - 27, 5 * 30011 - 2 * 2147, 5 + 9 * 2147].map((v) => v | 0));
  expect(wasm[1]).toEqual([70001 * 30011 + 5, -2 * 70001 + 45, -3 * 30011 + 2147, 6 + 9 * 2147].map((v) => v | 0));
  expect(wasm[2]).toEqual([69998, -3, 2152, 2147]);
});

it('trains a dense layer as tfjs-cpu does', async () => {
  const next = numbersFrom(3);
  const [x, w, bias] = [randomTensor([9, 60], next), randomTensor([60, 7], next), randomTensor([7], next)];
  const loss = (px: core.Tensor, pw: core.Tensor, pb: core.Tensor): core.Scalar =>
    core.sum(core.fused.matMul({ a: px as core.Tensor2D, b: pw as core.Tensor2D, bias: pb, activation: 'relu' }));
  const { wasm, cpu } = await onBoth(() => core.grads(loss as never)([x, w, bias]));
  wasm.forEach((values, i) => expectClose(values, cpu[i]));
});

describe('refuses', () => {
  it('inner sizes that differ', () => {
    const inputs = { a: core.ones([2, 3]), b: core.ones([2, 3]) };
    expect(() => run('BatchMatMul', inputs, {})).toThrow(/\[BatchMatMul\] expected matrices of one inner size, got \[2,3\] and \[2,3\]/);
  });

  it('a bias of another size, and an activation that tfjs has not, and leaves nothing behind', () => {
    const [a, b] = [core.ones([6, 3]), core.ones([3, 5])];
    const { numBytes } = core.memory();
    const ids = core.backend().numDataIds();
    expect(() => run('_FusedMatMul', { a, b, bias: core.ones([4]) }, {})).toThrow(
      /\[_FusedMatMul\] expected bias that can be broadcast to \[6,5\], got \[4\]/,
    );
    expect(() => run('_FusedMatMul', { a, b }, { activation: 'gelu' })).toThrow(/expected the activation linear, .* got gelu/);
    expect(core.memory().numBytes).toBe(numBytes + 16);
    expect(core.backend().numDataIds()).toBe(ids + 1);
  });
});

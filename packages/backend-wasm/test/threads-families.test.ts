import { internConv, internPool } from '@konv/core-tensor';
import type { Backend, TensorRef } from '@konv/core-tensor';
import { afterAll, expect, it } from 'vitest';
import { wasm } from '../src/index.js';
import { numbersFrom, Operands } from './operands.js';

async function withThreads(threads: number): Promise<Backend> {
  const backend = await wasm({ threads });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  return backend;
}

const backends = [await withThreads(1), await withThreads(2), await withThreads(3)];
afterAll(() => {
  for (const backend of backends) backend.dispose?.();
});

/** Runs the same on one, two and three threads, on work large enough to be spread, and expects the same bits of all results. */
function same(compute: (backend: Backend, operands: Operands, next: () => number) => TensorRef[]): void {
  const [one, ...others] = backends.map((backend) => {
    const operands = new Operands(backend);
    const results = compute(backend, operands, numbersFrom(9)).map((ref) => {
      const values = backend.readSync?.(ref) as Float32Array;
      return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    });
    operands.done();
    return Buffer.concat(results);
  });
  expect(one.some((byte) => byte !== 0)).toBe(true);
  for (const other of others) expect(other.equals(one)).toBe(true);
}

it.each([2, 3])('pools of kernel %i and their gradients', (kernel) => {
  const pad = kernel >> 1;
  const size = 41;
  const out = Math.floor((size + 2 * pad - kernel) / 2) + 1;
  const g = internPool({
    rank: 2,
    batch: 5,
    channels: 23,
    inSize: [1, size, size],
    outSize: [1, out, out],
    kernel: [1, kernel, kernel],
    stride: [1, 2, 2],
    dilation: [1, 1, 1],
    padLow: [0, pad, pad],
    padHigh: [0, pad, pad],
    countIncludePad: true,
  });
  same((backend, operands, next) => {
    const x = operands.of('float32', [5, 23, 1, size, size], next);
    const shape = [5, 23, 1, out, out];
    const [maxima, averages, dy] = [
      operands.empty('float32', shape),
      operands.empty('float32', shape),
      operands.of('float32', shape, next),
    ];
    const indices = operands.empty('int32', shape);
    const [dMax, dAvg] = [operands.empty('float32', x.shape), operands.empty('float32', x.shape)];
    backend.pool?.('max', x, g, maxima, indices);
    backend.pool?.('avg', x, g, averages, null);
    backend.poolGrad?.('max', dy, indices, g, dMax);
    backend.poolGrad?.('avg', dy, null, g, dAvg);
    return [maxima, indices, averages, dMax, dAvg];
  });
});

it('softmax, logSoftmax and crossEntropy', () => {
  same((backend, operands, next) => {
    const x = operands.of('float32', [1501, 37], () => 9 * next());
    const targets = operands.of('int32', [1501], (i) => i % 37);
    const [a, b, c] = [0, 0, 0].map(() => operands.empty('float32', x.shape));
    const loss = operands.empty('float32', [1501]);
    backend.softmax?.(x, a);
    backend.logSoftmax?.(x, b);
    backend.crossEntropy?.(x, targets, { ignoreIndex: -100 }, loss, c);
    return [a, b, c, loss];
  });
});

it('batch norm and its gradient', () => {
  same((backend, operands, next) => {
    const shape = [7, 37, 911];
    const [x, dy] = [operands.of('float32', shape, next), operands.of('float32', shape, next)];
    const [y, dx] = [operands.empty('float32', shape), operands.empty('float32', shape)];
    const [mean, invStd, dw, db] = [0, 0, 0, 0].map(() => operands.empty('float32', [37]));
    const weight = operands.of('float32', [37], next);
    backend.batchNormTrain?.(x, weight, null, { eps: 1e-5 }, { y, mean, invStd });
    backend.batchNormGrad?.(x, dy, weight, mean, invStd, { dx, dw, db });
    return [y, mean, invStd, dx, dw, db];
  });
});

it('optimizer steps', () => {
  same((backend, operands, next) => {
    const n = 200_003;
    const [p, q, g, buffer, m] = [0, 0, 0, 0, 0].map(() => operands.of('float32', [n], next));
    const v = operands.of('float32', [n], () => Math.abs(next()));
    const sgd = { momentum: 0.9, dampening: 0, weightDecay: 0.01, nesterov: true, dynamic: { lr: 0.1, firstStep: false } };
    backend.sgdStep?.(p, g, buffer, sgd);
    const dynamic = { lr: 0.1, biasCorrection1: 0.19, biasCorrection2: 0.002 };
    backend.adamStep?.(q, g, m, v, { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, decoupled: false, dynamic });
    return [p, buffer, q, m, v];
  });
});

it.each([1, 2])('a depthwise convolution of stride %i and all of its gradients', (stride) => {
  const size = 37;
  const out = Math.floor((size - 1) / stride) + 1;
  const g = internConv({
    rank: 2,
    batch: 3,
    inSize: [1, size, size],
    outSize: [1, out, out],
    kernel: [1, 3, 3],
    stride: [1, stride, stride],
    dilation: [1, 1, 1],
    padLow: [0, 1, 1],
    padHigh: [0, 1, 1],
    inChannels: 50,
    outChannels: 50,
    groups: 50,
  });
  same((backend, operands, next) => {
    const x = operands.of('float32', [3, 50, 1, size, size], next);
    const w = operands.of('float32', [50, 1, 1, 3, 3], next);
    const b = operands.of('float32', [50], next);
    const dy = operands.of('float32', [3, 50, 1, out, out], next);
    const y = operands.empty('float32', dy.shape);
    const grads = { dx: operands.empty('float32', x.shape), dw: operands.empty('float32', w.shape), db: operands.empty('float32', [50]) };
    backend.conv?.(x, w, b, g, 'relu', y);
    backend.convBackward?.(x, w, dy, g, grads);
    return [y, grads.dx, grads.dw, grads.db];
  });
});

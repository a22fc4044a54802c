import * as core from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const ids = (values: number[], shape = [values.length]): core.Tensor => core.tensor(values, shape, 'int32');

describe('unsortedSegmentSum', () => {
  it.each([
    ['rows', [5, 3], [2, 0, 2, 1, 0], [5], 4],
    ['rows of more axes', [4, 2, 3], [1, 1, 1, 0], [4], 2],
    ['single numbers', [6], [0, 5, 5, 1, 1, 1], [6], 6],
    ['ids that are no segment', [5, 2], [-1, 3, 0, 7, 2], [5], 3],
  ] as const)('of %s agrees with tfjs-cpu', async (_, shape, segments, idsShape, count) => {
    const x = randomTensor([...shape], numbersFrom(11));
    const { wasm, cpu } = await onBoth(() => [core.unsortedSegmentSum(x, ids([...segments], [...idsShape]) as core.Tensor1D, count)]);
    expectClose(wasm[0], cpu[0]);
  });

  it('keeps NaN to its own segment', async () => {
    await core.setBackend('wasm');
    const y = core.unsortedSegmentSum(core.tensor2d([1, NaN, 3, 4], [2, 2]), core.tensor1d([0, 1], 'int32'), 2);
    expect([...y.dataSync()]).toEqual([1, NaN, 3, 4]);
  });

  it('of no rows is zeros', async () => {
    await core.setBackend('wasm');
    const y = core.unsortedSegmentSum(core.zeros([0, 3]), core.tensor1d([], 'int32'), 2);
    expect([y.shape, [...y.dataSync()]]).toEqual([
      [2, 3],
      [0, 0, 0, 0, 0, 0],
    ]);
  });

  it('refuses ids of which there is not one for each row', async () => {
    await core.setBackend('wasm');
    expect(() => core.unsortedSegmentSum(core.zeros([3, 2]), core.tensor1d([0, 1], 'int32'), 2)).toThrow(
      /\[UnsortedSegmentSum\] expected int32 ids \[3\] of x's rows, got int32 \[2\]/,
    );
  });
});

it.each([0, 1])('gather along axis %i has the gradient that tfjs-cpu has', async (axis) => {
  const x = randomTensor([4, 5, 3], numbersFrom(2));
  const { wasm, cpu } = await onBoth(() => [core.grad((v) => core.square(core.gather(v, ids([3, 0, 3, 1, 0, 0]), axis)))(x)]);
  expectClose(wasm[0], cpu[0]);
});

it('trains an embedding as tfjs-cpu does', async () => {
  const weights = randomTensor([10, 4], numbersFrom(5));
  const last = randomTensor([12, 1], numbersFrom(6));
  const losses = async (backend: string): Promise<number[]> => {
    await core.setBackend(backend);
    const model = sequential();
    model.add(layers.embedding({ inputDim: 10, outputDim: 4, inputLength: 3 }));
    model.add(layers.flatten());
    model.add(layers.dense({ units: 1, useBias: false }));
    model.setWeights([core.clone(weights), core.clone(last)]);
    model.compile({ optimizer: core.train.sgd(0.05), loss: 'meanSquaredError' });
    const x = core.tensor2d([1, 2, 3, 3, 9, 0, 4, 4, 4, 7, 8, 1], [4, 3]);
    const { history } = await model.fit(x, core.tensor2d([1, -1, 0.5, 2], [4, 1]), { epochs: 8, shuffle: false, verbose: 0 });
    model.dispose();
    return history['loss'] as number[];
  };
  const onCpu = await losses('cpu');
  const onWasm = await losses('wasm');
  expect(onCpu[7]).toBeLessThan(onCpu[0]);
  expectClose(onWasm, onCpu);
});

describe('a clone', () => {
  it('shares memory, which goes with the last of its handles', async () => {
    await core.setBackend('wasm');
    const before = core.memory();
    const held = core.backend().numDataIds();
    const x = core.tensor1d([1, 2, 3]);
    const y = core.clone(x);
    expect(core.backend().numDataIds()).toBe(held + 1);
    x.dispose();
    expect([...y.dataSync()]).toEqual([1, 2, 3]);
    y.dispose();
    expect(core.memory()).toEqual(before);
    expect(core.backend().numDataIds()).toBe(held);
  });

  it('of a variable keeps its value when another is assigned', async () => {
    await core.setBackend('wasm');
    const v = core.variable(core.tensor1d([1, 2]));
    const copy = core.clone(v);
    v.assign(core.tensor1d([3, 4]));
    expect([...copy.dataSync(), ...v.dataSync()]).toEqual([1, 2, 3, 4]);
    core.dispose([v, copy]);
  });

  it('takes strings', async () => {
    await core.setBackend('wasm');
    expect(core.clone(core.tensor1d(['a', 'b'])).dataSync()).toEqual(['a', 'b']);
  });
});

import { createRequire } from 'node:module';
import { useBackend } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaults, type Settings } from '../../web/src/model/settings.js';
import { openBackend } from '../../web/src/worker/backends.js';
import { compute, disagreement } from '../../web/src/worker/lab/bench/contender.js';
import { konvContender, startOf } from '../../web/src/worker/lab/bench/konv.js';
import { forTfjs, permuted } from '../../web/src/worker/lab/bench/layout.js';
import { inTurns, median, Timed } from '../../web/src/worker/lab/bench/measure.js';
import { type TfModule, tfjsContender } from '../../web/src/worker/lab/bench/tfjs-lenet.js';

const settings: Settings = { ...defaults, channels: [3, 4], kernels: [3, 5] };
const pixels = Float32Array.from({ length: 4 * 784 }, (_, i) => ((i * 7919) % 256) / 255);
const labels = Int32Array.from([3, 1, 4, 1]);

/** Its CommonJS build, as Node can load it: it has no gradients, so only the forward pass is compared here. */
async function tfjsOfNode(): Promise<TfModule> {
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as TfModule;
  require('@tensorflow/tfjs-backend-wasm');
  tf.enableProdMode();
  return tf;
}

beforeAll(async () => {
  useBackend(await openBackend('cpu-js', 1));
});

describe('contenders', () => {
  it('konv computes the same on two backends, and disagreement is noticed', async () => {
    const start = await startOf(settings, pixels, labels);
    const [a, b] = [await konvContender('cpu-js', 1, 'a', settings, start), await konvContender('wasm', 1, 'b', settings, start)];
    const [reference, theirs] = [await compute(a), await compute(b)];
    expect(reference.losses.length).toBe(3);
    expect(reference.losses[2]).not.toBe(reference.losses[0]);
    expect(disagreement(theirs, reference)).toBeNull();
    const [x, y, z] = theirs.losses;
    expect(disagreement({ ...theirs, losses: [x, y, z * 1.01] }, reference)).toContain('After 2 steps its loss is');
    expect(disagreement({ ...theirs, scores: theirs.scores.map((s, i) => (i === 7 ? s + 0.1 : s)) }, reference)).toContain('other scores');
    expect(disagreement({ ...theirs, losses: [Number.NaN] }, reference)).not.toBeNull();
    a.dispose();
    b.dispose();
  });

  it('TensorFlow.js gets the same scores from the same weights, and says why wasm does not train', async () => {
    const start = await startOf(settings, pixels, labels);
    const ours = await konvContender('cpu-js', 1, 'cpu-js', settings, start);
    const theirs = await tfjsContender(await tfjsOfNode(), 'wasm', 'wasm', settings, start);
    expect(disagreement({ scores: await theirs.forward(), losses: [] }, await compute(ours))).toBeNull();
    expect(theirs.step).toContain('cannot train a convolution on its wasm backend');
    ours.dispose();
    theirs.dispose();
  });

  it('refuses a network that it cannot build', async () => {
    const norm: Settings = { ...settings, architecture: 'batchnorm' };
    const start = await startOf(settings, pixels, labels);
    const theirs = await tfjsContender(await tfjsOfNode(), 'wasm', 'wasm', norm, start);
    await expect(theirs.forward()).rejects.toThrow('no BatchNorm2d');
  });
});

describe('layouts', () => {
  it('puts axes in another order', () => {
    expect([...permuted(Float32Array.from([1, 2, 3, 4, 5, 6]), [2, 3], [1, 0])]).toEqual([1, 4, 2, 5, 3, 6]);
  });
  it('turns kernels and the matrix that reads images, leaves biases', () => {
    const kernel = forTfjs({ shape: [2, 1, 1, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) }, null);
    expect([kernel.shape, [...kernel.data]]).toEqual([
      [1, 3, 1, 2],
      [1, 4, 2, 5, 3, 6],
    ]);
    // One output that reads an image of two channels of 1x2: channels come last in theirs.
    expect([...forTfjs({ shape: [1, 4], data: Float32Array.from([1, 2, 3, 4]) }, [2, 1, 2]).data]).toEqual([1, 3, 2, 4]);
    expect([...forTfjs({ shape: [2], data: Float32Array.from([7, 8]) }, null).data]).toEqual([7, 8]);
  });
});

describe('timing', () => {
  it('takes the median', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  it('repeats what is short and divides, and leaves the warm-up out', async () => {
    let clock = 0;
    let runs = 0;
    const task = new Timed(
      async () => {
        clock += runs++ < 2 ? 500 : 4;
      },
      () => clock,
    );
    await task.warmUp();
    expect(runs).toBe(3);
    await task.round();
    expect(runs).toBe(13);
    expect(task.times).toEqual([4]);
  });

  it('goes in turns, each round beginning with another, until it is stopped', async () => {
    const order: string[] = [];
    const named = (name: string) => Object.assign(new Timed(async () => {}), { name });
    const all = [named('a'), named('b')];
    await inTurns(
      all,
      () => order.length >= 5,
      (task, round) => order.push(`${task.name}${round}`),
    );
    expect(order).toEqual(['a0', 'b0', 'b1', 'a1', 'a2']);
  });
});

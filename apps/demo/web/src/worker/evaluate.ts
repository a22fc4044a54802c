import { noGrad, Scope, type Tensor, tensor } from '@konv/core-tensor';
import type { Sequential } from '@konv/layers';
import { CLASSES, SIDE } from '../model/layers.js';
import { largest } from '../model/largest.js';
import { batchOf, testImages } from './data.js';
import { turn } from './turn.js';

/** Test images that go through the network at once. */
const SLICE = 100;

/** Scores of all test images, [n, 10]; null where `giveUp` says so meanwhile. The page's messages are let in between slices. */
export async function testScores(net: Sequential, backend: string, giveUp: () => boolean = () => false): Promise<Float32Array | null> {
  const set = await testImages();
  const out = new Float32Array(set.length * CLASSES);
  for (let from = 0; from < set.length; from += SLICE) {
    const n = Math.min(SLICE, set.length - from);
    const { pixels } = batchOf(set, n, from);
    const slice = new Scope();
    try {
      const scores = slice.run(() => {
        const x = tensor(pixels, { shape: [n, 1, SIDE, SIDE], backend });
        net.eval();
        return noGrad(() => net.forward(x) as Tensor);
      });
      out.set((await scores.data()) as Float32Array, from * CLASSES);
    } finally {
      slice.dispose();
    }
    await turn();
    if (giveUp()) return null;
  }
  return out;
}

/** The share of the test images that it gets right, 0 ... 1. */
export async function accuracyOf(net: Sequential, backend: string, giveUp: () => boolean): Promise<number | null> {
  const scores = await testScores(net, backend, giveUp);
  if (scores === null) return null;
  const { targets } = await testImages();
  return (
    targets.reduce((right, label, i) => right + (largest(scores.subarray(i * CLASSES, (i + 1) * CLASSES)) === label ? 1 : 0), 0) /
    targets.length
  );
}

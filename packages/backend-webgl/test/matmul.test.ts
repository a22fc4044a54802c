/** Products of matrices of every orientation and size, and linear layers, against plain JavaScript. */
import type { ActivationKind } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, Twins } from './twins.js';

describe.skipIf(!hasWebgl)('products of matrices on WebGL', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });

  it('matmul: batches, shared operands, transposes, windows, accumulation', async () => {
    const n = new Numbers(3);
    for (let i = 0; i < 60; i++) {
      const long = i % 10 === 0;
      const [m, cols, k, batch] = [n.whole(1, 18), n.whole(1, 18), long ? n.whole(500, 3000) : n.whole(1, 40), n.whole(1, 3)];
      const attrs = { transposeA: n.next() < 0.5, transposeB: n.next() < 0.5, accumulate: n.next() < 0.3 };
      const [ba, bb] = [n.next() < 0.3 ? 1 : batch, n.next() < 0.3 ? 1 : batch];
      const offset = () => n.pick([0, 0, 4, 5]);
      const a = twins.input(n.floats(ba * m * k), attrs.transposeA ? [ba, k, m] : [ba, m, k], 'float32', offset());
      const b = twins.input(n.floats(bb * k * cols), attrs.transposeB ? [bb, cols, k] : [bb, k, cols], 'float32', offset());
      const out = twins.output([batch, m, cols], 'float32', offset());
      twins.run((backend, of) => backend.matmul(of(a), of(b), attrs, of(out)));
      const what = `[${batch}, ${m}, ${k}] x [${k}, ${cols}] ${JSON.stringify(attrs)}`;
      expect([what, await twins.difference(out, 'forward')]).toEqual([what, null]);
      twins.free(a, b, out);
    }
    expect(twins.gpu.statistics().usedBytes).toBe(0);
  });

  it('linear: bias and activation in one pass', async () => {
    const n = new Numbers(4);
    for (let i = 0; i < 24; i++) {
      const [rows, inputs, outputs] = [n.whole(1, 70), n.whole(1, 90), n.whole(1, 30)];
      const x = twins.input(n.floats(rows * inputs), [rows, inputs], 'float32', n.pick([0, 3]));
      const w = twins.input(n.floats(outputs * inputs), [outputs, inputs]);
      const b = twins.input(n.floats(outputs), [outputs], 'float32', n.pick([0, 2]));
      const out = twins.output([rows, outputs]);
      const activation = n.pick<ActivationKind | null>([null, 'relu', 'tanh', 'sigmoid']);
      const biased = n.next() < 0.6;
      twins.run((backend, of) => backend.linear?.(of(x), of(w), biased ? of(b) : null, activation, of(out)));
      expect(await twins.difference(out, 'forward')).toBeNull();
      twins.free(x, w, b, out);
    }
  });

  it('a NaN and an infinity stay in their row', async () => {
    const a = twins.input([1, 2, 3, 4, Number.NaN, 6, 7, Number.POSITIVE_INFINITY, 9, 1, 1, 1, 1, 1, 1], [1, 3, 5]);
    const b = twins.input(new Float32Array(35).fill(1), [1, 5, 7]);
    const out = twins.output([1, 3, 7]);
    const attrs = { transposeA: false, transposeB: false, accumulate: false };
    twins.run((backend, of) => backend.matmul(of(a), of(b), attrs, of(out)));
    expect(await twins.difference(out, 'forward')).toBeNull();
  });
});

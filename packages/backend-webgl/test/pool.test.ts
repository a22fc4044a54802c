/** Pools of one to three dimensions with every kind of padding, overlap and dilation, and their gradients. */
import { internPool, type PoolGeometry, type Spatial } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, Twins } from './twins.js';

/** A window, and how often it fits: with `ceil`, the last may hang over. */
function randomGeometry(numbers: Numbers, kind: 'max' | 'avg'): PoolGeometry {
  const rank = numbers.pick([1, 2, 2, 2, 3] as const);
  const axis = (used: boolean): { in: number; out: number; k: number; s: number; d: number; low: number; high: number } => {
    if (!used) return { in: 1, out: 1, k: 1, s: 1, d: 1, low: 0, high: 0 };
    const k = numbers.whole(1, 4);
    const d = kind === 'max' ? numbers.whole(1, 2) : 1;
    const s = numbers.whole(1, 4);
    const [low, high] = [numbers.whole(0, k >> 1), numbers.whole(0, k >> 1)];
    const size = (k - 1) * d + 1 + numbers.whole(0, 9);
    const room = size + low + high - ((k - 1) * d + 1);
    const out = Math.floor(room / s) + 1;
    // A window that hangs over must begin inside of the input.
    const more = room % s !== 0 && out * s < size + low && numbers.next() < 0.5;
    return { in: size, out: more ? out + 1 : out, k, s, d, low, high };
  };
  const axes = [axis(rank > 2), axis(rank > 1), axis(true)];
  const of = (field: keyof (typeof axes)[0]): Spatial => axes.map((a) => a[field]) as unknown as Spatial;
  return internPool({
    rank,
    batch: numbers.whole(1, 3),
    channels: numbers.whole(1, 3),
    inSize: of('in'),
    outSize: of('out'),
    kernel: of('k'),
    stride: of('s'),
    dilation: of('d'),
    padLow: of('low'),
    padHigh: of('high'),
    countIncludePad: numbers.next() < 0.5,
  });
}

describe.skipIf(!hasWebgl)('pool', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });

  /** Forward and gradient of one geometry. */
  async function check(kind: 'max' | 'avg', g: PoolGeometry, numbers: Numbers, values: Float32Array): Promise<void> {
    const [to, from] = [
      [g.batch, g.channels, ...g.outSize],
      [g.batch, g.channels, ...g.inSize],
    ];
    const offset = numbers.pick([0, 0, 1, 4, 7]);
    const x = twins.input(values, from, 'float32', offset);
    const out = twins.output(to, 'float32', offset);
    const indices = kind === 'max' ? twins.output(to, 'int32', offset) : null;
    const name = `${kind}, offset ${offset}, ${JSON.stringify(g)}`;
    twins.run((backend, of) => backend.pool?.(kind, of(x), g, of(out), indices && of(indices)));
    expect(await twins.difference(out, kind === 'max' ? 'elementwise' : 'forward'), name).toBe(null);
    if (indices) expect(await twins.difference(indices, 'forward'), `indices of ${name}`).toBe(null);
    const dy = twins.input(numbers.floats(to.reduce((a, b) => a * b, 1)), to, 'float32', numbers.pick([0, 3]));
    const dx = twins.output(from, 'float32', offset);
    twins.run((backend, of) => backend.poolGrad?.(kind, of(dy), indices && of(indices), g, of(dx)));
    expect(await twins.difference(dx, 'gradient'), `gradient of ${name}`).toBe(null);
    twins.free(x, out, dy, dx, ...(indices ? [indices] : []));
  }

  const sizeOf = (g: PoolGeometry): number => g.batch * g.channels * g.inSize[0] * g.inSize[1] * g.inSize[2];

  it('average', async () => {
    const numbers = new Numbers(1);
    for (let i = 0; i < rounds(80); i++) {
      const g = randomGeometry(numbers, 'avg');
      await check('avg', g, numbers, numbers.floats(sizeOf(g)));
    }
  });

  it('max, with ties', async () => {
    const numbers = new Numbers(2);
    for (let i = 0; i < rounds(80); i++) {
      const g = randomGeometry(numbers, 'max');
      await check('max', g, numbers, i % 2 === 0 ? numbers.floats(sizeOf(g)) : Float32Array.from(numbers.ints(sizeOf(g), 0, 3)));
    }
  });

  it('max of NaN and infinities', async () => {
    const numbers = new Numbers(5);
    for (let i = 0; i < rounds(30); i++) {
      const g = randomGeometry(numbers, 'max');
      const specials = [Number.NaN, Infinity, -Infinity, -Infinity, 0, 1];
      await check(
        'max',
        g,
        numbers,
        Float32Array.from({ length: sizeOf(g) }, () => numbers.pick(specials)),
      );
    }
  });

  const halves = internPool({
    rank: 2,
    batch: 4,
    channels: 6,
    inSize: [1, 28, 28],
    outSize: [1, 14, 14],
    kernel: [1, 2, 2],
    stride: [1, 2, 2],
    dilation: [1, 1, 1],
    padLow: [0, 0, 0],
    padHigh: [0, 0, 0],
    countIncludePad: true,
  });

  it('halving, with and without positions, is one draw', async () => {
    const numbers = new Numbers(6);
    await check('max', halves, numbers, numbers.floats(sizeOf(halves)));
    await check('avg', halves, numbers, numbers.floats(sizeOf(halves)));
    const x = twins.input(numbers.floats(sizeOf(halves)), [4, 6, 1, 28, 28]);
    const out = twins.output([4, 6, 1, 14, 14]);
    const before = twins.gpu.statistics().draws;
    twins.run((backend, of) => backend.pool?.('max', of(x), halves, of(out), null));
    expect(await twins.difference(out, 'elementwise')).toBe(null);
    expect(twins.gpu.statistics().draws - before).toBe(1);
  });

  it('new sizes compile nothing', () => {
    const before = twins.gpu.statistics().programs;
    const g = internPool({ ...halves, batch: 3, inSize: [1, 9, 33], outSize: [1, 4, 16] });
    const x = twins.input(new Float32Array(sizeOf(g)), [3, 6, 1, 9, 33]);
    twins.gpu.pool?.('max', x.gpu, g, twins.output([3, 6, 1, 4, 16]).gpu, twins.output([3, 6, 1, 4, 16], 'int32').gpu);
    expect(twins.gpu.statistics().programs).toBe(before);
  });
});

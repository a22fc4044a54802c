/** Convolutions of random geometries, all directions, against plain JavaScript; programs that know no shapes. */
import { type ActivationKind, type ConvGeometry, internConv, type Spatial } from '@konv/core-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, Twins } from './twins.js';

interface Kind {
  readonly name: string;
  groups(n: Numbers): number;
  inputs(n: Numbers): number;
  outputs(n: Numbers): number;
}

const kinds: readonly Kind[] = [
  { name: 'several channels', groups: () => 1, inputs: (n) => n.whole(2, 9), outputs: (n) => n.whole(1, 9) },
  { name: 'a single input channel', groups: () => 1, inputs: () => 1, outputs: (n) => n.whole(1, 7) },
  { name: 'groups', groups: (n) => n.whole(2, 3), inputs: (n) => n.whole(2, 5), outputs: (n) => n.whole(1, 5) },
  { name: 'depthwise', groups: (n) => n.whole(2, 6), inputs: () => 1, outputs: (n) => n.whole(1, 3) },
];

function randomGeometry(n: Numbers, kind: Kind): ConvGeometry {
  const rank = n.pick([1, 2, 2, 2, 3] as const);
  const axis = (used: boolean) => {
    if (!used) return { kernel: 1, stride: 1, dilation: 1, low: 0, high: 0, size: 1, out: 1 };
    const [kernel, stride, dilation] = [n.whole(1, rank === 3 ? 3 : 5), n.pick([1, 1, 2, 3]), n.pick([1, 1, 1, 2])];
    const [low, high] = [n.whole(0, 3), n.whole(0, 3)];
    const reach = dilation * (kernel - 1) + 1;
    const size = Math.max(1, reach - low - high) + n.whole(0, rank === 3 ? 4 : 11);
    const out = Math.floor((size + low + high - reach) / stride) + 1;
    // A transposed convolution with outputPadding has fewer outputs than the formula says.
    return { kernel, stride, dilation, low, high, size, out: out > 2 && n.next() < 0.1 ? out - 1 : out };
  };
  const axes = [axis(rank === 3), axis(rank >= 2), axis(true)];
  const spatial = (f: (a: (typeof axes)[number]) => number) => axes.map(f) as unknown as Spatial;
  const groups = kind.groups(n);
  return internConv({
    rank,
    batch: n.whole(1, 4),
    inChannels: groups * kind.inputs(n),
    outChannels: groups * kind.outputs(n),
    groups,
    inSize: spatial((a) => a.size),
    outSize: spatial((a) => a.out),
    kernel: spatial((a) => a.kernel),
    stride: spatial((a) => a.stride),
    dilation: spatial((a) => a.dilation),
    padLow: spatial((a) => a.low),
    padHigh: spatial((a) => a.high),
  });
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** What of the four results is wrong, or null. */
async function check(twins: Twins, n: Numbers, g: ConvGeometry): Promise<string | null> {
  const shapes = {
    x: [g.batch, g.inChannels, ...g.inSize],
    w: [g.outChannels, g.inChannels / g.groups, ...g.kernel],
    y: [g.batch, g.outChannels, ...g.outSize],
    b: [g.outChannels],
  };
  const offset = () => n.pick([0, 0, 4, 3]);
  const input = (shape: readonly number[]) => twins.input(n.floats(size(shape)), shape, 'float32', offset());
  const [x, w, b, dy] = [input(shapes.x), input(shapes.w), input(shapes.b), input(shapes.y)];
  const [y, dx, dw, db, sum] = [shapes.y, shapes.x, shapes.w, shapes.b, shapes.w].map((s) => twins.output(s, 'float32', offset()));
  const activation = n.pick<ActivationKind | null>([null, null, 'relu', 'tanh', 'sigmoid']);
  const biased = n.next() < 0.5;
  try {
    twins.run((backend, of) => {
      backend.conv?.(of(x), of(w), biased ? of(b) : null, g, activation, of(y));
      backend.convBackward?.(of(x), of(w), of(dy), g, { dx: of(dx), dw: of(dw), db: of(db) });
      backend.convGradWeight?.(of(x), of(dy), g, true, of(sum));
    });
    const wrong = {
      forward: await twins.difference(y, 'forward'),
      dx: await twins.difference(dx, 'gradient'),
      dw: await twins.difference(dw, 'gradient'),
      db: await twins.difference(db, 'gradient'),
      accumulated: await twins.difference(sum, 'gradient'),
    };
    const found = Object.entries(wrong).filter(([, message]) => message !== null);
    return found.length === 0 ? null : `${JSON.stringify(g)} ${activation} ${biased}: ${found.map((f) => f.join(': ')).join('; ')}`;
  } finally {
    twins.free(x, w, b, dy, y, dx, dw, db, sum);
  }
}

describe.skipIf(!hasWebgl)('convolutions on WebGL', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });

  it.each(kinds)('agree with plain JavaScript: $name', async (kind) => {
    const n = new Numbers(7);
    for (let i = 0; i < 12; i++) expect(await check(twins, n, randomGeometry(n, kind))).toBeNull();
    expect(twins.gpu.memory()).toEqual({ tensors: 0, bytes: 0 });
    expect(twins.gpu.statistics().usedBytes).toBe(0);
  });

  it('know no shapes: after these, no geometry compiles a program', async () => {
    const before = twins.gpu.statistics().programs;
    const n = new Numbers(99);
    for (const kind of kinds) for (let i = 0; i < 3; i++) expect(await check(twins, n, randomGeometry(n, kind))).toBeNull();
    // The five activations with and without bias may not all have been met.
    expect(twins.gpu.statistics().programs - before).toBeLessThan(12);
  });

  it('long sums stay accurate: the weight gradient over many images', async () => {
    const n = new Numbers(5);
    const g = randomGeometry(n, kinds[1]);
    const long = internConv({ ...g, batch: 300, inChannels: 1, outChannels: 3, groups: 1 });
    expect(await check(twins, n, long)).toBeNull();
  });
});

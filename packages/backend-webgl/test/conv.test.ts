import { type ActivationKind, type ConvGeometry, internConv, type Spatial } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { numbers, openCounted, Twice, whole } from './beside-cpu.js';

const opened = await openCounted();

type Axis = 0 | 1 | 2;

function perAxis(f: (axis: Axis) => number): Spatial {
  return [f(0), f(1), f(2)];
}

interface Ranges {
  readonly groups: number;
  /** Channels of a group, in and out. */
  readonly inPer: number;
  readonly outPer: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly extra: number;
}

/** 1 to 3 dimensions; the input is as small as the windows allow, plus up to `extra`; sometimes the last windows are left out. */
function geometryOf(next: () => number, most: Ranges): ConvGeometry {
  const rank = [1, 2, 2, 2, 3][whole(next, 0, 4)] as 1 | 2 | 3;
  const used = (a: Axis) => a >= 3 - rank;
  const pick = (low: number, high: number, unused: number) =>
    perAxis((a) => (used(a) ? whole(next, low, rank === 3 ? Math.min(high, 3) : high) : unused));
  const groups = whole(next, 1, most.groups);
  const kernel = pick(1, most.kernel, 1);
  const stride = pick(1, most.stride, 1);
  const dilation = pick(1, most.dilation, 1);
  const padLow = pick(0, most.padding, 0);
  const padHigh = pick(0, most.padding, 0);
  const extra = pick(0, rank === 1 ? 3 * most.extra : most.extra, 0);
  const reach = (a: Axis) => dilation[a] * (kernel[a] - 1) + 1;
  const inSize = perAxis((a) => Math.max(1, reach(a) - padLow[a] - padHigh[a]) + extra[a]);
  const fewer = next() < 0.2 ? 1 : 0;
  const outSize = perAxis((a) =>
    Math.max(1, Math.floor((inSize[a] + padLow[a] + padHigh[a] - reach(a)) / stride[a]) + 1 - (used(a) ? fewer : 0)),
  );
  return internConv({
    rank,
    batch: whole(next, 1, 3),
    inChannels: groups * whole(next, 1, most.inPer),
    outChannels: groups * whole(next, 1, most.outPer),
    groups,
    inSize,
    outSize,
    kernel,
    stride,
    dilation,
    padLow,
    padHigh,
  });
}

const show = (g: ConvGeometry): string => JSON.stringify(g).replaceAll('"', '');
const activations: readonly (ActivationKind | null)[] = [null, null, 'relu', 'sigmoid', 'tanh'];

/** y, dx, dw and db of one geometry, by the families and by convBackward, on both backends. */
function compareAll(twice: Twice, g: ConvGeometry, next: () => number, choice = next): void {
  const some = () => next() * 4 - 2;
  const before = () => (choice() < 0.5 ? 0 : whole(choice, 1, 6));
  const shapes = {
    x: [g.batch, g.inChannels, ...g.inSize],
    w: [g.outChannels, g.inChannels / g.groups, ...g.kernel],
    b: [g.outChannels],
    y: [g.batch, g.outChannels, ...g.outSize],
  };
  const x = twice.of(shapes.x, some, before());
  const w = twice.of(shapes.w, some, before());
  const b = choice() < 0.5 ? twice.of(shapes.b, some, before()) : null;
  const dy = twice.of(shapes.y, some, before());
  const activation = activations[whole(choice, 0, activations.length - 1)];
  const accumulate = choice() < 0.3;
  const y = twice.of(shapes.y, null, before());
  const dx = twice.of(shapes.x, null, before());
  const dw = twice.of(shapes.w, accumulate ? some : null, before());
  const all = [twice.of(shapes.x, null), twice.of(shapes.w, null), twice.of(shapes.b, null)];
  const mask = whole(choice, 1, 7);
  twice.run((backend, i) => {
    backend.conv?.(x[i], w[i], b?.[i] ?? null, g, activation, y[i]);
    backend.convGradInput?.(dy[i], w[i], g, dx[i]);
    backend.convGradWeight?.(x[i], dy[i], g, accumulate, dw[i]);
    const [dx2, dw2, db2] = all.map((refs, k) => (mask & (1 << k) ? refs[i] : null));
    backend.convBackward?.(x[i], w[i], dy[i], g, { dx: dx2, dw: dw2, db: db2 });
  });
  const name = show(g);
  twice.compare(y, 'forward', `y, bias ${b !== null}, ${activation}, of ${name}`);
  twice.compare(dx, 'gradient', `dx of ${name}`);
  twice.compare(dw, 'gradient', `dw, accumulate ${accumulate}, of ${name}`);
  all.forEach((refs, k) => twice.compare(refs, 'gradient', `convBackward's ${['dx', 'dw', 'db'][k]}, mask ${mask}, of ${name}`));
  twice.free();
}

const kinds: Record<string, Ranges> = {
  'few channels': { groups: 2, inPer: 3, outPer: 5, kernel: 5, stride: 1, dilation: 1, padding: 3, extra: 14 },
  'stride and dilation': { groups: 2, inPer: 6, outPer: 6, kernel: 4, stride: 4, dilation: 3, padding: 4, extra: 9 },
  'more channels': { groups: 1, inPer: 21, outPer: 19, kernel: 3, stride: 2, dilation: 1, padding: 1, extra: 8 },
  'many groups': { groups: 5, inPer: 5, outPer: 3, kernel: 3, stride: 2, dilation: 2, padding: 2, extra: 8 },
  'kernels of one element': { groups: 2, inPer: 11, outPer: 13, kernel: 1, stride: 1, dilation: 1, padding: 1, extra: 9 },
  pointwise: { groups: 1, inPer: 21, outPer: 9, kernel: 1, stride: 1, dilation: 1, padding: 0, extra: 9 },
  depthwise: { groups: 9, inPer: 1, outPer: 2, kernel: 5, stride: 3, dilation: 2, padding: 4, extra: 16 },
};

describe.skipIf(opened === null)('convolutions of random geometry beside cpu-js', () => {
  const { backend, counts } = opened ?? { backend: null as never, counts: { programs: 0, draws: 0 } };

  it.each(Object.keys(kinds))('%s: y, dx, dw, db', (kind) => {
    const twice = new Twice(backend);
    for (let seed = 0; seed < rounds(40); seed++) {
      const next = numbers(seed * 7919 + kind.length);
      compareAll(twice, geometryOf(next, kinds[kind]), next);
    }
  });

  it('long sums: dw over 40 x 40 pixels of 8 images, y over 40 channels', () => {
    const next = numbers(1);
    const twice = new Twice(backend);
    const g = internConv({
      rank: 2,
      batch: 8,
      inChannels: 40,
      outChannels: 3,
      groups: 1,
      inSize: [1, 40, 40],
      outSize: [1, 40, 40],
      kernel: [1, 3, 3],
      stride: [1, 1, 1],
      dilation: [1, 1, 1],
      padLow: [0, 1, 1],
      padHigh: [0, 1, 1],
    });
    compareAll(twice, g, next);
  });

  it('other batch sizes compile nothing', () => {
    const twice = new Twice(backend);
    const at = (size: number, batch: number, channels: number): ConvGeometry =>
      internConv({
        rank: 2,
        batch,
        inChannels: 4 * channels,
        outChannels: 5 * channels,
        groups: 1,
        inSize: [1, size, size + 1],
        outSize: [1, size, size + 1],
        kernel: [1, 3, 3],
        stride: [1, 1, 1],
        dilation: [1, 1, 1],
        padLow: [0, 1, 1],
        padHigh: [0, 1, 1],
      });
    // The same choices each time: whether there is a bias, which activation, which offsets.
    const compare = (batch: number): void => {
      for (const [i, size] of [7, 8, 9, 13, 20].entries()) compareAll(twice, at(size, batch, (i % 4) + 1), numbers(6), numbers(5));
    };
    compare(1);
    const before = counts.programs;
    compare(2);
    compare(5);
    expect(counts.programs).toBe(before);
  });

  it('NaN and infinity reach the outputs whose window holds them, and no other', () => {
    const g = internConv({
      rank: 2,
      batch: 1,
      inChannels: 5,
      outChannels: 6,
      groups: 1,
      inSize: [1, 9, 10],
      outSize: [1, 9, 10],
      kernel: [1, 3, 3],
      stride: [1, 1, 1],
      dilation: [1, 1, 1],
      padLow: [0, 1, 1],
      padHigh: [0, 1, 1],
    });
    const spoiled = (at: number, value: number) => (i: number) => (i === at ? value : 1 + (i % 7));
    const twice = new Twice(backend);
    const w = twice.of([6, 5, 1, 3, 3], (i) => 1 + (i % 5));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const x = twice.of([1, 5, 1, 9, 10], spoiled(137, value));
      const dy = twice.of([1, 6, 1, 9, 10], spoiled(200, value));
      const [y, dx, dw] = [twice.of([1, 6, 1, 9, 10], null), twice.of([1, 5, 1, 9, 10], null), twice.of([6, 5, 1, 3, 3], null)];
      twice.run((b, i) => {
        b.conv?.(x[i], w[i], null, g, null, y[i]);
        b.convGradInput?.(dy[i], w[i], g, dx[i]);
        b.convGradWeight?.(x[i], dy[i], g, false, dw[i]);
      });
      twice.compare(y, 'forward', `y with ${value}`);
      twice.compare(dx, 'gradient', `dx with ${value}`);
      twice.compare(dw, 'gradient', `dw with ${value}`);
    }
    twice.free();
  });
});

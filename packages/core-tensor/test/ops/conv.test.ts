import { describe, expect, it } from 'vitest';
import {
  conv1d,
  conv2d,
  conv3d,
  convBackward,
  type ConvGeometry,
  convGradInputOp,
  convGradWeightOp,
  convInputShape,
  convNd,
  convOutputShape,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  convWeightShape,
  dispatch,
  internConv,
  mul,
  sizeOf,
  type Spatial,
  sum,
} from '../../src/index.js';
import { bothWays, closeTo, Numbers, runOn } from './support.js';

const functions = { 1: conv1d, 2: conv2d, 3: conv3d };

/** The definition, with padding read as 0: x [batch, c, *s], w [out, c / groups, *k] as 3-D. */
function byDefinition(g: ConvGeometry, x: number[], w: number[], bias: number[]): number[] {
  const y: number[] = [];
  const perGroup = g.inChannels / g.groups;
  const at = (s: Spatial, d: number, h: number, c: number): number => (d * s[1] + h) * s[2] + c;
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let qd = 0; qd < g.outSize[0]; qd++)
        for (let qh = 0; qh < g.outSize[1]; qh++)
          for (let qw = 0; qw < g.outSize[2]; qw++) {
            let total = bias[o];
            const group = Math.floor(o / (g.outChannels / g.groups));
            for (let c = 0; c < perGroup; c++)
              for (let kd = 0; kd < g.kernel[0]; kd++)
                for (let kh = 0; kh < g.kernel[1]; kh++)
                  for (let kw = 0; kw < g.kernel[2]; kw++) {
                    const d = qd * g.stride[0] - g.padLow[0] + kd * g.dilation[0];
                    const h = qh * g.stride[1] - g.padLow[1] + kh * g.dilation[1];
                    const v = qw * g.stride[2] - g.padLow[2] + kw * g.dilation[2];
                    if (d < 0 || h < 0 || v < 0 || d >= g.inSize[0] || h >= g.inSize[1] || v >= g.inSize[2]) continue;
                    const plane = n * g.inChannels + group * perGroup + c;
                    total +=
                      x[plane * g.inSize[0] * g.inSize[1] * g.inSize[2] + at(g.inSize, d, h, v)] *
                      w[(o * perGroup + c) * g.kernel[0] * g.kernel[1] * g.kernel[2] + at(g.kernel, kd, kh, kw)];
                  }
            y.push(total);
          }
  return y;
}

function randomGeometry(r: Numbers, rank: 1 | 2 | 3): ConvGeometry {
  const groups = r.int(1, 3);
  const axis = (i: number) => {
    if (i < 3 - rank) return { size: 1, kernel: 1, stride: 1, dilation: 1, pad: 0, out: 1 };
    const [kernel, stride, dilation, pad] = [r.int(1, 3), r.int(1, 3), r.int(1, 2), r.int(0, 2)];
    const extent = dilation * (kernel - 1) + 1;
    const size = Math.max(1, extent - 2 * pad) + r.int(0, 4);
    return { size, kernel, stride, dilation, pad, out: Math.floor((size + 2 * pad - extent) / stride) + 1 };
  };
  const axes = [axis(0), axis(1), axis(2)];
  const pick = (key: keyof (typeof axes)[0]): Spatial => axes.map((a) => a[key]) as unknown as Spatial;
  return internConv({
    rank,
    batch: r.int(1, 3),
    inChannels: groups * r.int(1, 2),
    outChannels: groups * r.int(1, 3),
    groups,
    inSize: pick('size'),
    outSize: pick('out'),
    kernel: pick('kernel'),
    stride: pick('stride'),
    dilation: pick('dilation'),
    padLow: pick('pad'),
    padHigh: pick('pad'),
  });
}

describe('conv, by kernels and by decomposition', () => {
  for (const rank of [1, 2, 3] as const) {
    it(`conv${rank}d follows its definition over random geometries`, () => {
      const r = new Numbers(rank);
      for (let i = 0; i < 25; i++) {
        const g = randomGeometry(r, rank);
        const user = (shape: readonly number[]) => [...shape.slice(0, 2), ...shape.slice(5 - rank)];
        const [x, w, b] = [convInputShape(g), convWeightShape(g), [g.outChannels]].map((s) => r.list(sizeOf(s)));
        const options: ConvOptions = {
          stride: g.stride.slice(3 - rank),
          padding: g.padLow.slice(3 - rank),
          dilation: g.dilation.slice(3 - rank),
          groups: g.groups,
        };
        const [y] = bothWays((t) =>
          functions[rank](t(x, user(convInputShape(g))), t(w, user(convWeightShape(g))), t(b, [g.outChannels]), options),
        );
        expect(y.shape).toEqual(user(convOutputShape(g)));
        closeTo(y.values, byDefinition(g, x, w, b));
      }
    });

    it(`the gradients of conv${rank}d are its adjoints`, () => {
      const r = new Numbers(rank + 10);
      for (let i = 0; i < 15; i++) {
        const g = randomGeometry(r, rank);
        const [x, w, dy] = [convInputShape(g), convWeightShape(g), convOutputShape(g)].map((s) => r.list(sizeOf(s)));
        const [dx, dw, db] = bothWays((t) => {
          const operands = [t(x, convInputShape(g)), t(w, convWeightShape(g)), t(dy, convOutputShape(g))] as const;
          return convBackward(...operands, g, { dx: true, dw: true, db: true });
        });
        // <conv(x, w), dy> is linear in each of x and w.
        const y = byDefinition(g, x, w, new Array(g.outChannels).fill(0));
        const inner = (a: number[], b: number[]): number => a.reduce((s, v, k) => s + v * b[k], 0);
        closeTo([inner(dx.values, x), inner(dw.values, w)], [inner(y, dy), inner(y, dy)]);
        const one = new Array(g.outChannels).fill(0).map((_, o) => (o === 0 ? 1 : 0));
        closeTo(
          [db.values[0]],
          [
            inner(
              byDefinition(
                g,
                x.map(() => 0),
                w,
                one,
              ),
              dy,
            ),
          ],
        );
        const [gx, gw] = bothWays((t) => [
          dispatch(convGradInputOp, [t(dy, convOutputShape(g)), t(w, convWeightShape(g))], { geometry: g }),
          dispatch(convGradWeightOp, [t(x, convInputShape(g)), t(dy, convOutputShape(g))], { geometry: g }),
        ]);
        closeTo(gx.values, dx.values);
        closeTo(gw.values, dw.values);
      }
    });
  }

  it('makes only the gradients that are wanted', () => {
    const g = randomGeometry(new Numbers(3), 2);
    for (const want of [
      { dx: true, dw: false, db: true },
      { dx: false, dw: true, db: false },
      { dx: false, dw: false, db: true },
    ]) {
      bothWays((t) => {
        const made = convBackward(
          t(new Numbers(1).list(sizeOf(convInputShape(g))), convInputShape(g)),
          t(new Numbers(2).list(sizeOf(convWeightShape(g))), convWeightShape(g)),
          t(new Numbers(3).list(sizeOf(convOutputShape(g))), convOutputShape(g)),
          g,
          want,
        );
        expect({ dx: made.dx !== null, dw: made.dw !== null, db: made.db !== null }).toEqual(want);
        return made;
      });
    }
  });

  it('keeps the size under "same", the odd zero at the end', () => {
    // A kernel of two ones sums each element and the next: the padding stands behind the last.
    const [y] = bothWays((t) => conv1d(t([1, 2, 3], [1, 3]), t([1, 1], [1, 1, 2]), null, { padding: 'same' }));
    expect(y).toMatchObject({ shape: [1, 3], values: [3, 5, 3] });
    const [z] = bothWays((t) => conv1d(t([1, 2, 3, 4], [1, 4]), t([1, 10, 100, 1000], [1, 1, 4]), null, { padding: 'same' }));
    expect(z.values).toEqual([3210, 4321, 432, 43]);
    const [v] = bothWays((t) => conv1d(t([1, 2, 3], [1, 3]), t([1, 1], [1, 1, 2]), null, { padding: 'valid' }));
    expect(v.values).toEqual([3, 5]);
  });

  it('takes unbatched, empty and strided input', () => {
    const r = new Numbers(5);
    const [x, w] = [r.list(2 * 5 * 4), r.list(3 * 2 * 3 * 2)];
    const [one] = bothWays((t) => conv2d(t(x, [2, 5, 4]), t(w, [3, 2, 3, 2])));
    const [many] = bothWays((t) => conv2d(t(x, [1, 2, 5, 4]), t(w, [3, 2, 3, 2])));
    expect(one.shape).toEqual([3, 3, 3]);
    expect(many.shape).toEqual([1, 3, 3, 3]);
    expect(one.values).toEqual(many.values);
    const [empty] = bothWays((t) => conv2d(t([], [0, 2, 5, 4]), t(w, [3, 2, 3, 2])));
    expect(empty).toMatchObject({ shape: [0, 3, 3, 3], values: [] });
    const [turned] = bothWays((t) => conv2d(t(x, [2, 5, 4]).transpose(1, 2).transpose(1, 2).contiguous(), t(w, [3, 2, 3, 2])));
    const [view] = bothWays((t) =>
      conv2d(
        t(x, [2, 5, 4]).transpose(1, 2).contiguous().transpose(1, 2),
        t(w, [2, 3, 3, 2]).transpose(0, 1).contiguous().slice(null, null, null, null),
      ),
    );
    expect(turned.values).toEqual(one.values);
    expect(view.shape).toEqual([3, 3, 3]);
  });

  it('applies a fused activation', () => {
    const r = new Numbers(6);
    const [x, w, b] = [r.list(20), r.list(12), r.list(3)];
    for (const [name, f] of [
      ['relu', (v: number) => Math.max(v, 0)],
      ['sigmoid', (v: number) => 1 / (1 + Math.exp(-v))],
      ['tanh', Math.tanh],
    ] as const) {
      const [plain] = runOn('native', (t) => convNd(2, t(x, [1, 1, 4, 5]), t(w, [3, 1, 2, 2]), t(b, [3])));
      const [fused] = bothWays((t) => convNd(2, t(x, [1, 1, 4, 5]), t(w, [3, 1, 2, 2]), t(b, [3]), {}, name));
      closeTo(fused.values, plain.values.map(f));
    }
  });

  it('a large batch is worked off in parts, with the same result', () => {
    const r = new Numbers(8);
    const [x, w] = [r.list(3 * 300 * 300), r.list(5 * 5 * 2)];
    bothWays((t) => conv2d(t(x, [3, 1, 300, 300]), t(w, [2, 1, 5, 5]), null, { padding: 2 }), 'float32');
    bothWays((t) => convTranspose2d(t(x, [3, 1, 300, 300]), t(w, [1, 2, 5, 5])), 'float32');
    const g = internConv({
      rank: 2,
      batch: 3,
      inChannels: 1,
      outChannels: 2,
      groups: 1,
      inSize: [1, 300, 300],
      outSize: [1, 296, 296],
      kernel: [1, 5, 5],
      stride: [1, 1, 1],
      dilation: [1, 1, 1],
      padLow: [0, 0, 0],
      padHigh: [0, 0, 0],
    });
    const dy = r.list(3 * 2 * 296 * 296);
    bothWays((t) => dispatch(convGradWeightOp, [t(x, [3, 1, 1, 300, 300]), t(dy, [3, 2, 1, 296, 296])], { geometry: g }));
  });

  it('whole-number input computes in the dtype of the weight', () => {
    const [y] = bothWays((t) => conv1d(t([1, 2, 3], [1, 3], 'int32'), t([0.5, 1], [1, 1, 2])));
    expect(y).toMatchObject({ dtype: 'float64', values: [2.5, 4] });
  });
});

describe('convTranspose', () => {
  it('is the adjoint of conv, with outputPadding at the end', () => {
    // stride 2: the elements two apart, the kernel between them, one more column at the end.
    const [y] = bothWays((t) =>
      convTranspose1d(t([1, 2], [1, 2]), t([1, 10, 100], [1, 1, 3]), t([0.5], [1]), { stride: 2, outputPadding: 1 }),
    );
    expect(y).toMatchObject({ shape: [1, 6], values: [1.5, 10.5, 102.5, 20.5, 200.5, 0.5] });
    const r = new Numbers(4);
    const [x, w, z] = [r.list(2 * 4 * 3 * 4), r.list(4 * 3 * 2 * 3), r.list(2 * 6 * 5 * 8)];
    const options = { stride: 2, padding: [1, 1], outputPadding: 1, groups: 2 };
    const [up, forth, back] = bothWays((t) => {
      const u = convTranspose2d(t(x, [2, 4, 3, 4]), t(w, [4, 3, 2, 3]), null, options);
      const target = t(z, [2, 6, 5, 8]);
      const down = conv2d(target, t(w, [4, 3, 2, 3]), null, { stride: 2, padding: 1, groups: 2 });
      return [u, sum(mul(u, target)), sum(mul(down.slice(null, null, [0, 3], [0, 4]), t(x, [2, 4, 3, 4])))];
    });
    expect(up.shape).toEqual([2, 6, 5, 8]);
    closeTo(forth.values, back.values);
    const [volume] = bothWays((t) => convTranspose3d(t([2], [1, 1, 1, 1, 1]), t([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 2, 2])));
    expect(volume).toMatchObject({ shape: [1, 1, 2, 2, 2], values: [2, 4, 6, 8, 10, 12, 14, 16] });
  });
});

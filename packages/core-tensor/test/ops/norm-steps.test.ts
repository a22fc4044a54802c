import { describe, expect, it } from 'vitest';
import {
  adamStep,
  type AdamAttrs,
  batchNorm,
  batchNormBackward,
  batchNormTrainOp,
  dispatchAll,
  type SgdAttrs,
  sgdStep,
  tensor,
  zeros,
} from '../../src/index.js';
import { bothWays, closeTo, Numbers } from './support.js';

const z = (...shape: number[]) => zeros(shape, { backend: 'native' });

describe('batchNorm', () => {
  it('normalises by the biased variance and keeps the unbiased one', () => {
    // Channel 0: 1, 3, 5, 7 (mean 4, variance 5, unbiased 20 / 3); channel 1: constant.
    const x = [1, 3, 2, 2, 5, 7, 2, 2];
    const [y, mean, variance] = bothWays((t) => {
      const running = [t([0, 1], [2]), t([1, 1], [2])];
      const out = batchNorm(t(x, [2, 2, 2]), running[0], running[1], t([2, 1], [2]), t([1, 5], [2]), true, 0.1, 0);
      return [out, ...running];
    });
    const s = 2 / Math.sqrt(5);
    closeTo(
      y.values.filter((_, i) => i % 4 < 2),
      [1 - 3 * s, 1 - s, 1 + s, 1 + 3 * s],
    );
    closeTo(mean.values, [0.4, 1.1]);
    closeTo([variance.values[0]], [0.9 + 0.1 * (20 / 3)]);
  });

  it('uses the running statistics outside of training, and changes nothing', () => {
    const x = new Numbers(1).list(2 * 3 * 4 * 5);
    const [rm, rv, w, b] = [
      [1, 0, -1],
      [1, 4, 0.25],
      [1, 2, 3],
      [0, 1, 2],
    ];
    const [y, m, v] = bothWays((t) => {
      const stats = [t(rm, [3]), t(rv, [3])] as const;
      return [batchNorm(t(x, [2, 3, 4, 5]), ...stats, t(w, [3]), t(b, [3])), ...stats];
    });
    closeTo(
      y.values,
      x.map((e, i) => {
        const c = Math.floor(i / 20) % 3;
        return ((e - rm[c]) / Math.sqrt(rv[c] + 1e-5)) * w[c] + b[c];
      }),
    );
    expect([m.values, v.values]).toEqual([rm, rv]);
  });

  it('gradients agree with finite differences', () => {
    const r = new Numbers(2);
    const [x, dy, w, b] = [r.list(12), r.list(12), r.list(2), r.list(2)];
    const loss = (at: { x: number[]; w: number[]; b: number[] }): number => {
      const [l] = bothWays((t) => {
        const [y] = dispatchAll(batchNormTrainOp, [t(at.x, [3, 2, 2]), t(at.w, [2]), t(at.b, [2])], { eps: 1e-3 });
        return y.mul(t(dy, [3, 2, 2])).sum();
      });
      return l.values[0];
    };
    const [dx, dw, db] = bothWays((t) => {
      const [, mean, invStd] = dispatchAll(batchNormTrainOp, [t(x, [3, 2, 2]), null, null], { eps: 1e-3 });
      return batchNormBackward(t(x, [3, 2, 2]), t(dy, [3, 2, 2]), t(w, [2]), mean, invStd, { dw: true, db: true });
    });
    for (const [name, made] of [
      ['x', dx],
      ['w', dw],
      ['b', db],
    ] as const) {
      const base = { x, w, b };
      const numeric = base[name].map((_, i) => {
        const move = (h: number) => loss({ ...base, [name]: base[name].map((v, k) => (k === i ? v + h : v)) });
        return (move(1e-5) - move(-1e-5)) / 2e-5;
      });
      closeTo(made.values, numeric, 1e-8);
    }
    // Unwanted gradients are not made; without a weight it counts as 1.
    const [only] = bothWays((t) => {
      const [, mean, invStd] = dispatchAll(batchNormTrainOp, [t(x, [3, 2, 2]), null, null], { eps: 1e-3 });
      const made = batchNormBackward(t(x, [3, 2, 2]), t(dy, [3, 2, 2]), null, mean, invStd, { dw: false, db: true });
      expect(made.dw).toBeNull();
      return [made.db];
    });
    closeTo(only.values, db.values);
  });

  it.each([
    [
      'one value',
      () => batchNorm(z(1, 3), z(3), z(3), null, null, true),
      'ShapeError',
      /more than one value per channel in training, got input \[1, 3\]/,
    ],
    ['rank', () => batchNorm(z(3), z(3), z(3)), 'ShapeError', /expected input \[batch, channels, ...\], got \[3\]/],
    ['channels', () => batchNorm(z(2, 3), z(4), z(4)), 'ShapeError', /expected runningMean \[3\] \(input \[2, 3\]\), got \[4\]/],
    ['weight', () => batchNorm(z(2, 3), z(3), z(3), z(2)), 'ShapeError', /expected weight \[3\]/],
    ['no statistics', () => batchNorm(z(2, 3), null, null), 'DTypeError', /running statistics outside of training/],
    ['momentum', () => batchNorm(z(2, 3), z(3), z(3), null, null, true, -1), 'ShapeError', /momentum in \[0, 1\], got -1/],
  ] as [string, () => unknown, string, RegExp][])('refuses: %s', (_, run, name, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ name }));
  });
});

describe('optimizer steps', () => {
  const [p, g1, g2] = [
    [1, -2, 0.5],
    [0.5, 1, -1],
    [-0.25, 2, 1],
  ];

  function sgd(attrs: Omit<SgdAttrs, 'dynamic'>): number[][] {
    return bothWays((t) => {
      const [parameter, buffer] = [t(p, [3]), attrs.momentum ? t([9, 9, 9], [3]) : null];
      const version = parameter.ref.buffer.version;
      sgdStep(parameter, t(g1, [3]), buffer, { ...attrs, dynamic: { lr: 0.1, firstStep: true } });
      expect(parameter.ref.buffer.version).toBeGreaterThan(version);
      sgdStep(parameter, t(g2, [3]), buffer, { ...attrs, dynamic: { lr: 0.2, firstStep: false } });
      return [parameter, buffer];
    }).map((r) => r.values);
  }

  it('SGD: plain, weight decay, momentum with dampening, nesterov', () => {
    const plain = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false };
    closeTo(
      sgd(plain)[0],
      p.map((v, i) => v - 0.1 * g1[i] - 0.2 * g2[i]),
    );
    const decay = p.map((v, i) => {
      const once = v - 0.1 * (g1[i] + 0.5 * v);
      return once - 0.2 * (g2[i] + 0.5 * once);
    });
    closeTo(sgd({ ...plain, weightDecay: 0.5 })[0], decay);
    const b2 = g1.map((g, i) => 0.9 * g + 0.75 * g2[i]);
    const [withMomentum, buffer] = sgd({ ...plain, momentum: 0.9, dampening: 0.25 });
    closeTo(
      withMomentum,
      p.map((v, i) => v - 0.1 * g1[i] - 0.2 * b2[i]),
    );
    closeTo(buffer, b2);
    const n2 = g1.map((g, i) => 0.9 * g + g2[i]);
    closeTo(
      sgd({ ...plain, momentum: 0.9, nesterov: true })[0],
      p.map((v, i) => v - 0.1 * 1.9 * g1[i] - 0.2 * (g2[i] + 0.9 * n2[i])),
    );
  });

  it('Adam and AdamW', () => {
    for (const decoupled of [false, true]) {
      const attrs: Omit<AdamAttrs, 'dynamic'> = { beta1: 0.9, beta2: 0.99, eps: 1e-3, weightDecay: 0.1, decoupled };
      const step = (t: number) => ({
        ...attrs,
        dynamic: { lr: 0.1, biasCorrection1: 1 - 0.9 ** t, biasCorrection2: 1 - 0.99 ** t },
      });
      const [got, m, v] = bothWays((t) => {
        const [parameter, first, second] = [t(p, [3]), t([0, 0, 0], [3]), t([0, 0, 0], [3])];
        adamStep(parameter, t(g1, [3]), first, second, step(1));
        adamStep(parameter, t(g2, [3]), first, second, step(2));
        return [parameter, first, second];
      });
      const state = p.map((x) => ({ x, m: 0, v: 0 }));
      [g1, g2].forEach((gradient, k) => {
        state.forEach((s, i) => {
          const g = gradient[i] + (decoupled ? 0 : 0.1 * s.x);
          if (decoupled) s.x *= 1 - 0.1 * 0.1;
          s.m = 0.9 * s.m + 0.1 * g;
          s.v = 0.99 * s.v + 0.01 * g * g;
          s.x -= ((0.1 / (1 - 0.9 ** (k + 1))) * s.m) / (Math.sqrt(s.v) / Math.sqrt(1 - 0.99 ** (k + 1)) + 1e-3);
        });
      });
      closeTo(
        got.values,
        state.map((s) => s.x),
      );
      closeTo(
        m.values,
        state.map((s) => s.m),
      );
      closeTo(
        v.values,
        state.map((s) => s.v),
      );
    }
  });

  it('a strided parameter and gradient are stepped in place too', () => {
    const [whole] = bothWays((t) => {
      const base = t([1, 2, 3, 4, 5, 6], [3, 2]);
      const attrs = { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, dynamic: { lr: 1, firstStep: true } };
      sgdStep(base.select(1, 0), t([1, 1, 2, 2, 3, 3], [3, 2]).select(1, 1), null, attrs);
      return base;
    });
    expect(whole.values).toEqual([0, 2, 1, 4, 2, 6]);
  });

  it('refuses before anything changes', () => {
    const attrs = { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, dynamic: { lr: 1, firstStep: true } };
    const parameter = tensor([1, 2], { backend: 'native' });
    const other = tensor([1, 2], { backend: 'bare' });
    expect(() => sgdStep(parameter, z(3), z(2), attrs)).toThrow(/\[sgdStep\] expected gradient of the parameter's shape \[2\], got \[3\]/);
    expect(() => sgdStep(parameter, z(2), null, attrs)).toThrow(/momentum buffer for momentum 0.9, got none/);
    expect(() => sgdStep(parameter, z(2).cast('int32'), z(2), attrs)).toThrow(expect.objectContaining({ name: 'DTypeError' }));
    expect(() => sgdStep(parameter, other, z(2), attrs)).toThrow(expect.objectContaining({ name: 'BackendError' }));
    const freed = z(2);
    freed.dispose();
    expect(() => sgdStep(parameter, freed, z(2), attrs)).toThrow(expect.objectContaining({ name: 'DisposedError' }));
    expect(Array.from(parameter.dataSync())).toEqual([1, 2]);
  });
});

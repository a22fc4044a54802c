import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { expectClose, numbersFrom, oneThread, Operands } from './operands.js';

const backend = await oneThread();
const operands = new Operands(backend);

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 9 }),
  channels: fc.integer({ min: 1, max: 9 }),
  inner: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 70 })),
  centre: fc.constantFrom(0, 3, -100, 1e4),
  withWeight: fc.boolean(),
  withBias: fc.boolean(),
  seed: fc.integer(),
});

it('batchNormTrain and batchNormGrad are those of doubles, far from 0 too', () => {
  fc.assert(
    fc.property(sizes, ({ batch, channels, inner, centre, withWeight, withBias, seed }) => {
      const next = numbersFrom(seed);
      const shape = [batch, channels, inner];
      const x = operands.of('float32', shape, () => next() + centre);
      const dy = operands.of('float32', shape, next);
      const weight = withWeight ? operands.of('float32', [channels], next) : null;
      const bias = withBias ? operands.of('float32', [channels], next) : null;
      const out = {
        y: operands.empty('float32', shape),
        mean: operands.empty('float32', [channels]),
        invStd: operands.empty('float32', [channels]),
      };
      const eps = 1e-5;
      backend.batchNormTrain?.(x, weight, bias, { eps }, out);
      const dx = operands.empty('float32', shape);
      const dw = weight && operands.empty('float32', [channels]);
      const db = bias && operands.empty('float32', [channels]);
      backend.batchNormGrad?.(x, dy, weight, out.mean, out.invStd, { dx, dw, db });

      const [xs, dys, ys, dxs] = [x, dy, out.y, dx].map((t) => operands.values(t));
      const [means, invStds] = [out.mean, out.invStd].map((t) => operands.values(t));
      const [ws, bs, dws, dbs] = [weight, bias, dw, db].map((t) => t && operands.values(t));
      for (let c = 0; c < channels; c++) {
        const at = xs.map((_, i) => i).filter((i) => Math.floor(i / inner) % channels === c);
        const average = (f: (i: number) => number) => at.reduce((s, i) => s + f(i), 0) / at.length;
        const mean = average((i) => xs[i]);
        const invStd = 1 / Math.sqrt(average((i) => (xs[i] - mean) ** 2) + eps);
        expectClose([means[c], invStds[c]], [mean, invStd], 1.3e-7, 'statistics', 0);
        const weightOf = ws ? ws[c] : 1;
        const y = at.map((i) => (xs[i] - mean) * invStd * weightOf + (bs ? bs[c] : 0));
        expectClose(
          at.map((i) => ys[i]),
          y,
          1e-6,
          'y',
        );
        // The gradient starts from the statistics as they were saved, in float32.
        const [m, s] = [means[c], invStds[c]];
        const h = (i: number) => (xs[i] - m) * s;
        const meanDy = average((i) => dys[i]);
        const meanProduct = average((i) => dys[i] * h(i));
        const scale = weightOf * s;
        const terms = Math.max(...at.map((i) => Math.abs(scale) * (Math.abs(dys[i]) + Math.abs(meanDy) + Math.abs(h(i) * meanProduct))));
        expectClose(
          at.map((i) => dxs[i]),
          at.map((i) => scale * (dys[i] - meanDy - h(i) * meanProduct)),
          1e-6,
          'dx',
          terms,
        );
        const magnitude = 1 + at.reduce((sum, i) => sum + Math.abs(dys[i] * h(i)), 0);
        if (dws) expectClose([dws[c]], [meanProduct * at.length], 3e-7, 'dw', magnitude);
        if (dbs) expectClose([dbs[c]], [meanDy * at.length], 1e-7, 'db');
      }
      operands.done(out.y, out.mean, out.invStd, dx, dw, db);
    }),
    { numRuns: rounds(150), seed: 1 },
  );
});

it('a NaN spoils its channel and no other', () => {
  const shape = [2, 3, 6];
  const x = operands.of('float32', shape, (i) => (i === 8 ? NaN : i % 5));
  const out = {
    y: operands.empty('float32', shape),
    mean: operands.empty('float32', [3]),
    invStd: operands.empty('float32', [3]),
  };
  backend.batchNormTrain?.(x, null, null, { eps: 1e-5 }, out);
  operands.values(out.y).forEach((v, i) => expect(Number.isNaN(v), `element ${i}`).toBe(Math.floor(i / 6) % 3 === 1));
  operands.done(out.y, out.mean, out.invStd);
});

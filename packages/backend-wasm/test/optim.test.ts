import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { expectClose, numbersFrom, oneThread, Operands } from './operands.js';

const backend = await oneThread();
const operands = new Operands(backend);
const sizes = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1000, max: 3100 }));

it('sgdStep over three steps in every mode', () => {
  fc.assert(
    fc.property(
      sizes,
      fc.constantFrom(0, 0.9),
      fc.boolean(),
      fc.constantFrom(0, 0.01),
      fc.integer(),
      (n, momentum, nesterov, weightDecay, seed) => {
        const next = numbersFrom(seed);
        const dampening = nesterov || momentum === 0 ? 0 : 0.25;
        const p = operands.of('float32', [n], next);
        const ps = operands.values(p);
        // Poison: the first step may not read it.
        const buffer = momentum > 0 ? operands.empty('float32', [n]) : null;
        let bufs = ps.map(() => 0);
        for (let step = 0; step < 3; step++) {
          const g = operands.of('float32', [n], next);
          const gs = operands.values(g);
          const dynamic = { lr: 0.1 / (step + 1), firstStep: step === 0 };
          backend.sgdStep?.(p, g, buffer, { momentum, dampening, weightDecay, nesterov: nesterov && momentum > 0, dynamic });
          const ds = gs.map((v, i) => v + weightDecay * ps[i]);
          bufs = step === 0 ? ds.slice() : bufs.map((v, i) => momentum * v + (1 - dampening) * ds[i]);
          const steps = momentum === 0 ? ds : nesterov ? ds.map((v, i) => v + momentum * bufs[i]) : bufs;
          for (let i = 0; i < n; i++) ps[i] -= dynamic.lr * steps[i];
          expectClose(operands.values(p), ps, 1e-6, 'parameter');
          if (buffer) expectClose(operands.values(buffer), bufs, 1e-6, 'buffer');
        }
        operands.done(p, buffer);
      },
    ),
    { numRuns: rounds(60), seed: 1 },
  );
});

it('adamStep over three steps, decoupled and not', () => {
  fc.assert(
    fc.property(sizes, fc.boolean(), fc.constantFrom(0, 0.1), fc.integer(), (n, decoupled, weightDecay, seed) => {
      const next = numbersFrom(seed);
      const [beta1, beta2, eps, lr] = [0.9, 0.999, 1e-8, 0.01];
      const p = operands.of('float32', [n], next);
      const m = operands.of('float32', [n], () => 0);
      const v = operands.of('float32', [n], () => 0);
      const ps = operands.values(p);
      const ms = ps.map(() => 0);
      const vs = ps.map(() => 0);
      for (let step = 1; step <= 3; step++) {
        const g = operands.of('float32', [n], next);
        const gs = operands.values(g);
        const dynamic = { lr, biasCorrection1: 1 - beta1 ** step, biasCorrection2: 1 - beta2 ** step };
        backend.adamStep?.(p, g, m, v, { beta1, beta2, eps, weightDecay, decoupled, dynamic });
        for (let i = 0; i < n; i++) {
          if (decoupled) ps[i] *= 1 - lr * weightDecay;
          const d = gs[i] + (decoupled ? 0 : weightDecay * ps[i]);
          ms[i] = beta1 * ms[i] + (1 - beta1) * d;
          vs[i] = beta2 * vs[i] + (1 - beta2) * d * d;
          ps[i] -= ((lr / dynamic.biasCorrection1) * ms[i]) / (Math.sqrt(vs[i]) / Math.sqrt(dynamic.biasCorrection2) + eps);
        }
        expectClose(operands.values(p), ps, 1e-6, 'parameter');
        expectClose(operands.values(m), ms, 1e-6, 'm');
        expectClose(operands.values(v), vs, 1e-6, 'v');
      }
      operands.done(p, m, v);
    }),
    { numRuns: rounds(60), seed: 1 },
  );
});

it('without decay an infinite parameter stays infinite', () => {
  const p = operands.of('float32', [5], () => Infinity);
  const g = operands.of('float32', [5], () => 1);
  backend.sgdStep?.(p, g, null, {
    momentum: 0,
    dampening: 0,
    weightDecay: 0,
    nesterov: false,
    dynamic: { lr: 0.1, firstStep: true },
  });
  expect(operands.values(p)).toEqual(new Array(5).fill(Infinity));
  operands.done(p);
});

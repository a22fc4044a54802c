/** Optimizer steps: every option against plain loops, over several steps, in one draw each. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, type Pair, Twins } from './twins.js';

describe.skipIf(!hasWebgl)('optimizer steps', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });
  const numbers = new Numbers(3);
  const make = (n: number, offset: number): Pair => twins.input(numbers.floats(n), [n], 'float32', offset);
  const positive = (n: number, offset: number): Pair => twins.input(numbers.floats(n).map(Math.abs), [n], 'float32', offset);

  async function same(name: string, ...pairs: readonly Pair[]): Promise<void> {
    for (const [i, pair] of pairs.entries()) expect(await twins.difference(pair, 'training'), `${name}, operand ${i}`).toBe(null);
    twins.free(...pairs);
  }

  it('sgd', async () => {
    for (const momentum of [0, 0.9]) {
      for (const [dampening, weightDecay, nesterov] of [
        [0, 0, false],
        [0.25, 0.01, false],
        [0, 0.01, true],
      ] as const) {
        for (const offset of [0, 3]) {
          const [p, g] = [make(26, offset), make(26, 0)];
          const buffer = momentum === 0 ? null : twins.input(new Float32Array(26).fill(Number.NaN), [26], 'float32', offset);
          for (let step = 0; step < 3; step++) {
            const dynamic = { lr: 0.1 / (step + 1), firstStep: step === 0 };
            twins.run((backend, of) =>
              backend.sgdStep?.(of(p), of(g), buffer && of(buffer), { momentum, dampening, weightDecay, nesterov, dynamic }),
            );
          }
          const name = `momentum ${momentum}, dampening ${dampening}, weightDecay ${weightDecay}, nesterov ${nesterov}, offset ${offset}`;
          await same(name, p, ...(buffer ? [buffer] : []));
          twins.free(g);
        }
      }
    }
  });

  it('adam and adamw', async () => {
    for (const decoupled of [false, true]) {
      for (const offset of [0, 5]) {
        const [p, g, m, v] = [make(19, offset), make(19, 1), make(19, 0), positive(19, offset)];
        for (let step = 1; step < 4; step++) {
          const dynamic = { lr: 0.01, biasCorrection1: 1 - 0.9 ** step, biasCorrection2: 1 - 0.999 ** step };
          const attrs = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1, decoupled, dynamic };
          twins.run((backend, of) => backend.adamStep?.(of(p), of(g), of(m), of(v), attrs));
        }
        await same(`decoupled ${decoupled}, offset ${offset}`, p, m, v);
        twins.free(g);
      }
    }
  });

  it('a step is one draw', () => {
    const [p, g, b, v] = [make(2400, 0), make(2400, 0), make(2400, 0), positive(2400, 0)];
    const before = twins.gpu.statistics().draws;
    const dynamic = { lr: 0.1, firstStep: false, biasCorrection1: 0.1, biasCorrection2: 0.1 };
    twins.gpu.sgdStep?.(p.gpu, g.gpu, b.gpu, { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, dynamic });
    expect(twins.gpu.statistics().draws - before).toBe(1);
    twins.gpu.adamStep?.(p.gpu, g.gpu, b.gpu, v.gpu, { beta1: 0.9, beta2: 0.9, eps: 0, weightDecay: 0, decoupled: true, dynamic });
    expect(twins.gpu.statistics().draws - before).toBe(2);
  });

  it('a step that fails changes nothing', async () => {
    const gpu = await makeWebgl({ maxTotalBytes: 2 ** 17 });
    const own = new Twins(gpu);
    const n = 2 ** 12;
    const [p, g, b] = [1, 2, 3].map((v) => own.input(new Float32Array(n).fill(v), [n]));
    const ballast = own.input(new Float32Array(2 ** 14), [2 ** 14]);
    const dynamic = { lr: 0.1, firstStep: false };
    const attrs = { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, dynamic };
    expect(() => gpu.sgdStep?.(p.gpu, g.gpu, b.gpu, attrs)).toThrow(/expected at most/);
    expect(await own.difference(p, 'training')).toBe(null);
    expect(await own.difference(b, 'training')).toBe(null);
    own.free(ballast);
    own.run((backend, of) => backend.sgdStep?.(of(p), of(g), of(b), attrs));
    expect(await own.difference(p, 'training')).toBe(null);
    expect(await own.difference(b, 'training')).toBe(null);
    gpu.dispose();
  });
});

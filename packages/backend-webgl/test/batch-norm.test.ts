/** Batch normalisation and its gradient: channels first and last in memory, any sizes, means far from 0. */
import { beforeAll, describe, expect, it } from 'vitest';
import { hasWebgl, makeWebgl } from './harness.js';
import { Numbers, type Pair, Twins } from './twins.js';

type Shape = readonly [batch: number, channels: number, inner: number];
const shapes: readonly Shape[] = [
  [2, 1, 1],
  [7, 3, 1],
  [300, 6, 1],
  [64, 32, 1],
  [3, 2, 4],
  [2, 5, 7],
  [4, 3, 2],
  [16, 6, 49],
  [8, 16, 64],
  [2, 3, 10_001],
  [2000, 2, 5],
];

describe.skipIf(!hasWebgl)('batch norm', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = new Twins(await makeWebgl());
  });
  const numbers = new Numbers(1);
  const make = (shape: readonly number[], offset = 0, mean = 0, deviation = 1): Pair =>
    twins.input(
      numbers.floats(
        shape.reduce((a, b) => a * b, 1),
        mean,
        deviation,
      ),
      shape,
      'float32',
      offset,
    );

  async function train(shape: Shape, x: Pair, affine: number, offset: number, name: string): Promise<void> {
    const [, channels] = shape;
    const weight = affine & 1 ? make([channels], offset, 1) : null;
    const bias = affine & 2 ? make([channels], offset) : null;
    const y = twins.output(shape, 'float32', offset);
    const [mean, invStd] = [twins.output([channels], 'float32', offset), twins.output([channels])];
    twins.run((backend, of) =>
      backend.batchNormTrain?.(
        of(x),
        weight && of(weight),
        bias && of(bias),
        { eps: 1e-5 },
        { y: of(y), mean: of(mean), invStd: of(invStd) },
      ),
    );
    for (const [what, pair] of Object.entries({ mean, invStd, y }))
      expect(await twins.difference(pair, 'forward'), `${what}, ${name}`).toBe(null);
    twins.free(y, mean, invStd, ...[weight, bias].filter((t) => t !== null));
  }

  it('forward', async () => {
    for (const shape of shapes) {
      for (const [affine, offset] of [
        [0, 0],
        [1, 1],
        [2, 4],
        [3, 0],
      ]) {
        const x = make(shape, offset, 1, 2);
        await train(shape, x, affine, offset, `[${shape}], affine ${affine}, offset ${offset}`);
        twins.free(x);
      }
    }
  });

  it('means far from 0, single outliers, constants', async () => {
    for (const shape of [
      [300, 6, 1],
      [16, 6, 49],
      [2, 3, 10_001],
    ] as const) {
      for (const [mean, deviation] of [
        [1000, 1],
        [-1e4, 1],
        [1e-3, 1e-5],
      ]) {
        const x = make(shape, 0, mean, deviation);
        await train(shape, x, 3, 0, `[${shape}], ${mean} +- ${deviation}`);
        twins.free(x);
      }
      const size = shape[0] * shape[1] * shape[2];
      for (const at of [0, size - 1]) {
        const values = numbers.floats(size);
        values[at] = 1e4;
        await train(shape, twins.input(values, shape), 3, 0, `[${shape}], an outlier at ${at}`);
      }
      await train(shape, twins.input(new Float32Array(size).fill(12_345.67), shape), 0, 0, `[${shape}], constant`);
    }
  });

  it('gradient', async () => {
    for (const shape of shapes) {
      for (const [wanted, offset] of [
        [3, 0],
        [1, 1],
        [2, 4],
        [0, 3],
      ]) {
        const channels = shape[1];
        const [x, dy] = [make(shape, offset), make(shape, 0, 0.5)];
        const weight = wanted === 3 ? null : make([channels], offset, 1);
        const [mean, invStd] = [make([channels], offset, 0, 0.1), make([channels], 0, 1, 0.1)];
        const dx = twins.output(shape, 'float32', offset);
        const dw = wanted & 1 ? twins.output([channels], 'float32', offset) : null;
        const db = wanted & 2 ? twins.output([channels]) : null;
        twins.run((backend, of) =>
          backend.batchNormGrad?.(of(x), of(dy), weight && of(weight), of(mean), of(invStd), {
            dx: of(dx),
            dw: dw && of(dw),
            db: db && of(db),
          }),
        );
        for (const [what, pair] of Object.entries({ dx, dw, db })) {
          if (pair) expect(await twins.difference(pair, 'gradient'), `${what}, [${shape}], wanted ${wanted}, offset ${offset}`).toBe(null);
        }
        twins.free(x, dy, mean, invStd, dx, ...[weight, dw, db].filter((t) => t !== null));
      }
    }
  });

  it('few draws, and every texture comes back', async () => {
    const gpu = await makeWebgl();
    const own = new Twins(gpu);
    const shape = [16, 16, 256] as const;
    const [x, y] = [own.input(numbers.floats(2 ** 16), shape), own.output(shape)];
    const [mean, invStd] = [own.output([16]), own.output([16])];
    const used = gpu.statistics().usedBytes;
    gpu.batchNormTrain?.(x.gpu, null, null, { eps: 1e-5 }, { y: y.gpu, mean: mean.gpu, invStd: invStd.gpu });
    expect(gpu.statistics().draws).toBeLessThanOrEqual(4);
    const before = gpu.statistics().draws;
    gpu.batchNormGrad?.(x.gpu, y.gpu, null, mean.gpu, invStd.gpu, { dx: y.gpu, dw: null, db: null });
    expect(gpu.statistics().draws - before).toBeLessThanOrEqual(4);
    expect(gpu.statistics().usedBytes).toBe(used);
    gpu.dispose();
  });
});

import * as ort from 'onnxruntime-web/wasm';
import { describe, expect, it } from 'vitest';
import { numbers } from '../src/contender.js';
import { convModel, gemmModel } from '../src/peers/onnx-model.js';
import { withoutTraces } from '../src/peers/emscripten.js';
import { type ConvShape, outSize } from '../src/tasks.js';

async function run(model: Uint8Array, feeds: Record<string, [number[], Float32Array]>): Promise<Float32Array> {
  ort.env.wasm.numThreads = 1;
  const session = await withoutTraces(() => ort.InferenceSession.create(model, { executionProviders: ['wasm'] }));
  const tensors = Object.entries(feeds).map(([name, [shape, data]]) => [name, new ort.Tensor('float32', data, shape)]);
  const { y } = await session.run(Object.fromEntries(tensors));
  return y.data as Float32Array;
}

describe('ONNX models by hand', () => {
  it('multiply matrices, also transposed', async () => {
    const n = 3;
    const [a, b] = [numbers(9), numbers(18).slice(9)];
    for (const [transposeA, transposeB] of [
      [false, false],
      [true, false],
      [false, true],
    ]) {
      const y = await run(gemmModel(n, transposeA, transposeB), { a: [[n, n], a], b: [[n, n], b] });
      const at = (m: Float32Array, i: number, j: number, transpose: boolean): number => (transpose ? m[j * n + i] : m[i * n + j]);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const expected = [0, 1, 2].reduce((sum, k) => sum + at(a, i, k, transposeA) * at(b, k, j, transposeB), 0);
          expect(y[i * n + j]).toBeCloseTo(expected, 5);
        }
      }
    }
  });

  it('convolve with padding, stride and groups', async () => {
    const s: ConvShape = { name: '', batch: 2, inChannels: 4, size: 7, outChannels: 6, kernel: 3, stride: 2, padding: 1, groups: 2 };
    const x = numbers(2 * 4 * 49);
    const w = numbers(6 * 2 * 9);
    const y = await run(convModel(s), { x: [[2, 4, 7, 7], x], w: [[6, 2, 3, 3], w] });
    const out = outSize(s);
    expect(y).toHaveLength(2 * 6 * out * out);
    const expected = (n: number, o: number, i: number, j: number): number => {
      let sum = 0;
      for (let c = 0; c < 2; c++) {
        for (let a = 0; a < 9; a++) {
          const [row, column] = [i * 2 + Math.floor(a / 3) - 1, j * 2 + (a % 3) - 1];
          if (row < 0 || row > 6 || column < 0 || column > 6) continue;
          sum += x[((n * 4 + Math.floor(o / 3) * 2 + c) * 7 + row) * 7 + column] * w[(o * 2 + c) * 9 + a];
        }
      }
      return sum;
    };
    y.forEach((value, at) => {
      const [n, o, i, j] = [Math.floor(at / (6 * out * out)), Math.floor(at / (out * out)) % 6, Math.floor(at / out) % out, at % out];
      expect(value).toBeCloseTo(expected(n, o, i, j), 4);
    });
  });
});

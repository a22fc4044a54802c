import '@tensorflow/tfjs-backend-cpu';
import { type nn, type Tensor, tensor } from 'konv';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { type LayersModelArtifacts, layersModelInfo, type LayersModelTensor, loadLayersModel, toLayersModel } from '../src/models/index.js';

export const tfl = layers.layers;
export { layers as L, tf };

/** Numbers in [-1, 1), the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Gives every weight values from `next`, variances above 0: tfjs's own zeros and ones would hide mistakes. */
export function fillWeights(model: layers.LayersModel, next: () => number): void {
  model.setWeights(
    model.weights.map((w) => {
      const positive = w.originalName.endsWith('variance');
      const size = w.shape.reduce<number>((n, d) => n * (d as number), 1);
      return tf.tensor(
        Array.from({ length: size }, () => (positive ? 1.5 + next() : next() * 0.7)),
        w.shape as number[],
      );
    }),
  );
}

/** What the model saves, in memory. */
export async function artifactsOf(model: layers.LayersModel): Promise<LayersModelArtifacts> {
  let kept: LayersModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      kept = artifacts as LayersModelArtifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  // As from a file: what JSON cannot hold is gone.
  const { weightData, ...rest } = kept as LayersModelArtifacts;
  return { ...(JSON.parse(JSON.stringify(rest)) as LayersModelArtifacts), weightData };
}

export function toKonv(x: tf.Tensor, at: LayersModelTensor): Tensor {
  const laid = at.channelsMoved ? tf.transpose(x, [0, x.rank - 1, ...x.shape.map((_, i) => i + 1).slice(0, x.rank - 2)]) : x;
  return tensor(laid.dataSync() as Float32Array, { shape: laid.shape });
}

/** Runs both on the same random inputs and compares. `sizes` replaces sizes that the model leaves open. */
export async function compare(
  model: layers.LayersModel,
  net: nn.Module,
  next: () => number,
  {
    open = 5,
    batch = 2,
    tolerance = 1e-5,
    input = (v: number): number => v,
  }: { open?: number; batch?: number; tolerance?: number; input?: (v: number) => number } = {},
): Promise<void> {
  const info = layersModelInfo(net);
  const xs = model.inputs.map((node) => {
    const shape = node.shape.map((d, i) => (i === 0 ? batch : (d ?? open)));
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tensor(
      Array.from({ length: size }, () => input(next())),
      shape,
      node.dtype === 'int32' ? 'int32' : 'float32',
    );
  });
  const expected = [model.predict(xs.length === 1 ? xs[0] : xs)].flat();
  const got = [net.forward(...xs.map((x, i) => toKonv(x, info.inputs[i])))].flat() as Tensor[];
  expect(got.length).toBe(expected.length);
  for (const [i, want] of expected.entries()) {
    const wanted = toKonv(want, info.outputs[i]);
    expect(got[i].shape).toEqual(wanted.shape);
    info.outputs[i].shape.forEach((d, axis) => axis > 0 && d !== null && expect(got[i].shape[axis]).toBe(d));
    const [a, b] = [await got[i].data(), await wanted.data()];
    let worst = 0;
    for (let k = 0; k < a.length; k++) worst = Math.max(worst, Math.abs(Number(a[k]) - Number(b[k])) / Math.max(1, Math.abs(Number(b[k]))));
    expect(worst).toBeLessThan(tolerance);
    expect(a.some((v) => v !== 0)).toBe(true);
  }
}

/** Saves the model in memory, loads it into konv and compares. */
export async function roundTrip(model: layers.LayersModel, seed = 1, options: Parameters<typeof compare>[3] = {}): Promise<nn.Module> {
  const next = random(seed);
  fillWeights(model, next);
  const net = await loadLayersModel(await artifactsOf(model));
  await compare(model, net, next, options);
  return net;
}

/** Saves what was loaded, has both sides load that, and compares: outputs of both, and the values of all weights. */
export async function saveAgain(net: nn.Module, next: () => number, options: Parameters<typeof compare>[3] = {}): Promise<void> {
  const { inputs } = layersModelInfo(net);
  const shapes = inputs.map(({ shape }) => shape.slice(1).map((d) => d ?? options.open ?? 5));
  const memory = await toLayersModel(net, { inputShape: shapes.length === 1 ? shapes[0] : shapes });
  const back = await loadLayersModel(memory);
  await compare(await layers.loadLayersModel(memory as never), back, next, options);
  const xs = inputs.map(({ shape }, i) => {
    const sizes = [2, ...shapes[i]];
    return tensor(Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, next), { shape: sizes.slice(0, shape.length) });
  });
  const [a, b] = [net, back].map((m) => [m.forward(...xs)].flat() as Tensor[]);
  for (const [i, y] of a.entries()) {
    const [u, v] = [(await y.data()) as Float32Array, (await b[i].data()) as Float32Array];
    expect(b[i].shape).toEqual(y.shape);
    u.forEach((value, k) => expect(Math.abs(value - v[k])).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))));
  }
}

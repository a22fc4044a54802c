import { isKonvError } from 'konv';
import { beforeAll, expect, it } from 'vitest';
import { soak } from '../../../tools/soak.js';
import { type LayersModelArtifacts, loadLayersModel } from '../src/models/index.js';
import { artifactsOf, L, random, tf, tfl } from './models-support.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const VALUES: unknown[] = [
  null,
  -1,
  0,
  1.5,
  2 ** 31,
  2 ** 53,
  Number.NaN,
  '',
  'same',
  'x',
  true,
  [],
  {},
  [0],
  [null],
  [[1]],
  ['a', 0, 0],
  { class_name: 'x' },
  undefined,
];

/** Puts another value, or none, somewhere into the JSON. */
function mutate(root: object, next: () => number): string {
  const pick = (n: number): number => Math.min(Math.floor(((next() + 1) / 2) * n), n - 1);
  let at = root as Record<string, unknown>;
  const path: string[] = [];
  for (;;) {
    const keys = Object.keys(at);
    if (keys.length === 0) return path.join('.');
    const key = keys[pick(keys.length)];
    path.push(key);
    const below = at[key];
    if (typeof below === 'object' && below !== null && pick(5) > 0) {
      at = below as Record<string, unknown>;
      continue;
    }
    const what = pick(VALUES.length + 2);
    if (what === VALUES.length) delete at[key];
    else if (what > VALUES.length) at[`${key}2`] = below;
    else at[key] = structuredClone(VALUES[what]);
    return `${path.join('.')} = ${what === VALUES.length ? 'gone' : String(JSON.stringify(VALUES[what]))}`;
  }
}

async function seeds(): Promise<LayersModelArtifacts[]> {
  const chain = L.sequential({
    layers: [
      tfl.zeroPadding2d({ padding: 1, inputShape: [6, 5, 2] }),
      tfl.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      tfl.separableConv2d({ filters: 2, kernelSize: 2 }),
      tfl.prelu(),
      tfl.batchNormalization(),
      tfl.flatten(),
      tfl.dropout({ rate: 0.2 }),
      tfl.dense({ units: 4 }),
      tfl.softmax(),
    ],
  });
  const input = L.input({ shape: [6, 4] });
  const conv = tfl.conv1d({ filters: 4, kernelSize: 3, padding: 'same' }).apply(input) as L.SymbolicTensor;
  const norm = tfl.layerNormalization().apply(conv) as L.SymbolicTensor;
  const joined = tfl.concatenate().apply([norm, input]) as L.SymbolicTensor;
  const inner = L.sequential({
    layers: [tfl.permute({ dims: [2, 1], inputShape: [6, 8] }), tfl.reshape({ targetShape: [4, 12] }), tfl.leakyReLU()],
  });
  const dot = tfl
    .dot({ axes: 1 })
    .apply([inner.apply(joined) as L.SymbolicTensor, tfl.reshape({ targetShape: [4, 6] }).apply(input) as L.SymbolicTensor]);
  return [await artifactsOf(chain), await artifactsOf(L.model({ inputs: input, outputs: dot as L.SymbolicTensor }))];
}

it('whatever is changed in a model, it is loaded or refused by a KonvError', async () => {
  const next = random(11);
  let refused = 0;
  const runs = soak ? 4000 : 200;
  for (const original of await seeds()) {
    await loadLayersModel(original);
    for (let run = 0; run < runs; run++) {
      const { weightData, ...json } = original;
      const copy = structuredClone(json) as LayersModelArtifacts;
      const changes = [mutate(copy, next)];
      if (run % 3 === 0) changes.push(mutate(copy, next));
      try {
        (await loadLayersModel({ ...copy, weightData })).dispose();
      } catch (e) {
        expect(isKonvError(e), `${changes.join(', ')}: ${(e as Error).stack}`).toBe(true);
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(runs / 2);
});

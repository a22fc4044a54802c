/**
 * Networks against PyTorch (fixtures: `npm run golden -- twins`), on every row of twin-backends.ts: (a) initialisation and
 * batch order exact, (b) float64 training within 1e-9, (c) float32 close over the first steps (two float32 runs drift apart
 * later, PyTorch's own too), (d) from PyTorch's own state at steps 0, 10, 50, 100: loss within 1e-6, gradients within 2e-5
 * of their tensor's maximum, and parameters and buffers after the step. Through the 20 layers of the ResNet PyTorch's
 * float32 gradients are off its own float64 ones by up to 3e-5 of the maximum (konv's by 1e-6): the fixture says by how
 * much, tensor by tensor, and that is granted.
 */
import { data, formats, manualSeed, type nn, registerBackend, Scope, type Tensor, tensor, useBackend } from 'konv';
import { beforeAll, describe, expect, it } from 'vitest';
import { readJson, testFile } from './test-files.js';
import { inPage, reference, twinBackends } from './twin-backends.js';
import { type Twin, twins } from './twin-models.js';

const fixture = (name: string): URL => testFile(`./fixtures/twins/${name}`);
const names = [...new Set(twins.flatMap((t) => [t.name, `${t.name}-${t.run}`]))];
const pins = new Map(await Promise.all(names.map(async (name) => [name, await readJson(`./fixtures/twins/${name}.json`)] as const)));

let train: data.FashionMNIST;
beforeAll(async () => {
  train = await data.FashionMNIST.load({ root: testFile('../../../apps/demo/data'), train: true });
});

async function losses(twin: Twin, dtype: 'float32' | 'float64', steps: number): Promise<number[]> {
  manualSeed(twin.seed);
  const net = twin.build();
  if (dtype === 'float64') await net.double();
  const optimizer = twin.optimizer(net.parameters());
  const schedule = twin.schedule?.(optimizer);
  const out: number[] = [];
  for await (const batch of new data.DataLoader(train, { batchSize: twin.batch, shuffle: true })) {
    const [pixels, labels] = batch as unknown as [Tensor, Tensor];
    const step = new Scope();
    const loss = step.run(() => {
      const x = pixels.cast(dtype);
      const loss = twin.loss(net.forward(x) as Tensor, x, labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss;
    });
    out.push(await loss.item());
    step.dispose();
    schedule?.step();
    if (out.length === steps) break;
  }
  return out;
}

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

async function sha256(values: ArrayBufferView): Promise<string> {
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

for (const { name, create, forcedUpTo } of twinBackends) {
  const made = await create();
  if ('unavailable' in made) {
    it.skip(`NOT TESTED: "${name}" is not available here: ${made.unavailable}`);
    continue;
  }
  describe(`on ${name}`, () => {
    beforeAll(() => {
      registerBackend(made);
      useBackend(made.name);
    });
    const whole = name === reference;
    if (whole) for (const network of new Set(twins.map((t) => t.name))) startTests(network);
    for (const twin of twins) describe(`${twin.name} with ${twin.run}`, () => trainingTests(twin, whole, forcedUpTo?.step));
  });
}

function startTests(name: string): void {
  const twin = twins.find((t) => t.name === name) as Twin;
  const pinned = pins.get(name);

  describe(`${name}: (a) the start`, () => {
    it('initialises bit by bit as PyTorch', async () => {
      manualSeed(twin.seed);
      const named = [...twin.build().namedParameters()];
      expect(named.map(([key]) => key)).toEqual(Object.keys(pinned.parameters));
      for (const [key, p] of named) expect(await sha256(await p.data()), key).toBe(pinned.parameters[key].sha256);
    });

    it('takes the images in the same order', async () => {
      manualSeed(twin.seed);
      twin.build();
      const order = new data.DataLoader({ length: train.length, get: (i: number) => i }, { batchSize: twin.batch, shuffle: true });
      const seen: number[][] = [];
      for await (const batch of order) seen.push([...(await (batch as unknown as Tensor).data())]);
      expect(seen.length).toBe(pinned.order.batches);
      expect(seen.slice(0, 20)).toEqual(pinned.order.first20);
    });
  });
}

function trainingTests(twin: Twin, float64: boolean, upTo = Number.POSITIVE_INFINITY): void {
  const pinned = pins.get(`${twin.name}-${twin.run}`);
  const compare = async (dtype: 'float32' | 'float64'): Promise<void> => {
    const { steps, within } = twin[dtype];
    const got = await losses(twin, dtype, steps);
    expect(got.length).toBe(steps);
    expect(Math.max(...got.map((v, i) => relative(v, pinned[dtype].losses[i])))).toBeLessThan(within);
  };

  const { steps, within } = twin.float64;
  if (float64 && !inPage) it(`(b) float64: losses within ${within} over ${steps} steps`, { timeout: 120_000 }, () => compare('float64'));
  it(`(c) float32: losses within ${twin.float32.within} over ${twin.float32.steps} steps`, () => compare('float32'));
  it.each((pinned.forced as Forced[]).filter(({ step }) => step <= upTo))('(d) float32 from PyTorch’s state at step $step', (forced) =>
    forcedStep(twin, forced),
  );
}

interface Forced {
  step: number;
  file: string;
  loss: number;
  indices: number[];
  tensors: Record<string, { stride: number; maxAbs: number; ownError?: number }>;
  lr?: number;
  buffers?: string[];
}

async function restore(twin: Twin, net: nn.Module, forced: Forced, saved: Record<string, Tensor>) {
  const optimizer = twin.optimizer(net.parameters());
  const keys = Object.keys(forced.tensors);
  if (forced.step > 0) {
    const own = (prefix: string, key: string): Tensor => saved[`${prefix}.${key}`];
    net.loadStateDict(Object.fromEntries([...keys, ...(forced.buffers ?? [])].map((key) => [key, own('before', key)])));
    const dict = optimizer.stateDict() as { state: Record<number, Record<string, unknown>> };
    keys.forEach((key, i) => {
      const tensors = Object.fromEntries(twin.state.map((name) => [name, own(`state.${key}`, name)]));
      dict.state[i] = twin.run === 'sgd' ? tensors : { ...tensors, step: forced.step };
    });
    optimizer.loadStateDict(dict as never);
  }
  if (forced.lr !== undefined) for (const group of optimizer.paramGroups) (group as unknown as { lr: number }).lr = forced.lr;
  return optimizer;
}

async function forcedStep(twin: Twin, forced: Forced): Promise<void> {
  manualSeed(twin.seed);
  const net = twin.build();
  const saved = await formats.loadSafetensors(fixture(forced.file));
  const optimizer = await restore(twin, net, forced, saved);
  const samples = forced.indices.map((i) => train.get(i) as unknown as [{ data: Float32Array } | Float32Array, number]);
  const pixels = new Float32Array(twin.batch * 784);
  samples.forEach(([image], i) => pixels.set('data' in image ? image.data : image, i * 784));
  const x = tensor(pixels, { shape: [twin.batch, 1, 28, 28] });
  const labels = tensor(Int32Array.from(samples, ([, label]) => label));
  const loss = twin.loss(net.forward(x) as Tensor, x, labels);
  loss.backward();
  expect(relative(await loss.item(), forced.loss)).toBeLessThan(1e-6);
  const compare = async (what: string, key: string, got: Tensor, stride: number, bound: number): Promise<void> => {
    const want = await saved[`${what}.${key}`].data();
    const values = await got.data();
    let worst = 0;
    for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(values[i * stride] - want[i]));
    expect(want.length, key).toBe(Math.ceil(values.length / stride));
    expect(worst, `${what} of ${key}`).toBeLessThanOrEqual(bound);
  };
  const named = [...net.namedParameters()];
  const { tensors, buffers = [] } = forced;
  for (const [key, p] of named) {
    const { stride, maxAbs, ownError = 0 } = tensors[key];
    await compare('gradient', key, p.grad as Tensor, stride, 2e-5 * maxAbs + ownError);
  }
  optimizer.step();
  for (const [key, p] of named) await compare('after', key, p, tensors[key].stride, twin.stepWithin);
  const state = net.stateDict();
  for (const key of buffers) await compare('after', key, state[key], 1, 1e-6);
}

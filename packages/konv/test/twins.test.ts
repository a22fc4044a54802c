/**
 * LeNet-5 against PyTorch (fixtures: `npm run golden -- twins`): (a) initialisation and batch order exact, (b) float64
 * training within 1e-9, (c) float32 within 1e-4 over the first 20 steps (two float32 runs drift apart later, PyTorch's
 * own too), (d) from PyTorch's own state at steps 0, 10, 50, 100: loss within 1e-6, gradients within 2e-5 of their
 * tensor's maximum, and the parameters after the step.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { data, formats, manualSeed, nn, optim, type Parameter, Scope, type Tensor, tensor } from 'konv';
import { beforeAll, describe, expect, it } from 'vitest';

const STEPS = 100;
const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/twins/${name}`, import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(fixture(name), 'utf8'));
const images = fileURLToPath(new URL('../../../apps/demo/data', import.meta.url));
const lenet = json('lenet.json');

let train: data.FashionMNIST;
beforeAll(async () => {
  train = await data.FashionMNIST.load({ root: images, train: true });
});

function leNet(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );
}

const optimizers: Record<string, (p: Iterable<Parameter>) => optim.SGD | optim.Adam> = {
  sgd: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9 }),
  adam: (p) => new optim.Adam(p, { lr: 1e-3 }),
};

async function losses(kind: string, dtype: 'float32' | 'float64', steps: number): Promise<number[]> {
  manualSeed(42);
  const net = leNet();
  if (dtype === 'float64') await net.double();
  const optimizer = optimizers[kind](net.parameters());
  const out: number[] = [];
  const loader = new data.DataLoader(train, { batchSize: 64, shuffle: true });
  for await (const batch of loader) {
    const [x, t] = batch as unknown as [Tensor, Tensor];
    const step = new Scope();
    out.push(
      step.run(() => {
        const loss = nn.functional.crossEntropy(net.forward(x.cast(dtype)) as Tensor, t);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss.itemSync();
      }),
    );
    step.dispose();
    if (out.length === steps) break;
  }
  return out;
}

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

describe('(a) the start', () => {
  it('initialises bit by bit as PyTorch', async () => {
    manualSeed(42);
    const net = leNet();
    for (const [name, p] of net.namedParameters()) {
      const bytes = new Uint8Array(((await p.data()) as Float32Array).buffer);
      expect(createHash('sha256').update(bytes).digest('hex'), name).toBe(lenet.parameters[name].sha256);
    }
  });

  it('takes the images in the same order', async () => {
    manualSeed(42);
    leNet();
    const order = new data.DataLoader({ length: train.length, get: (i: number) => i }, { batchSize: 64, shuffle: true });
    const seen: number[][] = [];
    for await (const batch of order) seen.push([...(await (batch as unknown as Tensor).data())]);
    expect(seen.length).toBe(lenet.order.batches);
    expect(seen.slice(0, 20)).toEqual(lenet.order.first20);
  });
});

describe.each(['sgd', 'adam'])('%s', (kind) => {
  const pinned = json(`lenet-${kind}.json`);

  it(`(b) float64: losses within 1e-9 over ${STEPS} steps`, async () => {
    const got = await losses(kind, 'float64', STEPS);
    const worst = Math.max(...got.map((v, i) => relative(v, pinned.float64.losses[i])));
    expect(got.length).toBe(STEPS);
    expect(worst).toBeLessThan(1e-9);
  });

  it('(c) float32: losses within 1e-4 over 20 steps', async () => {
    const got = await losses(kind, 'float32', 20);
    const worst = Math.max(...got.map((v, i) => relative(v, pinned.float32.losses[i])));
    expect(worst).toBeLessThan(1e-4);
  });

  it.each(pinned.forced as Forced[])('(d) float32 from PyTorch’s state at step $step', (forced) => forcedStep(kind, forced));
});

interface Forced {
  step: number;
  file: string;
  loss: number;
  indices: number[];
  tensors: Record<string, { stride: number; maxAbs: number }>;
}

async function forcedStep(kind: string, { step, file, loss: expected, indices, tensors }: Forced): Promise<void> {
  manualSeed(42);
  const net = leNet();
  const saved = await formats.loadSafetensors(fixture(file));
  const optimizer = optimizers[kind](net.parameters());
  if (step > 0) {
    const own = (prefix: string, key: string): Tensor => saved[`${prefix}.${key}`];
    net.loadStateDict(Object.fromEntries(Object.keys(tensors).map((key) => [key, own('before', key)])));
    const dict = optimizer.stateDict() as { state: Record<number, Record<string, unknown>> };
    Object.keys(tensors).forEach((key, i) => {
      dict.state[i] =
        kind === 'sgd'
          ? { momentum_buffer: own(`state.${key}`, 'momentum_buffer') }
          : { exp_avg: own(`state.${key}`, 'exp_avg'), exp_avg_sq: own(`state.${key}`, 'exp_avg_sq'), step };
    });
    optimizer.loadStateDict(dict as never);
  }
  const samples = indices.map((i) => train.get(i) as unknown as [{ data: Float32Array } | Float32Array, number]);
  const pixels = new Float32Array(64 * 784);
  samples.forEach(([image], i) => pixels.set('data' in image ? image.data : image, i * 784));
  const x = tensor(pixels, { shape: [64, 1, 28, 28] });
  const t = tensor(Int32Array.from(samples, ([, label]) => label));
  const loss = nn.functional.crossEntropy(net.forward(x) as Tensor, t);
  loss.backward();
  expect(relative(await loss.item(), expected)).toBeLessThan(1e-6);
  const compare = async (what: string, key: string, got: Tensor, bound: number): Promise<void> => {
    const want = await saved[`${what}.${key}`].data();
    const values = await got.data();
    const { stride } = tensors[key];
    let worst = 0;
    for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(values[i * stride] - want[i]));
    expect(want.length, key).toBe(Math.ceil(values.length / stride));
    expect(worst, `${what} of ${key}`).toBeLessThanOrEqual(bound);
  };
  const named = [...net.namedParameters()];
  for (const [key, p] of named) await compare('gradient', key, p.grad as Tensor, 2e-5 * tensors[key].maxAbs);
  optimizer.step();
  // A step is lr times a gradient that agrees to 2e-5 of its maximum; Adam's normalised step is at most lr itself.
  for (const [key, p] of named) await compare('after', key, p, kind === 'sgd' ? 1e-6 : 2e-5);
}

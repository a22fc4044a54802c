import '@konv/autograd';
import { fromHost, getBackend, getRngState, Scope, setRngState, type Tensor, tensor, useBackend } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import { functional, type Sequential } from '@konv/layers';
import { SIDE } from '../model/layers.js';
import type { Agreement } from '../model/protocol.js';
import type { BackendName, Settings } from '../model/settings.js';
import { openBackend } from './backends.js';
import { trainImages } from './data.js';
import { buildNetwork } from './network.js';
import type { Session } from './session.js';

export interface Batch {
  /** Pixels of the pictures, one after the other. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

export interface Contender {
  readonly label: string;
  readonly name: BackendName;
  readonly threads: number;
  /** Why it is not even tried. */
  readonly unavailable?: string;
}

/** What one forward and one backward pass give. */
interface Passed {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
}

/** How far the backends are from plain JavaScript in double precision. The training does not notice. */
export async function agreement({ training }: Pick<Session, 'training'>): Promise<readonly Agreement[]> {
  const { settings } = training;
  const [weights, batch] = [await training.weights(), await firstBatch(settings)];
  return compareSteps(settings, weights, batch, contenders());
}

/** wasm twice where the page may have threads: once with one, once with as many as there are cores (two at least, eight at most). */
function contenders(): Contender[] {
  const threads = Math.max(2, Math.min(8, navigator.hardwareConcurrency || 2));
  const isolated = 'crossOriginIsolated' in globalThis && crossOriginIsolated;
  return [
    { label: 'cpu-js', name: 'cpu-js', threads: 1 },
    { label: 'wasm, 1 thread', name: 'wasm', threads: 1 },
    {
      label: `wasm, ${threads} threads`,
      name: 'wasm',
      threads,
      ...(isolated ? {} : { unavailable: 'The page is served without isolation headers, so wasm has one thread.' }),
    },
    { label: 'webgl', name: 'webgl', threads: 1 },
  ];
}

async function firstBatch({ batch, images }: Settings): Promise<Batch> {
  const set = await trainImages(images);
  const out: Batch = { pixels: new Float32Array(batch * SIDE * SIDE), labels: new Int32Array(batch) };
  for (let i = 0; i < batch; i++) {
    const [image, label] = set.get(i);
    out.pixels.set(image.data as Float32Array, i * SIDE * SIDE);
    out.labels[i] = label;
  }
  return out;
}

/** One forward and one backward pass from `weights` in double precision, then on each of the contenders in single. */
export async function compareSteps(
  settings: Settings,
  weights: ReadonlyMap<string, HostEntry>,
  batch: Batch,
  others: readonly Contender[],
): Promise<readonly Agreement[]> {
  const reference = await passOn(await openBackend('cpu-js', 1), 'float64', settings, weights, batch);
  const out: Agreement[] = [];
  for (const { label, name, threads, unavailable } of others) {
    try {
      if (unavailable !== undefined) throw new Error(unavailable);
      const passed = await passOn(await openBackend(name, threads), 'float32', settings, weights, batch);
      out.push({ backend: label, unavailable: null, loss: passed.loss, gradients: differences(passed, reference) });
    } catch (e) {
      const why = e instanceof Error ? e.message : String(e);
      out.push({ backend: label, unavailable: why, loss: Number.NaN, gradients: [] });
    }
  }
  return out;
}

function differences(passed: Passed, reference: Passed): Agreement['gradients'] {
  const greatest = Math.max(...[...reference.gradients.values()].map(magnitudeOf));
  return [...reference.gradients].map(([parameter, right]) => ({
    parameter,
    difference: relativeDifference(passed.gradients.get(parameter) ?? [], right, greatest),
  }));
}

function magnitudeOf(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

/** Below so much of the network's greatest gradient, double precision has nothing but rounding left. */
const NOTHING = 1e-12;

/**
 * Greatest |difference| over the greatest |reference|. Infinite where something is missing, not a number, or wrong beside zeros.
 * A gradient that is zero but for rounding (that of a bias before batch norm) has no magnitude of its own: there the
 * difference is over `greatest`, the greatest in the network.
 */
export function relativeDifference(values: ArrayLike<number>, reference: ArrayLike<number>, greatest = 0): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < reference.length; i++) {
    const apart = Math.abs(values[i] - reference[i]);
    // Two infinities of one sign are apart by NaN, and no agreement that could be vouched for.
    if (!(apart <= most)) most = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
  }
  const magnitude = magnitudeOf(reference);
  return most === 0 ? 0 : most / (magnitude <= NOTHING * greatest ? greatest : magnitude);
}

async function passOn(
  backend: string,
  dtype: 'float32' | 'float64',
  settings: Settings,
  weights: ReadonlyMap<string, HostEntry>,
  { pixels, labels }: Batch,
): Promise<Passed> {
  const net = unnoticed(backend, () => buildNetwork(settings));
  const all = new Scope();
  try {
    if (dtype === 'float64') await net.double();
    const [loss, gradients] = all.run(() => {
      net.loadStateDict(stateOn(backend, dtype, weights));
      net.train();
      const values = dtype === 'float64' ? Float64Array.from(pixels) : pixels;
      const x = tensor(values, { shape: [labels.length, 1, SIDE, SIDE], dtype, backend });
      const y = tensor(labels, { shape: [labels.length], dtype: 'int32', backend });
      const out = functional.crossEntropy(net.forward(x) as Tensor, y);
      out.backward();
      return [out.item(), readGradients(net)] as const;
    });
    return { loss: await loss, gradients: new Map(await Promise.all(gradients)) };
  } finally {
    all.dispose();
    net.dispose();
  }
}

function readGradients(net: Sequential): Promise<readonly [string, ArrayLike<number>]>[] {
  return [...net.namedParameters()].map(async ([name, p]) => {
    if (!p.grad) throw new Error(`The backward pass left no gradient in ${name}.`);
    return [name, (await p.grad.data()) as ArrayLike<number>] as const;
  });
}

function stateOn(backend: string, dtype: 'float32' | 'float64', weights: ReadonlyMap<string, HostEntry>): Record<string, Tensor> {
  const made = getBackend(backend);
  const double = ({ data, shape, dtype: its }: HostEntry): Tensor =>
    dtype === 'float64' && its === 'float32'
      ? fromHost(made, Float64Array.from(data as Float32Array), shape, 'float64')
      : fromHost(made, data, shape, its);
  return Object.fromEntries([...weights].map(([key, entry]) => [key, double(entry)]));
}

/** Builds on a backend; the backend of now and the random numbers to come stay what they are. */
export function unnoticed<T>(backend: string, build: () => T): T {
  const [state, current] = [getRngState(), getBackend().name];
  try {
    useBackend(backend);
    return build();
  } finally {
    useBackend(current);
    setRngState(state);
  }
}

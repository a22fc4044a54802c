import '@konv/autograd';
import { fromHost, getBackend, Scope, type Tensor, tensor } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import { functional, type Sequential } from '@konv/layers';
import { SIDE } from '../model/layers.js';
import type { Agreement } from '../model/protocol.js';
import type { Settings } from '../model/settings.js';
import { openBackend } from './backends.js';
import { type Batch, batchOf, trainImages } from './data.js';
import { type KonvBackend, konvBackends } from './konv-backends.js';
import { buildNetwork, unnoticed } from './network.js';
import type { Session } from './session.js';

export type Contender = Pick<KonvBackend, 'label' | 'name' | 'threads'> & Partial<KonvBackend>;

/** What one forward and one backward pass give. */
interface Passed {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, ArrayLike<number>>;
}

/** How far the backends are from plain JavaScript in double precision. The training does not notice. */
export async function agreement({ training }: Pick<Session, 'training'>): Promise<readonly Agreement[]> {
  const { settings } = training;
  const [weights, batch] = [await training.weights(), batchOf(await trainImages(settings.images), settings.batch)];
  return compareSteps(settings, weights, batch, konvBackends());
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
      if (unavailable) throw new Error(unavailable);
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

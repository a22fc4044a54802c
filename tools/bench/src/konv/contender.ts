import { wasm } from '@konv/backend-wasm';
import { type Backend, registerBackend, type Unavailable, getBackend } from '@konv/core-tensor';
import { backends, webgl } from 'konv';
import type { Contender } from '../contender.js';
import type { Clock } from '../timing.js';
import { convRunner, elementwiseRunner, gemmRunner, untilSynced } from './kernels.js';
import { lenetRunner, resnetRunner } from './models.js';

/** A backend of ours among the contenders. */
export interface KonvContender extends Contender {
  readonly backend: Backend;
}

/** Variants of the backends under names of their own. One thread is the rule: peers are measured on one, too. */
const variants: Record<string, () => Promise<Backend | Unavailable>> = {
  wasm: () => wasm({ name: 'wasm', threads: 1 }),
  'wasm-2': () => wasm({ name: 'wasm-2', threads: 2 }),
  'wasm-strict': () => wasm({ name: 'wasm-strict', threads: 1, strictNumerics: true }),
  // For pages: elsewhere it is unavailable, and says so.
  webgl: () => webgl({ name: 'webgl' }),
};

export const variantNames: readonly string[] = Object.keys(variants);

/** How a run of a backend is timed. */
export type ClockOf = (backend: Backend) => Clock;

const loaded = new Map<string, Promise<Backend>>();

/** The backend of that name, registered here if need be. Throws where it cannot run, with the reason. */
export function konvBackend(name: string): Promise<Backend> {
  const made = loaded.get(name) ?? load(name);
  loaded.set(name, made);
  return made;
}

async function load(name: string): Promise<Backend> {
  const variant = variants[name];
  if (variant) {
    const made = await variant();
    if ('unavailable' in made) throw new Error(`${name}: ${made.unavailable}`);
    registerBackend(made);
  } else if (!backends().includes(name)) {
    throw new Error(`expected a backend of ${[...new Set([...backends(), ...variantNames])].join(', ')}, got ${name}`);
  }
  const backend = getBackend(name);
  await backend.sync();
  return backend;
}

/** The backend of that name as a contender. Throws where it cannot run, with the reason. */
export async function konvContender(name: string, clockOf: ClockOf = untilSynced): Promise<KonvContender> {
  const backend = await konvBackend(name);
  const clock = clockOf(backend);
  return {
    name,
    about: 'this repository',
    backend,
    kinds: ['gemm', 'conv', 'lenet', 'resnet', 'elementwise'],
    prepare: (task) => {
      if (task.kind === 'gemm') return gemmRunner(backend, task, clock);
      if (task.kind === 'conv') return convRunner(backend, task, clock);
      if (task.kind === 'lenet') return lenetRunner(backend, task, clock);
      if (task.kind === 'resnet') return resnetRunner(backend, task, clock);
      return elementwiseRunner(backend, task, clock);
    },
  };
}

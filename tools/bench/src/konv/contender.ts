import { wasm } from '@konv/backend-wasm';
import { type Backend, registerBackend, type Unavailable, getBackend } from '@konv/core-tensor';
import { backends } from 'konv';
import type { Contender } from '../contender.js';
import { convRunner, elementwiseRunner, gemmRunner } from './kernels.js';
import { lenetRunner, resnetRunner } from './models.js';

/** A backend of ours among the contenders. */
export interface KonvContender extends Contender {
  readonly backend: Backend;
}

/** Variants of the wasm backend under names of their own. One thread is the rule: peers are measured on one, too. */
const variants: Record<string, () => Promise<Backend | Unavailable>> = {
  wasm: () => wasm({ name: 'wasm', threads: 1 }),
  'wasm-2': () => wasm({ name: 'wasm-2', threads: 2 }),
  'wasm-strict': () => wasm({ name: 'wasm-strict', threads: 1, strictNumerics: true }),
};

export const variantNames: readonly string[] = Object.keys(variants);

const loaded = new Map<string, Promise<KonvContender>>();

/** The backend of that name, registered here if need be. Throws where it cannot run, with the reason. */
export function konvContender(name: string): Promise<KonvContender> {
  const made = loaded.get(name) ?? load(name);
  loaded.set(name, made);
  return made;
}

async function load(name: string): Promise<KonvContender> {
  const variant = variants[name];
  if (variant) {
    const made = await variant();
    if ('unavailable' in made) throw new Error(`${name}: ${made.unavailable}`);
    registerBackend(made);
  } else if (!backends().includes(name)) {
    throw new Error(`expected a backend of ${[...backends(), ...variantNames].join(', ')}, got ${name}`);
  }
  const backend = getBackend(name);
  await backend.sync();
  return {
    name,
    about: 'this repository',
    backend,
    kinds: ['gemm', 'conv', 'lenet', 'resnet', 'elementwise'],
    prepare: (task) => {
      if (task.kind === 'gemm') return gemmRunner(backend, task);
      if (task.kind === 'conv') return convRunner(backend, task);
      if (task.kind === 'lenet') return lenetRunner(backend, task);
      if (task.kind === 'resnet') return resnetRunner(backend, task);
      return elementwiseRunner(backend, task);
    },
  };
}

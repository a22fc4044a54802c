import { cpuJs } from '@konv/backend-cpu-js';
import {
  type Backend,
  isKonvError,
  type KonvError,
  memory,
  registerBackend,
  type Tensor,
  unregisterBackend,
  useBackend,
} from '@konv/core-tensor';
import { expect } from 'vitest';
import * as nn from '../src/index.js';

registerBackend(cpuJs());

/** A module of which only the contents matter. */
export class Holder extends nn.Module {
  forward(): never {
    throw new Error('not to be called');
  }
}

export type Description =
  | [type: string, args?: unknown[] | Record<string, unknown>, options?: object]
  | { type: string; children: Record<string, Description> };

/** Builds what a fixture describes; null where a type in it is not there. */
export function build(d: Description): nn.Module | null {
  if (!Array.isArray(d)) {
    const Custom = { [d.type]: class extends Holder {} }[d.type];
    const module = new Custom();
    for (const [name, child] of Object.entries(d.children)) {
      const built = build(child);
      if (built === null) return null;
      Object.assign(module, { [name]: built });
    }
    return module;
  }
  const [type, args = [], options] = d;
  if (type === 'Sequential' || type === 'ModuleList') {
    const children = (args as Description[]).map(build) as nn.Module[];
    if (children.includes(null as never)) return null;
    return type === 'Sequential' ? new nn.Sequential(...children) : new nn.ModuleList(children);
  }
  if (type === 'ModuleDict') {
    const children = Object.entries(args as Record<string, Description>).map(([name, child]) => [name, build(child)]);
    return new nn.ModuleDict(Object.fromEntries(children));
  }
  const Layer = (nn as unknown as Record<string, (new (...a: unknown[]) => nn.Module) | undefined>)[type];
  if (Layer === undefined) return null;
  return options && Object.keys(options).length > 0 ? new Layer(...(args as unknown[]), options) : new Layer(...(args as unknown[]));
}

/** A second backend; registered until the test's end, which must leave nothing on it. */
export async function withBackend(backend: Backend, test: (name: string) => Promise<void>): Promise<void> {
  registerBackend(backend);
  await test(backend.name);
  useBackend('cpu-js');
  unregisterBackend(backend.name);
}

export function thrown(fn: () => unknown): KonvError {
  try {
    fn();
  } catch (e) {
    if (!isKonvError(e)) throw e;
    return e;
  }
  return expect.fail('expected an error, got none');
}

export async function rejected(promise: Promise<unknown>): Promise<KonvError> {
  return promise.then(
    () => expect.fail('expected an error, got none'),
    (e) => {
      if (!isKonvError(e)) throw e;
      return e;
    },
  );
}

export function tensors(): number {
  return memory().tensors;
}

export function values(t: Tensor): number[] {
  return [...t.dataSync()];
}

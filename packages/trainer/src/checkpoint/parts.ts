import { fromHost, getBackend, type Parameter, type Tensor } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import type { Module } from '@konv/layers';
import type { Optimizer } from '../optim/optimizer.js';
import type { TrainerState } from './state.js';
import { isEntry, place, refuse } from './tree.js';

export function parametersOf(optimizer: Optimizer): Parameter[] {
  return optimizer.paramGroups.flatMap((g) => g.params);
}

/** The model's, the optimizer's and (where some are `waiting`) the gradients' part of a state, as live tensors. */
export function liveParts(model: Module, optimizer: Optimizer, waiting: boolean): Record<string, unknown> {
  const { state, paramGroups } = optimizer.stateDict();
  const gradients = waiting ? parametersOf(optimizer).flatMap((p, i) => (p.grad ? [[String(i), p.grad] as const] : [])) : [];
  return {
    version: 1,
    model: { ...model.stateDict() },
    optimizer: { kind: optimizer.name, state, paramGroups },
    gradients: Object.fromEntries(gradients),
  };
}

/** Puts a state's values into the model, the optimizer and the gradients. Errors: those of the first part that does not fit. */
export function loadParts(model: Module, optimizer: Optimizer, state: Omit<TrainerState, 'place'>): void {
  if (state.optimizer.kind !== optimizer.name) {
    throw refuse(`the state of ${optimizer.name}`, `that of ${state.optimizer.kind}`, 'make the optimizer that the training had');
  }
  const parameters = parametersOf(optimizer);
  const made: Tensor[] = [];
  const put = (entry: HostEntry, backend: string): Tensor => {
    const t = place(entry, backend);
    made.push(t);
    return t;
  };
  try {
    const home = parameters[0].backend;
    const own = model.stateDict();
    checkKeys(Object.keys(own), state.model);
    const tensors = Object.entries(state.model).map(([key, e]) => [key, put(e, own[key]?.backend ?? home)] as const);
    model.loadStateDict(Object.fromEntries(tensors));
    const entries = Object.entries(state.optimizer.state).map(([i, entry]) => {
      const backend = parameters[Number(i)]?.backend ?? home;
      const values = Object.entries(entry).map(([name, v]) => [name, isEntry(v) ? put(v, backend) : v] as const);
      return [i, Object.fromEntries(values)] as const;
    });
    optimizer.loadStateDict({ state: Object.fromEntries(entries), paramGroups: state.optimizer.paramGroups as never });
    loadGradients(parameters, state.gradients);
  } finally {
    for (const t of made) t.dispose();
  }
}

/** What a person sees first of another model; shapes are for `loadStateDict`. */
function checkKeys(own: readonly string[], saved: Record<string, HostEntry>): void {
  const missing = own.find((key) => !Object.hasOwn(saved, key));
  const odd = Object.keys(saved).find((key) => !own.includes(key));
  if (missing === undefined && odd === undefined) return;
  const got = missing === undefined ? `one with "${odd}"` : `one without "${missing}"`;
  throw refuse('a checkpoint of this model', got, 'build the model that the training had');
}

function loadGradients(parameters: readonly Parameter[], gradients: Record<string, HostEntry>): void {
  for (const [i, { shape }] of Object.entries(gradients)) {
    const own = parameters[Number(i)]?.shape;
    if (own?.join() !== shape.join()) {
      throw refuse(
        `a gradient of ${own ? `[${own.join(', ')}]` : 'a parameter'} for ${i}`,
        `[${shape.join(', ')}]`,
        'load the state of the same model',
      );
    }
  }
  for (const p of parameters) p.grad = null;
  for (const [i, { data, shape, dtype }] of Object.entries(gradients)) {
    // Not kept: the parameter frees it when the next one comes.
    parameters[Number(i)].grad = fromHost(getBackend(parameters[Number(i)].backend), data, shape, dtype);
  }
}

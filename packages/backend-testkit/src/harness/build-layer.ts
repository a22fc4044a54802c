import { type DType, isTensor, type Tensor, tensor, toHostArray } from '@konv/core-tensor';
import type { LayerDescription } from '../fixtures/module-types.js';
import { fail } from './assert.js';
import { nn } from './nn.js';

type LayerClass = new (...args: unknown[]) => nn.Module;

interface TensorArgument {
  readonly tensor: readonly number[];
  readonly dtype?: DType;
}

function isTensorArgument(x: unknown): x is TensorArgument {
  return typeof x === 'object' && x !== null && 'tensor' in x;
}

/** Builds what a fixture describes, on the current backend. `made` gets the tensors that were arguments. */
export function buildLayer(layer: LayerDescription, made: Tensor[] = []): nn.Module {
  if ('type' in layer) return custom(layer.type, layer.children, made);
  const [type, args = [], options = {}] = layer;
  const Layer = (nn as unknown as Record<string, LayerClass | undefined>)[type] ?? fail(`expected nn to have ${type}, got none`);
  if (type === 'ModuleDict') {
    const named = Object.entries(args as Record<string, LayerDescription>).map(([k, child]) => [k, buildLayer(child, made)]);
    return new Layer(Object.fromEntries(named));
  }
  if (type === 'Sequential' || type === 'ModuleList') {
    const children = (args as LayerDescription[]).map((child) => buildLayer(child, made));
    return type === 'Sequential' ? new Layer(...children) : new Layer(children);
  }
  const given = (args as unknown[]).map((x) => argument(x, made));
  const named = Object.fromEntries(Object.entries(options).map(([k, x]) => [k, argument(x, made)]));
  return Object.keys(named).length > 0 ? new Layer(...given, named) : new Layer(...given);
}

function custom(type: string, children: Readonly<Record<string, LayerDescription>>, made: Tensor[]): nn.Module {
  const Custom = {
    [type]: class extends nn.Module {
      override forward(): never {
        return fail(`${type} has no forward`);
      }
    },
  }[type];
  return Object.assign(new Custom(), Object.fromEntries(Object.entries(children).map(([k, child]) => [k, buildLayer(child, made)])));
}

function argument(x: unknown, made: Tensor[]): unknown {
  if (!isTensorArgument(x)) return x;
  const dtype = x.dtype ?? 'float32';
  const t = tensor(toHostArray(dtype, x.tensor), { dtype, shape: [x.tensor.length] });
  made.push(t);
  return t;
}

/** What a forward returned, as a list of tensors: one, several, or an object such as `{ values, indices }`. */
export function outputsOf(y: unknown): readonly Tensor[] {
  if (isTensor(y)) return [y];
  if (typeof y === 'object' && y !== null) {
    const list: unknown[] = Array.isArray(y) ? y : Object.values(y);
    if (list.every(isTensor)) return list as Tensor[];
  }
  return fail(`expected forward to return tensors, got ${typeof y}`);
}

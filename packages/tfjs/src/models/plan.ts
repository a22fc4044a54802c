/**
 * What will be built, before anything is: modules, the calls that a forward makes of them, and which weight goes where.
 *
 * Every tensor of the model is a `Value`. Its `shape` is the one that it has in TensorFlow.js. konv holds it either with
 * the same axes or *moved*, with the last axis at place 1: [batch, height, width, channels] -> [batch, channels, height,
 * width]. Each layer says which of the two it needs, and the axes are permuted in between where they differ.
 */
import { sizeOf } from '@konv/core-tensor';
import type { Module } from '@konv/layers';
import { Permute } from './modules/axes.js';
import { Uncovered } from './refuse.js';
import type { LayerNode } from './topology.js';
import type { Reorder } from './transpose.js';

export type OpenShape = readonly (number | null)[];

export interface Value {
  readonly id: number;
  /** As in TensorFlow.js, batch first; null where the model leaves it open. */
  readonly shape: OpenShape;
  readonly moved: boolean;
  /**
   * Of features that were flattened from channels-first axes: the sizes that they have in TensorFlow.js, [height, width,
   * channels]. The features are then in the order channels, height, width, and the next layer's weight is reordered.
   */
  readonly flat?: readonly number[];
}

export interface Step {
  readonly key: string;
  readonly inputs: readonly number[];
  readonly output: number;
}

/** A weight of the file and the parameter or buffer it becomes. */
export interface WeightUse {
  /** In the file: `layer/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The module of the plan. */
  readonly module: string;
  /** In that module's state dict. */
  readonly param: string;
  readonly reorder: Reorder;
}

export type Make = () => Module;

/** The plan of one model. */
export class Plan {
  readonly modules = new Map<string, Make>();
  readonly steps: Step[] = [];
  readonly weights: WeightUse[] = [];
  /** The layers that the file says are not trained. */
  readonly frozen: string[] = [];
  inputs: { name: string; value: Value }[] = [];
  outputs: { name: string; value: Value }[] = [];
  /** The shapes in the file by name: tfjs-layers leaves some sizes out of its configs. */
  readonly stored: ReadonlyMap<string, readonly number[]>;
  #ids = 0;

  constructor(stored: ReadonlyMap<string, readonly number[]>) {
    this.stored = stored;
  }

  value(shape: OpenShape, moved: boolean, flat?: readonly number[]): Value {
    return { id: this.#ids++, shape, moved, flat };
  }

  /** A name for a module that no other has. */
  freeKey(wanted: string): string {
    if (!this.modules.has(wanted)) return wanted;
    let n = 1;
    while (this.modules.has(`${wanted}_${n}`)) n++;
    return `${wanted}_${n}`;
  }
}

/** What came before decided about a layer by looking at the whole graph. */
export interface Folded {
  /** Flattens in channels-first order, since only dense layers see the features. */
  readonly flatten: ReadonlySet<LayerNode>;
  /** Zero padding that the convolution after it does itself: by the convolution, `[top, bottom, left, right]`. */
  readonly padding: ReadonlyMap<LayerNode, readonly number[]>;
}

/** One call of one layer, as its planner sees it. */
export class Site {
  readonly plan: Plan;
  readonly layer: LayerNode;
  readonly folded: Folded;
  /** Whether the layer is planned for the first time, so that its weights are still to be named. */
  readonly first: boolean;

  constructor(plan: Plan, layer: LayerNode, folded: Folded, first: boolean) {
    this.plan = plan;
    this.layer = layer;
    this.folded = folded;
    this.first = first;
  }

  /** Calls the layer's own module, or its helper of this suffix: the same one at every call of the layer. */
  call(suffix: string, make: Make, inputs: readonly Value[], shape: OpenShape, moved: boolean, flat?: readonly number[]): Value {
    const key = this.key(suffix);
    if (!this.plan.modules.has(key)) this.plan.modules.set(key, make);
    return this.#step(key, inputs, shape, moved, flat);
  }
  /** Calls a module of this call alone. */
  helper(suffix: string, make: Make, inputs: readonly Value[], shape: OpenShape, moved: boolean): Value {
    const key = this.plan.freeKey(this.key(suffix));
    this.plan.modules.set(key, make);
    return this.#step(key, inputs, shape, moved);
  }
  #step(key: string, inputs: readonly Value[], shape: OpenShape, moved: boolean, flat?: readonly number[]): Value {
    const output = this.plan.value(shape, moved, flat);
    this.plan.steps.push({ key, inputs: inputs.map((v) => v.id), output: output.id });
    return output;
  }

  key(suffix: string): string {
    return suffix === '' ? this.layer.name : `${this.layer.name}_${suffix}`;
  }

  weight(name: string, shape: readonly number[], param: string, reorder: Partial<Reorder> = {}): void {
    if (!this.first) return;
    this.plan.weights.push({
      name: `${this.layer.name}/${name}`,
      shape,
      module: this.layer.name,
      param,
      reorder: { view: shape, order: null, shape, ...reorder },
    });
  }

  /** The value with its axes as they are in TensorFlow.js. */
  saved(v: Value): Value {
    if (!v.moved) return v;
    const order = [0, ...v.shape.map((_, i) => i + 2).slice(0, v.shape.length - 2), 1];
    return this.helper('permute', () => new Permute(order), [v], v.shape, false);
  }
  /** The value with its last axis at place 1. */
  moved(v: Value): Value {
    if (v.moved || v.shape.length < 3) return v;
    const rank = v.shape.length;
    const order = [0, rank - 1, ...v.shape.map((_, i) => i + 1).slice(0, rank - 2)];
    return this.helper('permute', () => new Permute(order), [v], v.shape, true);
  }
  /** The value laid out for a layer of images: channels at place 1. */
  channelsAt1(v: Value, channelsFirst: boolean): Value {
    return channelsFirst ? this.saved(v) : this.moved(v);
  }
}

/** Where axis `axis` of TensorFlow.js is in konv's tensor. */
export function axisOf(v: Value, axis: number): number {
  const rank = v.shape.length;
  const i = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(i) || i < 0 || i >= rank) throw new Uncovered(`axis is ${axis}, beyond an input of ${rank} axes`);
  if (!v.moved || i === 0) return i;
  return i === rank - 1 ? 1 : i + 1;
}

/** The shape of the value in konv. */
export function konvShape(v: Value): (number | null)[] {
  const s = [...v.shape];
  return v.moved ? [s[0], s[s.length - 1], ...s.slice(1, -1)] : s;
}

export function known(size: number | null | undefined, what: string): number {
  if (typeof size === 'number') return size;
  throw new Uncovered(`${what} is left open by the input shape`);
}

/** Refuses an input of another rank. */
export function ofRank(v: Value, ...ranks: number[]): void {
  if (!ranks.includes(v.shape.length))
    throw new Uncovered(`its input has ${v.shape.length} axes with the batch, not ${ranks.join(' or ')}`);
}

/** The number of features of all axes but the batch. */
export function features(shape: OpenShape): number {
  return sizeOf(shape.slice(1).map((d) => known(d, 'a size to be flattened')));
}

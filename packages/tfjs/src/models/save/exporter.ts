/** From modules in a row to the layers of a Sequential of TensorFlow.js. */
import type { Tensor } from '@konv/core-tensor';
import { type Module, Sequential } from '@konv/layers';
import { type Json, Uncovered } from '../refuse.js';
import type { Reorder } from '../transpose.js';

/** What flows between two layers: its shape in TensorFlow.js without the batch, and how konv has it (see `Value` in plan.ts). */
export interface Flow {
  readonly shape: readonly number[];
  readonly moved: boolean;
  readonly flat?: readonly number[];
}

/** A weight to be written: the values of `tensor`, reordered. */
export interface SavedWeight {
  readonly name: string;
  readonly tensor: Tensor;
  readonly reorder: Reorder;
}

/** Writes one module down: emits layers and weights, and says what comes out. Throws `Uncovered`. */
export type Writer = (module: never, x: Flow, at: Desk) => Flow;

/** One module that is written down, with what stands before and after it. */
export class Desk {
  readonly name: string;
  readonly layers: Json[];
  readonly weights: SavedWeight[];
  /** Pads that the modules before left for this one, before and after each axis of space; null where there are none. */
  readonly pad: Pad | null;
  readonly next: Module | undefined;
  /** Whether features must keep konv's order when they are flattened. */
  readonly keepOrder: boolean;

  constructor(name: string, layers: Json[], weights: SavedWeight[], pad: Pad | null, next: Module | undefined, keepOrder: boolean) {
    this.name = name;
    this.layers = layers;
    this.weights = weights;
    this.pad = pad;
    this.next = next;
    this.keepOrder = keepOrder;
  }

  layer(className: string, config: Json, suffix = ''): void {
    this.layers.push({ class_name: className, config: { name: this.name + suffix, trainable: true, dtype: 'float32', ...config } });
  }
  weight(name: string, tensor: Tensor, reorder: Partial<Reorder> = {}): void {
    const shape = tensor.shape;
    this.weights.push({ name: `${this.name}/${name}`, tensor, reorder: { view: shape, order: null, shape, ...reorder } });
  }
}

/** A pad that waits for the layer that it belongs to. */
export interface Pad {
  readonly name: string;
  readonly sides: readonly (readonly [number, number])[];
  readonly value: number;
}

/** A `Flow` whose `pad` is still to be done by the next module. */
export interface PaddedFlow extends Flow {
  readonly pad?: Pad;
}

export interface Written {
  readonly layers: readonly Json[];
  readonly weights: readonly SavedWeight[];
  /** Without the batch, in TensorFlow.js. */
  readonly input: readonly number[];
  readonly problems: readonly string[];
}

/** The modules in the order in which they run, with their paths; Sequentials are opened. */
export function rowOf(net: Module, path = ''): [string, Module][] {
  if (net.constructor !== Sequential || Object.hasOwn(net, 'forward')) return [[path === '' ? 'layer' : path, net]];
  return Object.entries(net).flatMap(([name, child]) =>
    typeof child === 'object' && child !== null && [...(net as Sequential)].includes(child as Module)
      ? rowOf(child as Module, path === '' ? name : `${path}.${name}`)
      : [],
  );
}

/** A name that TensorFlow.js takes: it begins with a letter or a digit. */
export function tfjsName(path: string): string {
  const plain = path.replace(/[^A-Za-z0-9_.-]/g, '_');
  return /^[A-Za-z0-9]/.test(plain) ? plain : `l${plain}`;
}

/** Thrown where features cannot stay reordered; the flatten before is then written with konv's order kept. */
export class KeepOrder extends Error {}

export function writeRow(row: readonly [string, Module][], input: Flow, writerOf: (module: Module) => Writer | null): Written {
  const kept = new Set<number>();
  for (;;) {
    const layers: Json[] = [];
    const weights: SavedWeight[] = [];
    const problems: string[] = [];
    let flow: PaddedFlow | null = input;
    let flattened = -1;
    let again = false;
    for (const [i, [path, module]] of row.entries()) {
      const writer = writerOf(module);
      const what = `${module.constructor.name} "${path}"`;
      if (writer === null) problems.push(`${what}: TensorFlow.js has no such layer`);
      if (writer === null || flow === null) {
        flow = null;
        continue;
      }
      const before: PaddedFlow = flow;
      const desk = new Desk(tfjsName(path), layers, weights, before.pad ?? null, row[i + 1]?.[1], kept.has(i));
      try {
        if (before.flat === undefined) flattened = i;
        flow = writer(module as never, { shape: before.shape, moved: before.moved, flat: before.flat }, desk);
      } catch (e) {
        if (e instanceof KeepOrder) {
          again = true;
          break;
        }
        if (!(e instanceof Uncovered)) throw e;
        problems.push(`${what}: ${e.message}`);
        flow = null;
      }
    }
    if (!again && flow?.flat !== undefined) again = true;
    if (!again) return { layers, weights, input: input.shape, problems };
    kept.add(flattened);
  }
}

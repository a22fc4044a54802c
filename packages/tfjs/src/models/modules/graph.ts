import { KonvError, type Tensor } from '@konv/core-tensor';
import { Module } from '@konv/layers';

/** One call: of the module `path`, with these values, giving that one. */
export interface GraphStep {
  readonly path: string;
  readonly inputs: readonly number[];
  readonly output: number;
}

/**
 * A network whose layers branch and join, as a functional model of Keras. Its layers are properties under their names.
 *
 * `forward` takes a tensor for each of `inputNames`, in this order, and gives the output, or an array of them where
 * there are several. Errors: `KonvError` for another number of inputs; those of the layers, with their names in front.
 */
export class LayersGraph extends Module {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #inputs: readonly number[];
  readonly #outputs: readonly number[];
  readonly #steps: readonly GraphStep[];

  constructor(
    modules: Readonly<Record<string, Module>>,
    steps: readonly GraphStep[],
    inputs: readonly { name: string; id: number }[],
    outputs: readonly { name: string; id: number }[],
  ) {
    super();
    Object.assign(this, modules);
    this.#steps = steps;
    this.#inputs = inputs.map(({ id }) => id);
    this.#outputs = outputs.map(({ id }) => id);
    this.inputNames = inputs.map(({ name }) => name);
    this.outputNames = outputs.map(({ name }) => name);
  }

  /** The calls that `graph` makes, with the values that go in and come out. */
  static structureOf(graph: LayersGraph): { steps: readonly GraphStep[]; inputs: readonly number[]; outputs: readonly number[] } {
    return { steps: graph.#steps, inputs: graph.#inputs, outputs: graph.#outputs };
  }

  override forward(...inputs: Tensor[]): Tensor | Tensor[] {
    if (inputs.length !== this.#inputs.length) {
      throw new KonvError('forward', `expected inputs ${this.inputNames.join(', ')}, got ${inputs.length}; pass one tensor for each`);
    }
    const values = new Map<number, Tensor>();
    this.#inputs.forEach((id, i) => values.set(id, inputs[i]));
    const own = this as unknown as Record<string, Module>;
    for (const { path, inputs: from, output } of this.#steps) {
      values.set(output, own[path].forward(...from.map((id) => values.get(id))));
    }
    const outputs = this.#outputs.map((id) => values.get(id) as Tensor);
    return outputs.length === 1 ? outputs[0] : outputs;
  }
}

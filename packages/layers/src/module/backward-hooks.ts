import { abi, isTensor, KonvError, type Tensor } from '@konv/core-tensor';
import type { Module } from './module.js';

type Gradients = readonly (Tensor | null)[];

/**
 * Runs when the gradients of a call's inputs are known: `gradInput` has one entry an input of `forward`, `gradOutput` one an
 * output, null for what is no tensor or has no gradient. An array that it returns replaces `gradInput`.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is what is meant
export type FullBackwardHook = (module: Module, gradInput: Gradients, gradOutput: Gradients) => Gradients | null | undefined | void;

/**
 * The backward hooks of one call of `forward`. Inputs and outputs are given on as other handles whose gradients pass by
 * here, so that gradients count by this call alone, wherever else the same tensors are used.
 */
export class BackwardHooks {
  readonly #module: Module;
  readonly #hooks: readonly FullBackwardHook[];
  #inputs = 0;
  #hasInput = false;
  #gradOutput: Gradients | null = null;

  constructor(module: Module, hooks: readonly FullBackwardHook[]) {
    this.#module = module;
    this.#hooks = hooks;
  }

  /** What `forward` is to get for its inputs. */
  wrapInputs(inputs: readonly unknown[]): readonly unknown[] {
    this.#inputs = inputs.length;
    const { values, wrapped } = intercepted(inputs, (found) => {
      // Gradients that reach an input on a way around the outputs are not this call's.
      if (this.#gradOutput === null) return undefined;
      return this.#run(found);
    });
    this.#hasInput = wrapped;
    return values;
  }

  /** What the caller is to get for what `forward` gave: a tensor or an array of them. */
  wrapOutput(output: unknown): unknown {
    const list = Array.isArray(output) ? output : [output];
    const { values } = intercepted(list, (found) => {
      this.#gradOutput = found;
      if (!this.#hasInput) this.#withoutInput();
      return undefined;
    });
    return Array.isArray(output) ? values : values[0];
  }

  #run(gradInput: Gradients): Gradients {
    const gradOutput = this.#gradOutput as Gradients;
    this.#gradOutput = null;
    let current = gradInput;
    for (const hook of this.#hooks) {
      const next = hook(this.#module, current, gradOutput);
      if (next === undefined || next === null) continue;
      if (!Array.isArray(next) || next.length !== current.length) {
        const got = Array.isArray(next) ? `${next.length}` : isTensor(next) ? 'a tensor' : typeof next;
        throw new KonvError(
          'registerFullBackwardHook',
          `expected a hook of ${this.#module.constructor.name} to return nothing or an array of ${current.length} gradients, one an input, got ${got}; null stands for none`,
        );
      }
      current = next;
    }
    return current;
  }

  /** No input wants a gradient: the hooks run as soon as the outputs' are known, and have nothing to replace. */
  #withoutInput(): void {
    const gradOutput = this.#gradOutput as Gradients;
    this.#gradOutput = null;
    for (const hook of this.#hooks) {
      const next = hook(this.#module, new Array<null>(this.#inputs).fill(null), gradOutput);
      if (next === undefined || next === null || (Array.isArray(next) && next.every((g) => g === null))) continue;
      throw new KonvError(
        'registerFullBackwardHook',
        `expected a hook of ${this.#module.constructor.name} to return nothing where no input requires grad, got gradients; let an input require grad`,
      );
    }
  }
}

/** `list` with its tensors that require grad as handles whose gradients go to `hook`, at their places in the list. */
function intercepted(
  list: readonly unknown[],
  hook: (gradients: Gradients) => Gradients | undefined,
): { values: readonly unknown[]; wrapped: boolean } {
  const { tracer } = abi;
  const places = list.flatMap((x, i) => (isTensor(x) && x.requiresGrad ? [i] : []));
  if (tracer === null || !abi.gradEnabled || places.length === 0) return { values: list, wrapped: false };
  const made = tracer.intercept(
    places.map((i) => list[i] as Tensor),
    (found) => {
      const all = new Array<Tensor | null>(list.length).fill(null);
      places.forEach((place, k) => {
        all[place] = found[k];
      });
      const next = hook(all);
      return next === undefined ? undefined : places.map((place) => next[place]);
    },
  );
  const values = [...list];
  places.forEach((place, k) => {
    values[place] = made[k];
  });
  return { values, wrapped: true };
}

import {
  getBackend,
  GradError,
  isParameter,
  isTensor,
  KonvError,
  moveValues,
  type Parameter,
  type Storage,
  type Tensor,
  type TensorRef,
} from '@konv/core-tensor';

/** A set of parameters that share their options. */
export type ParamGroup<Options> = Options & { params: Parameter[] };
/** What optimizers take: parameters, or groups of them with options of their own. */
export type Params<Options> = Iterable<Parameter> | Iterable<{ params: Iterable<Parameter> } & Partial<Options>>;

/** The tensors and counters that an optimizer keeps for one parameter, under PyTorch's names. */
export type ParamState = Record<string, Tensor | number>;

export interface OptimizerStateDict<Options> {
  /** By the parameter's position over all groups. */
  state: Record<number, ParamState>;
  paramGroups: (Options & { params: number[] })[];
}

/** What all optimizers have in common. Source: torch.optim.Optimizer. */
export abstract class Optimizer<Options extends object = object> {
  readonly paramGroups: ParamGroup<Options>[];
  protected readonly state: Map<Parameter, ParamState> = new Map();
  readonly #op: string;

  constructor(op: string, params: Params<Options>, defaults: Options) {
    this.#op = op;
    this.paramGroups = groups(op, params, defaults);
    const seen = new Set<Parameter>();
    for (const group of this.paramGroups) {
      this.check(group);
      for (const p of group.params) {
        if (seen.has(p)) throw new KonvError(op, 'expected each parameter once, got one twice; list it in one group only');
        seen.add(p);
      }
    }
  }

  /** Refuses bad options. */
  protected abstract check(options: Options): void;
  /** One step for one parameter. */
  protected abstract update(p: Parameter, gradient: Tensor, state: ParamState, options: Options): void;

  /** Moves every parameter that has a gradient. Parameters without one are skipped, and keep their state. */
  step(): void {
    for (const group of this.paramGroups) {
      for (const p of group.params) {
        const gradient = p.grad;
        if (gradient === null) continue;
        if (gradient.requiresGrad) {
          throw new GradError(
            this.#op,
            'expected gradients outside of the graph, got one made with createGraph; set p.grad = p.grad.detach()',
          );
        }
        let state = this.state.get(p);
        if (!state) this.state.set(p, (state = {}));
        this.update(p, gradient, state, group);
      }
    }
  }

  /** Drops all gradients (they become null). */
  zeroGrad(): void {
    for (const group of this.paramGroups) for (const p of group.params) p.grad = null;
  }

  #flat(): Parameter[] {
    return this.paramGroups.flatMap((g) => g.params);
  }

  /** Options and state under PyTorch's keys. The tensors are the optimizer's own, not copies. */
  stateDict(): OptimizerStateDict<Options> {
    const flat = this.#flat();
    const state: Record<number, ParamState> = {};
    flat.forEach((p, i) => {
      const s = this.state.get(p);
      if (s) state[i] = { ...s };
    });
    const paramGroups = this.paramGroups.map(({ params, ...options }) => ({
      ...(options as unknown as Options),
      params: params.map((p) => flat.indexOf(p)),
    }));
    return { state, paramGroups };
  }

  /** Takes over options and copies of the state tensors. All or nothing. Errors: `KonvError`. */
  loadStateDict(dict: OptimizerStateDict<Options>): void {
    const flat = this.#flat();
    const sizes = dict.paramGroups.map((g) => g.params.length);
    const own = this.paramGroups.map((g) => g.params.length);
    if (sizes.join() !== own.join()) {
      throw new KonvError(
        this.#op,
        `expected parameter groups of ${own.join(', ')} parameters, got ${sizes.join(', ')}; load the state of the same model`,
      );
    }
    for (const [i, entry] of Object.entries(dict.state)) {
      const p = flat[Number(i)];
      for (const [name, value] of Object.entries(entry)) {
        if (!p || (isTensor(value) && value.rank > 0 && value.shape.join() !== p.shape.join())) {
          throw new KonvError(
            this.#op,
            `expected ${name} of parameter ${i} as [${p?.shape.join(', ')}], got [${isTensor(value) ? value.shape.join(', ') : value}]`,
          );
        }
      }
    }
    for (const group of dict.paramGroups) this.check(group);
    const copies = Object.entries(dict.state).map(([i, entry]) => {
      const copy: ParamState = {};
      for (const [name, v] of Object.entries(entry)) copy[name] = isTensor(v) ? v.detach().clone().keep() : v;
      return [flat[Number(i)], copy] as const;
    });
    this.#freeState();
    for (const [p, copy] of copies) this.state.set(p, copy);
    dict.paramGroups.forEach((g, i) => {
      const { params: _, ...options } = g;
      Object.assign(this.paramGroups[i], options);
    });
  }

  #freeState(): void {
    for (const s of this.state.values()) for (const v of Object.values(s)) if (isTensor(v)) v.dispose();
    this.state.clear();
  }

  /** Frees the state; the parameters stay. */
  dispose(): void {
    this.#freeState();
  }

  /** Moves the state to another backend, all or nothing. Parameters are moved by their module. */
  async to(name: string): Promise<this> {
    const backend = getBackend(name);
    const moves: { tensor: Tensor; moved: Tensor }[] = [];
    try {
      for (const s of this.state.values()) {
        for (const v of Object.values(s)) {
          if (isTensor(v) && v.backend !== name) moves.push({ tensor: v, moved: (await moveValues(v, backend)).keep() });
        }
      }
    } catch (e) {
      for (const { moved } of moves) moved.dispose();
      throw e;
    }
    for (const { tensor, moved } of moves) {
      tensor.replaceStorage((moved.storage as Storage).retain(), moved.ref as TensorRef);
      moved.dispose();
    }
    return this;
  }
}

function groups<Options extends object>(op: string, params: Params<Options>, defaults: Options): ParamGroup<Options>[] {
  if (typeof (params as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw new KonvError(op, `expected parameters, got ${String(params)}; pass model.parameters()`);
  }
  const list = [...(params as Iterable<unknown>)];
  if (list.length === 0) throw new KonvError(op, 'expected at least one parameter, got none; does the model have any?');
  if (list.every(isParameter)) return [{ ...defaults, params: list as Parameter[] }];
  return list.map((entry) => {
    const group = entry as ParamGroup<Options>;
    if (typeof entry !== 'object' || entry === null || !('params' in entry) || typeof group.params?.[Symbol.iterator] !== 'function') {
      throw new KonvError(op, 'expected parameters or groups { params, ...options }, got something else; pass model.parameters()');
    }
    const own = [...group.params];
    if (!own.every(isParameter)) throw new KonvError(op, 'expected Parameters in the group, got other values; pass module.parameters()');
    return { ...defaults, ...group, params: own };
  });
}

/** A number with a lower bound (and `below` an upper one), or a clear error. */
export function checkNumber(op: string, name: string, value: unknown, { below = Number.POSITIVE_INFINITY }: { below?: number } = {}): void {
  if (typeof value === 'number' && value >= 0 && value < below) return;
  const range = Number.isFinite(below) ? `a number in [0, ${below})` : 'a finite number >= 0';
  throw new KonvError(op, `expected ${name} to be ${range}, got ${String(value)}`);
}

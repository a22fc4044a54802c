import {
  getBackend,
  GradError,
  isParameter,
  isTensor,
  KonvError,
  moveValues,
  noGrad,
  type Parameter,
  scope,
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
  readonly paramGroups: ParamGroup<Options>[] = [];
  /** What groups have that do not say otherwise. */
  readonly defaults: Options;
  protected readonly state: Map<Parameter, ParamState> = new Map();
  readonly #op: string;
  readonly #stateNames: readonly string[];

  /** `stateNames`: what a state dict may hold for one parameter. */
  constructor(op: string, params: Params<Options>, options: Partial<Options>, defaults: Options, stateNames: readonly string[]) {
    this.#op = op;
    this.#stateNames = stateNames;
    if (typeof options !== 'object' || options === null) {
      throw new KonvError(op, `expected an object of options, got ${String(options)}; write { lr: 0.01 }`);
    }
    this.defaults = defaults;
    this.#checkNames(options);
    this.defaults = { ...defaults, ...options };
    for (const group of readGroups(op, params)) this.addParamGroup(group);
  }

  /** What it is called, whatever a minifier made of the class's name. */
  get name(): string {
    return this.#op;
  }

  /** Refuses bad options. */
  protected abstract check(options: Options): void;
  /** One step for one parameter. */
  protected abstract update(p: Parameter, gradient: Tensor, state: ParamState, options: Options): void;

  /**
   * Adds a group of parameters; what it does not say is as for the others. Errors: `KonvError` for options that the
   * optimizer does not have, and for a parameter that is in a group already. Source: torch.optim.Optimizer.add_param_group.
   */
  addParamGroup(group: { params: Iterable<Parameter> } & Partial<Options>): void {
    const { params, ...own } = group;
    const list = readParameters(this.#op, params);
    this.#checkNames(own);
    const whole = { ...this.defaults, ...own, params: list } as unknown as ParamGroup<Options>;
    this.check(whole);
    const seen = new Set<Parameter>(this.#flat());
    for (const p of list) {
      if (seen.has(p)) throw new KonvError(this.#op, 'expected each parameter once, got one twice; list it in one group only');
      seen.add(p);
    }
    this.paramGroups.push(whole);
  }

  #checkNames(options: object): void {
    // What schedulers note down in a group is theirs.
    const known = [...Object.keys(this.defaults), ...SCHEDULER_NAMES];
    for (const name of Object.keys(options)) {
      if (known.includes(name)) continue;
      const camel = name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
      const remedy = known.includes(camel) ? `write ${camel}` : 'leave it out';
      throw new KonvError(this.#op, `expected options among ${Object.keys(this.defaults).join(', ')}, got ${name}; ${remedy}`);
    }
  }

  /** Moves every parameter that has a gradient. Parameters without one are skipped, and keep their state. */
  step(): void {
    for (const group of this.paramGroups) for (const p of group.params) this.#checkGradient(p);
    for (const group of this.paramGroups) {
      for (const p of group.params) {
        if (p.grad === null) continue;
        const known = this.state.get(p);
        const state = known ?? {};
        this.update(p, p.grad, state, group);
        if (known === undefined) this.state.set(p, state);
      }
    }
  }

  #checkGradient(p: Parameter): void {
    if (p.grad?.requiresGrad) {
      throw new GradError(this.#op, 'expected gradients outside of the graph, got one made with createGraph; set p.grad = p.grad.detach()');
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

  /**
   * Takes over options and copies of the state tensors. All or nothing. Errors: `KonvError` for the state of another
   * optimizer or of other parameters, naming the first that does not fit.
   */
  loadStateDict(dict: OptimizerStateDict<Options>): void {
    const flat = this.#flat();
    this.#checkDict(dict, flat);
    const copies: (readonly [Parameter, ParamState])[] = [];
    try {
      for (const [i, entry] of Object.entries(dict.state)) {
        const p = flat[Number(i)];
        const copy: ParamState = {};
        copies.push([p, copy]);
        for (const [name, v] of Object.entries(entry)) copy[name] = ownCopy(this.#op, name, v, p);
      }
    } catch (e) {
      for (const [, copy] of copies) free(copy);
      throw e;
    }
    this.#freeState();
    for (const [p, copy] of copies) this.state.set(p, copy);
    dict.paramGroups.forEach((g, i) => {
      const { params: _, ...options } = g;
      Object.assign(this.paramGroups[i], options);
    });
  }

  #checkDict(dict: OptimizerStateDict<Options>, flat: readonly Parameter[]): void {
    if (typeof dict?.state !== 'object' || dict.state === null || !Array.isArray(dict.paramGroups)) {
      throw new KonvError(
        this.#op,
        `expected { state, paramGroups }, got ${dict === null ? 'null' : typeof dict}; pass what stateDict() gave`,
      );
    }
    const sizes = dict.paramGroups.map((g) => g.params?.length);
    const own = this.paramGroups.map((g) => g.params.length);
    if (sizes.join() !== own.join()) {
      throw new KonvError(
        this.#op,
        `expected parameter groups of ${own.join(', ')} parameters, got ${sizes.join(', ')}; load the state of the same model`,
      );
    }
    for (const [i, entry] of Object.entries(dict.state)) {
      const p = flat[Number(i)];
      if (p === undefined) {
        throw new KonvError(this.#op, `expected parameters 0 to ${flat.length - 1}, got state for ${i}; load the state of the same model`);
      }
      for (const [name, value] of Object.entries(entry)) this.#checkEntry(i, name, value, p);
    }
    for (const { params: _, ...options } of dict.paramGroups) {
      this.#checkNames(options);
      this.check({ ...this.defaults, ...options } as Options);
    }
  }

  #checkEntry(i: string, name: string, value: unknown, p: Parameter): void {
    if (!this.#stateNames.includes(name)) {
      throw new KonvError(
        this.#op,
        `expected state among ${this.#stateNames.join(', ') || 'nothing'}, got ${name} of parameter ${i}; it is another optimizer's`,
      );
    }
    const scalar = name === 'step';
    const shape = isTensor(value) ? value.shape.join() : typeof value === 'number' ? '' : null;
    if (shape === (scalar ? '' : p.shape.join())) return;
    const got = isTensor(value) ? `[${value.shape.join(', ')}]` : typeof value;
    throw new KonvError(
      this.#op,
      `expected ${name} of parameter ${i} as ${scalar ? 'a number' : `a tensor [${p.shape.join(', ')}]`}, got ${got}; load the state of the same model`,
    );
  }

  #freeState(): void {
    for (const s of this.state.values()) free(s);
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

/** What schedulers add to a group. */
const SCHEDULER_NAMES = ['initialLr', 'maxLr', 'minLr', 'maxMomentum', 'baseMomentum'];

function free(state: ParamState): void {
  for (const v of Object.values(state)) if (isTensor(v)) v.dispose();
}

/** The optimizer's own copy of what a state dict holds, as the parameter needs it. */
function ownCopy(op: string, name: string, value: Tensor | number, p: Parameter): Tensor | number {
  if (!isTensor(value)) return value;
  if (name === 'step') return value.itemSync();
  if (value.backend !== p.backend) {
    throw new KonvError(op, `expected ${name} on "${p.backend}", got "${value.backend}"; move it there first: await t.to('${p.backend}')`);
  }
  return noGrad(() => scope(() => value.detach().cast(p.dtype).clone())).keep();
}

function readGroups<Options extends object>(op: string, params: Params<Options>): ({ params: Iterable<Parameter> } & Partial<Options>)[] {
  if (typeof (params as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw new KonvError(op, `expected parameters, got ${String(params)}; pass model.parameters()`);
  }
  const list = [...(params as Iterable<unknown>)];
  if (list.length === 0) throw new KonvError(op, 'expected at least one parameter, got none; does the model have any?');
  if (list.every(isParameter)) return [{ params: list as Parameter[] } as { params: Parameter[] } & Partial<Options>];
  for (const entry of list) {
    if (typeof entry !== 'object' || entry === null || !('params' in entry)) {
      throw new KonvError(op, 'expected parameters or groups { params, ...options }, got something else; pass model.parameters()');
    }
  }
  return list as ({ params: Iterable<Parameter> } & Partial<Options>)[];
}

function readParameters(op: string, params: unknown): Parameter[] {
  if (typeof (params as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function') {
    throw new KonvError(op, 'expected parameters or groups { params, ...options }, got something else; pass model.parameters()');
  }
  const list = [...(params as Iterable<unknown>)];
  if (!list.every(isParameter)) {
    throw new KonvError(op, 'expected Parameters in the group, got other values; pass module.parameters()');
  }
  return list;
}

/** A number with a lower bound (and `below` an upper one), or a clear error. */
export function checkNumber(op: string, name: string, value: unknown, { below = Number.POSITIVE_INFINITY }: { below?: number } = {}): void {
  if (typeof value === 'number' && value >= 0 && value < below) return;
  const range = Number.isFinite(below) ? `a number in [0, ${below})` : 'a finite number >= 0';
  throw new KonvError(op, `expected ${name} to be ${range}, got ${String(value)}`);
}

/** True or false, or a clear error. */
export function checkFlag(op: string, name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new KonvError(op, `expected ${name} to be true or false, got ${String(value)}`);
}

/** Runs an update made of several ops: nothing is recorded, and what is made on the way is freed. */
export function composed(update: () => void): void {
  noGrad(() => scope(update, 'an optimizer step'));
}

import { isParameter, isTensor, KonvError, type Parameter, type Tensor } from '@konv/core-tensor';
import { BRAND, BUFFERS } from './brand.js';
import type { FullBackwardHook } from './backward-hooks.js';
import { addHook, type CallSlots, type ForwardHook, type ForwardPreHook, initializeAtFirstCall, SLOTS, wrapForward } from './forward.js';
import { castModule, moveModule } from './move.js';
import { formatModule } from './print.js';
import { loadInto, type LoadResult, makeStateDict, type StateDict } from './state-dict.js';
import { join, ownBuffers, ownChildren, ownParameters, walkModules } from './walk.js';

export interface WalkOptions {
  /** Put in front of every name, with a dot. Default: nothing. */
  prefix?: string;
  /** Also what the children hold. Default: true. */
  recurse?: boolean;
}

/**
 * What all layers and networks are: a class with a `forward` method, and Parameters, buffers and Modules as properties.
 *
 * ```ts
 * class Net extends nn.Module {
 *   conv = new nn.Conv2d(1, 8, 3);
 *   forward(x: Tensor) { return this.conv.forward(x).relu(); }
 * }
 * ```
 *
 * Properties count by being there, in the order of definition: nothing has to be registered but buffers. A private
 * `#field` is not seen. Modules in a plain array are refused by `parameters()`, since they would not be trained.
 * Errors of konv that leave `forward` name the failing module: `features.3 (Conv2d): [conv] expected ...`.
 * Source: torch.nn.Module.
 */
export abstract class Module {
  /** False after `eval()`. Layers such as dropout differ. */
  training = true;
  /** The hooks; of use to this package only. */
  declare [SLOTS]: CallSlots | null;
  /** The names of the buffers; of use to this package only. */
  declare readonly [BUFFERS]: Map<string, boolean>;

  constructor() {
    Object.defineProperty(this, SLOTS, { value: null, writable: true });
    Object.defineProperty(this, BUFFERS, { value: new Map() });
    wrapForward(this);
  }

  /**
   * The computation. Write it in your class, as a method, and call it: the hooks and the error paths come with it.
   * Abstract for the compiler, so that no `override` is asked for; without one, calling it is an error that says so.
   */
  // biome-ignore lint/suspicious/noExplicitAny: users narrow the parameters; only any[] lets them.
  abstract forward(...inputs: any[]): any;

  /** What stands between the parentheses when the module is printed. Source: torch.nn.Module.extra_repr. */
  extraRepr(): string {
    return '';
  }

  // ---- what it holds ----

  /** Every Parameter once, own ones before those of the children, in the order of definition. */
  *parameters(options?: WalkOptions): Generator<Parameter> {
    for (const [, p] of this.namedParameters(options)) yield p;
  }
  /** The same with their names, such as `features.0.weight`. A shared one has the first of its names. */
  *namedParameters(options: WalkOptions = {}): Generator<[string, Parameter]> {
    yield* this.#named(options, ownParameters);
  }
  /** Every buffer that is not null once. */
  *buffers(options?: WalkOptions): Generator<Tensor> {
    for (const [, b] of this.namedBuffers(options)) yield b;
  }
  *namedBuffers(options: WalkOptions = {}): Generator<[string, Tensor]> {
    yield* this.#named(options, ownBuffers);
  }
  /** The modules directly below, each once. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of ownChildren(this)) {
      if (seen.has(child)) continue;
      seen.add(child);
      yield [name, child];
    }
  }
  /** This module and all below it, parents before children, each once. */
  *modules(): Generator<Module> {
    for (const [, m] of walkModules(this)) yield m;
  }
  /** The same with their paths; this module's is ''. */
  *namedModules(prefix = ''): Generator<[string, Module]> {
    yield* walkModules(this, prefix);
  }

  *#named<T>({ prefix = '', recurse = true }: WalkOptions, own: (m: Module) => (readonly [string, T])[]): Generator<[string, T]> {
    const seen = new Set<T>();
    for (const [path, m] of recurse ? walkModules(this, prefix) : [[prefix, this] as [string, Module]]) {
      for (const [name, value] of own(m)) {
        if (seen.has(value)) continue;
        seen.add(value);
        yield [join(path, name), value];
      }
    }
  }

  /**
   * Makes `this[name]` a buffer: a tensor that is saved and moved with the module but not trained. null keeps the name for
   * later. It outlives every scope. With `persistent: false` it is moved, not saved. Declare the field with `declare`.
   * Errors: `KonvError` for a name that is empty, has a dot or is taken. Source: torch.nn.Module.register_buffer.
   */
  registerBuffer(name: string, value: Tensor | null, options: { persistent?: boolean } = {}): void {
    const own = this as unknown as Record<string, unknown>;
    const refuse = (expected: string, got: string): never => {
      throw new KonvError('registerBuffer', `expected ${expected}, got ${got}`);
    };
    if (typeof name !== 'string' || name === '' || name.includes('.')) refuse('a name without dots', `"${String(name)}"`);
    if (own[name] !== undefined && !this[BUFFERS].has(name)) refuse('a free name', `"${name}", which ${this.constructor.name} has already`);
    if (isParameter(value)) refuse('a tensor or null', 'a Parameter; assign it to a property, or detach() it');
    if (value !== null && !isTensor(value)) refuse('a tensor or null', typeof value);
    own[name] = value === null ? null : value.keep();
    this[BUFFERS].set(name, options.persistent ?? true);
  }

  /**
   * Parameters and persistent buffers under PyTorch's keys: detached tensors that share the module's storages, so later
   * training shows in them (`clone()` what is to stay). A shared tensor is there under each of its names.
   */
  stateDict(options: { prefix?: string } = {}): StateDict {
    return makeStateDict(this, options.prefix ?? '');
  }
  /**
   * Copies the values of a state dict over parameters and buffers, whose identities stay. Dtypes are converted (floats
   * into whole numbers are not), and values come from another backend where it has synchronous reads.
   * `strict: false` passes over keys that only one side has; shapes must agree all the same.
   * Errors: `ShapeError`, `KonvError`, `BackendError`, one for all that is wrong; nothing has changed then.
   * Source: torch.nn.Module.load_state_dict.
   */
  loadStateDict(state: Readonly<Record<string, Tensor>>, options: { strict?: boolean } = {}): LoadResult {
    return loadInto(this, state, options.strict ?? true);
  }

  // ---- what changes it ----

  /** Training mode for this module and all below it. */
  train(mode = true): this {
    if (typeof mode !== 'boolean')
      throw new KonvError('train', `expected true or false, got ${typeof mode}; to train a network use Trainer.fit`);
    for (const m of this.modules()) m.training = mode;
    return this;
  }
  /** Evaluation mode: `train(false)`. */
  eval(): this {
    return this.train(false);
  }
  /** Whether gradients are recorded for the parameters: `requiresGrad_(false)` freezes them. */
  requiresGrad_(value = true): this {
    for (const p of this.parameters()) p.requiresGrad = value;
    return this;
  }
  /** Drops all gradients (they become null). */
  zeroGrad(): void {
    for (const p of this.parameters()) p.grad = null;
  }
  /** Calls `fn` with every module below and then with this one. Source: torch.nn.Module.apply. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }
  /**
   * Moves parameters, their gradients and buffers to a registered backend; the Parameters stay the same objects. All or
   * nothing: after an error everything is where it was. Errors: `BackendError` for a backend that is not registered, is
   * full or lacks a dtype; `KonvError` where something changes while it moves.
   */
  async to(backend: string): Promise<this> {
    await moveModule(this, backend);
    return this;
  }
  /** All float parameters, gradients and buffers as float64, in place and all or nothing. Source: torch.nn.Module.double. */
  async double(): Promise<this> {
    await castModule(this, 'float64');
    return this;
  }
  /** The same as float32. Source: torch.nn.Module.float. */
  async float(): Promise<this> {
    await castModule(this, 'float32');
    return this;
  }
  /** Frees parameters, gradients and buffers now, without waiting for the collector. The module cannot be used again. */
  dispose(): void {
    for (const t of [...this.parameters(), ...this.buffers()]) {
      t.grad = null;
      t.dispose();
    }
  }

  // ---- hooks ----

  /** Runs `hook(module, inputs)` before every `forward`; an array that it returns replaces the inputs. Returns what removes it. */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return addHook('registerForwardPreHook', this, 'pre', hook);
  }
  /** Runs `hook(module, inputs, output)` after every `forward`; what it returns replaces the output. Returns what removes it. */
  registerForwardHook(hook: ForwardHook): () => void {
    return addHook('registerForwardHook', this, 'post', hook);
  }
  /**
   * Runs `hook(module, gradInput, gradOutput)` in every backward pass through a `forward` called from now on, when the
   * gradients of its inputs are known; an array that it returns replaces them. Counted are tensors among the inputs and
   * the output (or an array of outputs), not those inside of objects; these cannot be changed in place any more. Where no
   * input requires grad it runs with nulls for `gradInput`. Several hooks run in the order in which they came. Returns
   * what removes it, for the calls to come. Source: torch.nn.Module.register_full_backward_hook.
   */
  registerFullBackwardHook(hook: FullBackwardHook): () => void {
    return addHook('registerFullBackwardHook', this, 'backward', hook);
  }
  /** For layers whose shapes depend on their input: `init` runs once, with the inputs of the first call, before all hooks. */
  protected initializeAtFirstCall(init: (inputs: readonly unknown[]) => void): void {
    initializeAtFirstCall(this, init);
  }

  // ---- printing ----

  /** As PyTorch prints it. */
  toString(): string {
    return formatModule(this);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
Object.defineProperty(Module.prototype, BRAND, { value: true });
Object.defineProperty(Module.prototype, 'forward', {
  value: function forward(this: Module): never {
    throw new KonvError('forward', `expected ${this.constructor.name} to define forward, got none; write a method forward(x) { ... }`);
  },
  configurable: true,
  writable: true,
});

import { abi } from './abi.js';
import { ScopeError } from './errors.js';
import { isPromise } from './promise.js';
import { isTensor, type Tensor } from './tensor.js';

// Node 20 and older browsers have no Symbol.dispose; compiled `using` declarations look this very symbol up.
const symbols = Symbol as unknown as { dispose?: symbol };
if (symbols.dispose === undefined) {
  Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('Symbol.dispose'), configurable: true, writable: true });
}

let counter = 0;

/**
 * Owns the tensors born inside it and frees them when it closes.
 *
 * `scope(fn)` is the usual way in. A `Scope` made with `new` is entered only by `run`, so that concurrent asynchronous
 * code can have one each: `s.run(fn)` between the awaits, `s.dispose()` at the end.
 */
export class Scope {
  /** What errors call it. */
  readonly name: string;
  #members: Tensor[] = [];
  #live = 0;
  #closed = false;
  #running = 0;

  constructor(name?: string) {
    this.name = name ?? `scope ${++counter}`;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Tensors that closing would free now. */
  get size(): number {
    return this.#live;
  }

  /** Runs `fn` so that what is born inside belongs to this scope. Returns what `fn` returns; frees nothing. */
  run<T>(fn: () => T): T {
    this.#checkOpen('run');
    const { scopes } = abi;
    scopes.push(this);
    this.#running++;
    const depth = scopes.length;
    let result: T;
    try {
      result = fn();
    } catch (e) {
      // The error itself matters more than the scopes that it left open.
      this.#unwind(depth);
      throw e;
    }
    const open = this.#unwind(depth);
    if (open !== null) {
      throw new ScopeError(
        'scope',
        `expected "${open}" to be closed before "${this.name}", got it left open; close scopes in reverse order`,
      );
    }
    return result;
  }

  /** Leaves this scope, which is entry `depth - 1`, and closes what was opened inside. Returns the name of such a one. */
  #unwind(depth: number): string | null {
    const { scopes } = abi;
    this.#running--;
    const open = scopes.length > depth ? scopes[scopes.length - 1].name : null;
    while (scopes.length > depth) scopes[scopes.length - 1].dispose();
    scopes.pop();
    return open;
  }

  /** Takes over the ownership of `t`. */
  adopt(t: Tensor): void {
    this.#checkOpen('adopt');
    t.leaveScope();
    t.scope = this;
    // Members that left stay in the list until it has doubled: removal stays O(1) amortised.
    if (this.#members.length > 64 && this.#members.length > 2 * this.#live) {
      this.#members = this.#members.filter((m) => m.scope === this);
    }
    this.#members.push(t);
    this.#live++;
  }

  /** Called by a tensor that is freed or moves elsewhere. */
  forget(): void {
    this.#live--;
  }

  /** Frees what was born inside and still belongs here. Closing twice does nothing. */
  dispose(): void {
    if (this.#closed) return;
    if (this.#running > 0) {
      throw new ScopeError('scope', `expected "${this.name}" to be closed after its run(...), got a call from inside; return first`);
    }
    const at = abi.scopes.lastIndexOf(this);
    if (at >= 0) {
      if (at !== abi.scopes.length - 1) {
        throw new ScopeError(
          'scope',
          `expected "${abi.scopes[abi.scopes.length - 1].name}" to be closed before "${this.name}", got it ` +
            'still open; close scopes in reverse order, and in concurrent code give each task `new Scope()` with run()',
        );
      }
      abi.scopes.pop();
    }
    if (abi.openHandle === this) abi.openHandle = null;
    this.#closed = true;
    const members = this.#members;
    this.#members = [];
    for (let i = members.length - 1; i >= 0; i--) if (members[i].scope === this) members[i].free(`the end of ${this.name}`);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkOpen(op: string): void {
    if (this.#closed) throw new ScopeError(op, `expected an open scope, got "${this.name}", which is closed; make a new one`);
  }
}

/** Calls `visit` on every tensor in a value: the tensor itself, or within arrays, Maps, Sets and plain objects. */
export function forEachTensor(value: unknown, visit: (t: Tensor) => void, seen: Set<unknown> = new Set()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  if (isTensor(value)) return visit(value);
  seen.add(value);
  if (Array.isArray(value) || value instanceof Set) {
    for (const v of value) forEachTensor(v, visit, seen);
  } else if (value instanceof Map) {
    for (const v of value.values()) forEachTensor(v, visit, seen);
  } else {
    const proto = Object.getPrototypeOf(value);
    if (proto === Object.prototype || proto === null) for (const v of Object.values(value)) forEachTensor(v, visit, seen);
  }
}

/**
 * `scope(fn)`: runs `fn` at once and frees the tensors born inside, also when it throws. What `fn` returns (a tensor,
 * or arrays, Maps, Sets and plain objects of them) moves to the enclosing scope; what was given to `keep`, Parameters,
 * gradients and optimizer state stay. Errors: `ScopeError` where `fn` returns a promise.
 *
 * `using s = scope()`: opens a scope until the end of the block. It may span awaits, but then it must be the only one
 * of its kind: a second one meanwhile, or closing out of order, throws `ScopeError`. Concurrent code uses `new Scope()`.
 */
export function scope(): Scope;
export function scope<T>(fn: () => T, name?: string): T;
export function scope<T>(fn?: () => T, name?: string): T | Scope {
  if (fn === undefined) return openHandle();
  const s = new Scope(name);
  const escaped: Tensor[] = [];
  try {
    const result = s.run(fn);
    if (isPromise(result)) {
      // What still runs may fail on a freed tensor: this error says why, that one must not end the program.
      result.then(undefined, () => {});
      throw new ScopeError(
        'scope',
        'expected a synchronous function, got one that returns a promise; use `using s = scope()` or `new Scope()` around awaits',
      );
    }
    forEachTensor(result, (t) => {
      if (t.scope === s) escaped.push(t);
    });
    return result;
  } finally {
    const parent = currentScope();
    for (const t of escaped) {
      if (parent) parent.adopt(t);
      else t.outlive();
    }
    s.dispose();
  }
}

function openHandle(): Scope {
  if (abi.openHandle) {
    throw new ScopeError(
      'scope',
      `expected no other open \`using\` scope, got "${abi.openHandle.name}"; nest with scope(fn), or give each concurrent ` +
        'task `new Scope()` with run()',
    );
  }
  const s = new Scope();
  abi.openHandle = s;
  abi.scopes.push(s);
  return s;
}

/** The scope that owns what is born now, or null. */
export function currentScope(): Scope | null {
  const { scopes } = abi;
  return scopes.length > 0 ? scopes[scopes.length - 1] : null;
}

/** Runs `fn` so that what is born inside belongs to `owner`, an open scope, or to none, whatever else is open. */
export function runIn<T>(owner: Scope | null, fn: () => T): T {
  if (owner !== null) return owner.run(fn);
  const { scopes } = abi;
  const open = scopes.splice(0);
  try {
    return fn();
  } finally {
    scopes.splice(0, scopes.length, ...open);
  }
}

/** Takes a tensor out of every scope: it lives until `dispose()` or until the collector finds it. */
export function keep<T extends Tensor>(t: T): T {
  return t.keep();
}

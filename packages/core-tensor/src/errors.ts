/**
 * Every error that konv throws on purpose is a `KonvError`: `[op] expected ..., got ...; how to mend it`.
 * Errors are recognised by brand, not by `instanceof`, so that two copies of one package understand each other.
 */
const BRAND: unique symbol = Symbol.for('konv.error') as never;

export type KonvErrorName =
  | 'KonvError'
  | 'ShapeError'
  | 'DTypeError'
  | 'BackendError'
  | 'GradError'
  | 'DisposedError'
  | 'ScopeError'
  | 'FormatError';

export class KonvError extends Error {
  declare name: KonvErrorName;
  /** The op, layer or function that refused, e.g. `conv`. */
  readonly op: string;
  /** The message without its `[op]`. */
  readonly detail: string;
  /** Names of the enclosing modules, outermost first; filled as the error leaves `forward` methods. */
  readonly path: string[] = [];

  constructor(op: string, detail: string, options?: ErrorOptions) {
    super(`[${op}] ${detail}`, options);
    this.op = op;
    this.detail = detail;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Puts the name of an enclosing module in front of the message. */
  prefix(label: string): this {
    // What is printed of an uncaught error is its stack, which quotes the message; it may be made when it is first read.
    const { message, stack } = this;
    this.path.unshift(label);
    this.message = `${label}: ${message}`;
    if (stack?.includes(message)) this.stack = stack.replace(message, () => this.message);
    return this;
  }

  // On the prototype, and a string: the stack names the class from the start, and minifiers leave it alone.
  static {
    KonvError.prototype.name = 'KonvError';
  }
}

/** Sizes, ranks, axes or geometry that do not fit together. */
export class ShapeError extends KonvError {
  static {
    ShapeError.prototype.name = 'ShapeError';
  }
}
/** A dtype that the op does not take. */
export class DTypeError extends KonvError {
  static {
    DTypeError.prototype.name = 'DTypeError';
  }
}
/** An unknown or unavailable backend, a kernel it lacks, tensors of two backends in one op, a full heap. */
export class BackendError extends KonvError {
  static {
    BackendError.prototype.name = 'BackendError';
  }
}
/** Misuse of autograd: no graph, a freed graph, a saved tensor changed in place. */
export class GradError extends KonvError {
  static {
    GradError.prototype.name = 'GradError';
  }
}
/** Use of a tensor after it was freed. */
export class DisposedError extends KonvError {
  static {
    DisposedError.prototype.name = 'DisposedError';
  }
}
/** Scopes that overlap or close out of order. */
export class ScopeError extends KonvError {
  static {
    ScopeError.prototype.name = 'ScopeError';
  }
}
/** A file or byte string that is not what its format says. */
export class FormatError extends KonvError {
  static {
    FormatError.prototype.name = 'FormatError';
  }
}

/** Whether `e` is an error of konv, whichever copy of the package threw it. */
export function isKonvError(e: unknown): e is KonvError {
  return typeof e === 'object' && e !== null && BRAND in e;
}

import { isParameter, isTensor, KonvError, Parameter, type Tensor } from '@konv/core-tensor';
import { checkName, noForward, position } from './containers.js';
import { Module } from './module/module.js';
import { ownParameters } from './module/walk.js';

/** A tensor becomes a Parameter, as in PyTorch. */
function toParameter(container: string, name: string, value: unknown): Parameter {
  if (isParameter(value)) return value;
  if (isTensor(value)) return new Parameter(value);
  throw new KonvError(
    container,
    `expected a Parameter or a tensor at "${name}", got ${value === null ? 'null' : typeof value}; wrap numbers with tensor(...)`,
  );
}

/** `  (name): Parameter containing: [torch.float32 of size 2x3]` */
function lines(module: Module, dtype: (p: Parameter) => string): string {
  return ownParameters(module)
    .map(([name, p]) => `  (${name}): Parameter containing: [${dtype(p)} of size ${p.shape.join('x')}]`)
    .join('\n');
}

/**
 * Parameters in a list, under the keys '0', '1', ...: found by optimizers and saved, which they would not be in an array.
 * Tensors become Parameters. Errors: `KonvError` for other values, beyond the ends, and for `forward`.
 * Source: torch.nn.ParameterList.
 */
export class ParameterList extends Module {
  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }
  get length(): number {
    return ownParameters(this).length;
  }
  /** The Parameter at a position; negative ones count from the end. */
  at(index: number): Parameter {
    const list = [...this];
    return list[position('at', index, list.length, list.length - 1, 'parameters')];
  }
  /** Puts another Parameter in the place of the one at `index`. */
  set(index: number, value: Tensor): this {
    const at = String(position('set', index, this.length, this.length - 1, 'parameters'));
    (this as unknown as Record<string, Parameter>)[at] = toParameter('ParameterList', at, value);
    return this;
  }
  append(value: Tensor): this {
    const name = String(this.length);
    (this as unknown as Record<string, Parameter>)[name] = toParameter('ParameterList', name, value);
    return this;
  }
  extend(values: Iterable<Tensor>): this {
    if (typeof values !== 'object' || values === null || !(Symbol.iterator in values)) {
      throw new KonvError(
        'ParameterList',
        `expected a list of parameters, got ${isTensor(values) ? 'a tensor' : typeof values}; wrap it in [ ]`,
      );
    }
    const list = [...values];
    list.forEach((value, i) => {
      if (!isTensor(value)) toParameter('ParameterList', String(this.length + i), value);
    });
    for (const value of list) this.append(value);
    return this;
  }
  *[Symbol.iterator](): Generator<Parameter> {
    for (const [, p] of ownParameters(this)) yield p;
  }
  override forward(): never {
    return noForward('ParameterList');
  }
  override extraRepr(): string {
    return lines(this, (p) => `torch.${p.dtype}`);
  }
}

/**
 * Parameters by name. Tensors become Parameters. A record is taken in the order of its sorted names, as in PyTorch.
 * Errors: `KonvError` for other values, for a name with a dot or one that Module has already, for a name that is not
 * there, and for `forward`. Source: torch.nn.ParameterDict.
 */
export class ParameterDict extends Module {
  constructor(values: Readonly<Record<string, Tensor>> = {}) {
    super();
    this.update(values);
  }
  get length(): number {
    return ownParameters(this).length;
  }
  has(name: string): boolean {
    return Object.hasOwn(this, name) && isParameter((this as unknown as Record<string, unknown>)[name]);
  }
  get(name: string): Parameter {
    if (this.has(name)) return (this as unknown as Record<string, Parameter>)[name];
    const known = [...this.keys()].map((key) => `"${key}"`).join(', ');
    throw new KonvError(
      'ParameterDict',
      `expected one of the names ${known === '' ? '(none yet)' : known}, got "${String(name)}"; add it with set()`,
    );
  }
  /** Adds a Parameter, or puts another in the place of the one of that name. */
  set(name: string, value: Tensor): this {
    checkName('ParameterDict', this, name, isParameter);
    (this as unknown as Record<string, Parameter>)[name] = toParameter('ParameterDict', name, value);
    return this;
  }
  /** Takes a Parameter out and returns it. */
  pop(name: string): Parameter {
    const value = this.get(name);
    delete (this as unknown as Record<string, unknown>)[name];
    return value;
  }
  update(values: Readonly<Record<string, Tensor>>): this {
    const names = Object.keys(values).sort();
    for (const name of names) {
      checkName('ParameterDict', this, name, isParameter);
      if (!isTensor(values[name])) toParameter('ParameterDict', name, values[name]);
    }
    for (const name of names) this.set(name, values[name]);
    return this;
  }
  *keys(): Generator<string> {
    for (const [name] of ownParameters(this)) yield name;
  }
  *values(): Generator<Parameter> {
    for (const [, p] of ownParameters(this)) yield p;
  }
  *items(): Generator<[string, Parameter]> {
    for (const [name, p] of ownParameters(this)) yield [name, p];
  }
  override forward(): never {
    return noForward('ParameterDict');
  }
  override extraRepr(): string {
    return lines(this, (p) => (p.dtype === 'float64' ? 'torch.DoubleTensor' : 'torch.FloatTensor'));
  }
}

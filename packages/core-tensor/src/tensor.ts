import { abi } from './abi.js';
import type { Backend, TensorRef } from './backend.js';
import type { DType, HostArray } from './dtype.js';
import { isFloat } from './dtype.js';
import { DTypeError, GradError } from './errors.js';
import { type Held, unwatch, watch } from './finalizer.js';
import * as ops from './ops/methods.js';
import * as reading from './read.js';
import { currentScope, type Scope } from './scope.js';
import { isContiguous, type Shape, sizeOf } from './shape.js';
import type { Storage } from './storage.js';
import type { BackwardOptions, GradientHook, TapeNode } from './tracer.js';

const BRAND: unique symbol = Symbol.for('konv.tensor.1') as never;

/** One entry an axis of `slice` and `set_`: a number drops the axis, null takes all of it, a range clamps. */
export type Index = number | null | readonly [start?: number | null, end?: number | null, step?: number | null];
export type Axes = number | readonly number[] | null;
type Other = Tensor | number;

/** Whether `x` is a tensor, of whichever copy of the package. */
export function isTensor(x: unknown): x is Tensor {
  return typeof x === 'object' && x !== null && BRAND in x;
}

/**
 * An n-dimensional array on a backend: a strided window of a reference-counted storage.
 *
 * Tensors are made by `tensor`, `zeros`, `rand` and the ops, never by `new`. Methods are the short list below;
 * everything else is a function.
 */
export class Tensor {
  /** What kernels get. */
  ref: TensorRef;
  /** Null once freed. */
  storage: Storage | null;
  /** The number of elements. */
  readonly size: number;
  isContiguous: boolean;
  /** Made by a view op: shares its storage with a base. */
  isView: boolean;
  /** The base's `rebases` when this handle was made. */
  viewEpoch: number;
  /** The recorded op that made this tensor; null for leaves. */
  node: TapeNode | null = null;
  /** Which output of `node` this is. */
  outputIndex = 0;
  /** The gradient that `backward` has accumulated; null before the first. */
  #grad: Tensor | null = null;
  #requiresGrad = false;
  scope: Scope | null;
  /** The user has asked for this one to stay, by `keep`. */
  kept = false;
  freedBy = '';
  #held: Held | null = null;

  constructor(storage: Storage, ref: TensorRef, isView: boolean) {
    this.storage = storage;
    this.ref = ref;
    this.size = sizeOf(ref.shape);
    this.isContiguous = isContiguous(ref.shape, ref.strides);
    this.isView = isView;
    this.viewEpoch = storage.rebases;
    const scope = currentScope();
    this.scope = null;
    if (scope !== null) scope.adopt(this);
    else this.#watch(storage);
  }

  get shape(): Shape {
    return this.ref.shape;
  }
  get dtype(): DType {
    return this.ref.dtype;
  }
  get rank(): number {
    return this.ref.shape.length;
  }
  /** The name of the backend that holds the values. */
  get backend(): string {
    return this.device.name;
  }
  /** The backend itself. */
  get device(): Backend {
    return reading.liveStorage('backend', this).backend;
  }
  get disposed(): boolean {
    return this.storage === null;
  }

  // ---- gradients ----

  get isLeaf(): boolean {
    return this.node === null;
  }
  get requiresGrad(): boolean {
    return this.#requiresGrad || this.node !== null;
  }
  set requiresGrad(value: boolean) {
    if (this.node !== null) {
      if (value) return;
      throw new GradError('requiresGrad', 'expected a leaf, got a tensor that an op made; use detach()');
    }
    if (value && !isFloat(this.dtype)) {
      throw new DTypeError('requiresGrad', `expected a float tensor, got ${this.dtype}; only floats have gradients`);
    }
    this.#requiresGrad = value;
  }
  get grad(): Tensor | null {
    return this.#grad;
  }
  /** A new gradient is kept past every scope; the old one is freed unless somebody kept it. */
  set grad(value: Tensor | null) {
    const old = this.#grad;
    if (value === old) return;
    if (value !== null) {
      if (!isTensor(value)) throw new GradError('grad', `expected a tensor or null, got ${typeof value}; wrap it with tensor(...)`);
      value.outlive();
    }
    this.#grad = value;
    if (old !== null && !old.kept) old.free('a new gradient in its place');
  }
  /** Called by autograd: this tensor is output `index` of `node`. */
  setNode(node: TapeNode, index: number): void {
    node.addHandle();
    this.node?.dropHandle();
    this.node = node;
    this.outputIndex = index;
    if (this.#held) this.#held.node = node;
  }
  /**
   * Adds the gradient of this tensor with respect to every leaf that requires grad to the leaf's `grad`.
   * `gradient` has this tensor's shape; only a scalar may leave it out. Frees the graph unless `retainGraph`.
   * Errors: `GradError`. Source: torch.Tensor.backward.
   */
  backward(gradient: Tensor | null = null, options: BackwardOptions = {}): void {
    if (abi.tracer === null) {
      throw new GradError('backward', "expected autograd, got none; import '@konv/autograd' (or 'konv') before building the graph");
    }
    abi.tracer.backward(this, gradient, options);
  }

  /**
   * Calls `hook` with the gradient of this tensor, a leaf or not, whenever a backward pass has completed it; a tensor that
   * it returns takes the gradient's place. Several hooks run in the order in which they came, each with what the one before
   * gave. What a hook makes or keeps belongs to the scope around the backward pass. An error in a hook ends the pass and
   * leaves every `grad` as it was. Returns what removes the hook.
   * Errors: `GradError` unless the tensor requires grad. Source: torch.Tensor.register_hook.
   */
  registerHook(hook: GradientHook): () => void {
    reading.liveStorage('registerHook', this);
    if (typeof hook !== 'function') {
      throw new GradError(
        'registerHook',
        `expected a function of the gradient, got ${hook === null ? 'null' : typeof hook}; pass (gradient) => ...`,
      );
    }
    if (!this.requiresGrad) {
      throw new GradError('registerHook', 'expected a tensor that requires grad, got one that gets no gradient; set requiresGrad first');
    }
    if (abi.tracer === null) {
      throw new GradError('registerHook', "expected autograd, got none; import '@konv/autograd' (or 'konv') first");
    }
    return abi.tracer.registerHook(this, hook);
  }

  // ---- lifetime ----

  /** Takes the tensor out of its scope: it lives until `dispose()` or until the collector finds it. */
  keep(): this {
    this.outlive();
    this.kept = true;
    return this;
  }
  /** As `keep`, but whoever owns the tensor (the scope that it is returned from, a leaf whose `grad` it is) may free it. */
  outlive(): void {
    const storage = reading.liveStorage('keep', this);
    if (this.#held !== null) return;
    this.leaveScope();
    this.#watch(storage);
  }
  /** Frees this handle; the storage goes with its last handle. Freeing twice does nothing. */
  dispose(): void {
    this.free('dispose()');
  }
  free(by: string): void {
    const { storage, node } = this;
    if (storage === null) return;
    this.freedBy = by;
    this.leaveScope();
    this.storage = null;
    this.node = null;
    storage.release();
    node?.dropHandle();
  }
  leaveScope(): void {
    if (this.scope !== null) {
      this.scope.forget();
      this.scope = null;
    }
    if (this.#held !== null) {
      unwatch(this.#held);
      this.#held = null;
    }
  }
  #watch(storage: Storage): void {
    this.#held = { storage, node: this.node };
    watch(this, this.#held);
  }
  /** Puts other values behind this handle, e.g. on another backend. Its identity, `grad` and scope stay. */
  replaceStorage(storage: Storage, ref: TensorRef): void {
    const old = reading.liveStorage('to', this);
    this.storage = storage;
    this.ref = ref;
    this.isContiguous = isContiguous(ref.shape, ref.strides);
    this.isView = false;
    this.viewEpoch = storage.rebases;
    if (this.#held) this.#held.storage = storage;
    old.release();
  }

  // ---- reading ----

  /** The values, row-major, as of now. A bool is 0 or 1. */
  data(): Promise<HostArray> {
    return reading.data(this);
  }
  /** The one value of a tensor of size 1. */
  item(): Promise<number> {
    return reading.item(this);
  }
  /** The values as nested arrays (a number for a scalar). */
  array(): Promise<reading.Nested> {
    return reading.array(this);
  }
  /** `data()` at once, where the backend can. */
  dataSync(): HostArray {
    return reading.dataSync('dataSync', this);
  }
  itemSync(): number {
    return reading.itemSync(this);
  }
  arraySync(): reading.Nested {
    return reading.arraySync(this);
  }
  /** As PyTorch prints it; shape and dtype only where the backend has no synchronous reads. */
  toString(): string {
    return reading.toText(this);
  }
  toText(): Promise<string> {
    return reading.toTextAsync(this);
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
  /** The same values on another backend, as a new leaf. */
  to(backend: string): Promise<Tensor> {
    return reading.to(this, backend);
  }

  // ---- ops: see the function of the same name ----

  add(other: Other): Tensor {
    return ops.add(this, other);
  }
  sub(other: Other): Tensor {
    return ops.sub(this, other);
  }
  mul(other: Other): Tensor {
    return ops.mul(this, other);
  }
  div(other: Other): Tensor {
    return ops.div(this, other);
  }
  pow(exponent: Other): Tensor {
    return ops.pow(this, exponent);
  }
  neg(): Tensor {
    return ops.neg(this);
  }
  exp(): Tensor {
    return ops.exp(this);
  }
  log(): Tensor {
    return ops.log(this);
  }
  sqrt(): Tensor {
    return ops.sqrt(this);
  }
  square(): Tensor {
    return ops.square(this);
  }
  abs(): Tensor {
    return ops.abs(this);
  }
  clamp(min?: number | null, max?: number | null): Tensor {
    return ops.clamp(this, min, max);
  }
  relu(): Tensor {
    return ops.relu(this);
  }
  sigmoid(): Tensor {
    return ops.sigmoid(this);
  }
  tanh(): Tensor {
    return ops.tanh(this);
  }
  matmul(other: Tensor): Tensor {
    return ops.matmul(this, other);
  }
  sum(axes?: Axes, keepdim?: boolean): Tensor {
    return ops.sum(this, axes, keepdim);
  }
  mean(axes?: Axes, keepdim?: boolean): Tensor {
    return ops.mean(this, axes, keepdim);
  }
  var(axes?: Axes, options?: { correction?: number; keepdim?: boolean }): Tensor {
    return ops.variance(this, axes, options);
  }
  max(): Tensor;
  max(axis: number, keepdim?: boolean): { values: Tensor; indices: Tensor };
  max(axis?: number, keepdim?: boolean): Tensor | { values: Tensor; indices: Tensor } {
    return axis === undefined ? ops.max(this) : ops.max(this, axis, keepdim);
  }
  min(): Tensor;
  min(axis: number, keepdim?: boolean): { values: Tensor; indices: Tensor };
  min(axis?: number, keepdim?: boolean): Tensor | { values: Tensor; indices: Tensor } {
    return axis === undefined ? ops.min(this) : ops.min(this, axis, keepdim);
  }
  argmax(axis?: number | null, keepdim?: boolean): Tensor {
    return ops.argmax(this, axis, keepdim);
  }
  reshape(shape: Shape): Tensor {
    return ops.reshape(this, shape);
  }
  permute(order: readonly number[]): Tensor {
    return ops.permute(this, order);
  }
  transpose(a: number, b: number): Tensor {
    return ops.transpose(this, a, b);
  }
  flatten(start?: number, end?: number): Tensor {
    return ops.flatten(this, start, end);
  }
  squeeze(axis?: Axes): Tensor {
    return ops.squeeze(this, axis);
  }
  unsqueeze(axis: number): Tensor {
    return ops.unsqueeze(this, axis);
  }
  expand(shape: Shape): Tensor {
    return ops.expand(this, shape);
  }
  slice(...index: Index[]): Tensor {
    return ops.slice(this, ...index);
  }
  select(axis: number, index: number): Tensor {
    return ops.select(this, axis, index);
  }
  contiguous(): Tensor {
    return ops.contiguous(this);
  }
  softmax(axis: number): Tensor {
    return ops.softmax(this, axis);
  }
  logSoftmax(axis: number): Tensor {
    return ops.logSoftmax(this, axis);
  }
  eq(other: Other): Tensor {
    return ops.eq(this, other);
  }
  ne(other: Other): Tensor {
    return ops.ne(this, other);
  }
  gt(other: Other): Tensor {
    return ops.gt(this, other);
  }
  ge(other: Other): Tensor {
    return ops.ge(this, other);
  }
  lt(other: Other): Tensor {
    return ops.lt(this, other);
  }
  le(other: Other): Tensor {
    return ops.le(this, other);
  }
  detach(): Tensor {
    return ops.detach(this);
  }
  clone(): Tensor {
    return ops.clone(this);
  }
  cast(dtype: DType): Tensor {
    return ops.cast(this, dtype);
  }
  add_(other: Other): this {
    ops.add_(this, other);
    return this;
  }
  sub_(other: Other): this {
    ops.sub_(this, other);
    return this;
  }
  mul_(other: Other): this {
    ops.mul_(this, other);
    return this;
  }
  div_(other: Other): this {
    ops.div_(this, other);
    return this;
  }
  copy_(source: Tensor): this {
    ops.copy_(this, source);
    return this;
  }
  zero_(): this {
    ops.zero_(this);
    return this;
  }
  fill_(value: number): this {
    ops.fill_(this, value);
    return this;
  }
  set_(index: readonly Index[], value: Other): this {
    ops.set_(this, index, value);
    return this;
  }
}

Object.defineProperty(Tensor.prototype, BRAND, { value: true });

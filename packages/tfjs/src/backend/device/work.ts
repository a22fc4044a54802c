import { type HostArray, hostArray, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../../dtypes.js';
import { compactShape } from '../../strided.js';
import type { DeviceMemory } from './memory.js';
import { densely, place } from './move.js';

/** An operand of a kernel: a tensor, or a number that the kernel broadcasts. */
export type Value = TensorInfo | number;

/** Elements that are uploaded rather than made by a kernel. */
const FEW = 1024;

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** One kernel of konv on tfjs's kernels: gives back all that it made in between at its end. */
export class DeviceWork {
  private readonly made = new Set<TensorInfo>();

  constructor(readonly memory: DeviceMemory) {}

  private get engine() {
    return this.memory.engine;
  }

  get sound(): ReadonlySet<string> {
    return this.engine.sound;
  }

  call(kernel: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap = {}): TensorInfo {
    const info = this.engine.call(kernel, inputs, attrs);
    this.made.add(info);
    return info;
  }

  upload(values: HostArray, shape: Shape, dtype: SharedDType): TensorInfo {
    const info = this.engine.upload(values, shape, dtype);
    this.made.add(info);
    return info;
  }

  /** A reference that outlives this work: of what the work has made, its own; else one more. */
  own(info: TensorInfo): TensorInfo {
    return this.made.delete(info) ? info : this.engine.retain(info);
  }

  end(): void {
    for (const info of this.made) this.engine.release(info);
  }

  /** All elements of a window of any strides, in row-major order: `[size]`, or `shape`. */
  load(ref: TensorRef, shape?: Shape): TensorInfo {
    const flat = densely(this, this.memory.content(ref), ref);
    return shape === undefined ? flat : this.reshape(flat, shape);
  }

  /** Writes as many elements, in row-major order, into a window of any strides, or adds them to a contiguous one. */
  store(result: TensorInfo, out: TensorRef, accumulate = false): void {
    const size = sizeOf(out.shape);
    let flat = this.reshape(result, [size]);
    if (accumulate) flat = this.add(this.load(out), flat);
    if (!this.memory.isWhole(out) || compactShape(out) === null) flat = place(this, flat, this.memory.content(out), out);
    this.memory.replace(out, this.own(flat));
  }

  /** A number, rounded to the dtype as PyTorch does. */
  scalar(value: number, dtype: SharedDType = 'float32'): TensorInfo {
    const data = hostArray(dtype, 1);
    data[0] = dtype === 'bool' ? Number(value !== 0) : value;
    return this.upload(data, [], dtype);
  }

  /**
   * `shape` times one number: few by an upload, since a GPU's backend compiles a program for each size; many by `Tile` rather
   * than `Fill`, whose number passes through a uniform, where NaN and infinity may not.
   */
  full(value: number, shape: Shape, dtype: SharedDType = 'float32'): TensorInfo {
    const size = sizeOf(shape);
    const data = hostArray(dtype, size <= FEW ? size : 1).fill(dtype === 'bool' ? Number(value !== 0) : value);
    if (size <= FEW) return this.upload(data, shape, dtype);
    return this.reshape(this.call('Tile', { x: this.upload(data, [1], dtype) }, { reps: [size] }), shape);
  }

  reshape(x: TensorInfo, shape: Shape): TensorInfo {
    return sameShape(x.shape, shape) ? x : this.call('Reshape', { x }, { shape: [...shape] });
  }

  /** x with its axes in the order `perm`. */
  transpose(x: TensorInfo, perm: readonly number[]): TensorInfo {
    const shape = perm.map((axis) => x.shape[axis]);
    const moved = perm.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || moved[i - 1] < axis)) return this.reshape(x, shape);
    return this.call('Transpose', { x }, { perm: [...perm] });
  }

  slice(x: TensorInfo, begin: readonly number[], size: readonly number[]): TensorInfo {
    return sameShape(x.shape, size) ? x : this.call('Slice', { x }, { begin: [...begin], size: [...size] });
  }

  /** `value` around x: before and after, per axis. */
  pad(x: TensorInfo, paddings: readonly (readonly [number, number])[], value = 0): TensorInfo {
    if (paddings.every(([low, high]) => low === 0 && high === 0)) return x;
    return this.call('PadV2', { x }, { paddings: paddings.map(([low, high]) => [low, high]), constantValue: value });
  }

  concat(parts: readonly TensorInfo[]): TensorInfo {
    const some = parts.filter((p) => p.shape[0] > 0);
    // The kernel takes its operands as an array, whose keys are positions.
    return some.length === 1 ? some[0] : this.call('Concat', [...some] as unknown as NamedTensorInfoMap, { axis: 0 });
  }

  /** x `[n]` at positions `[m]` that are all within x. */
  pick(x: TensorInfo, indices: TensorInfo, axis = 0): TensorInfo {
    return this.call('GatherV2', { x, indices }, { axis, batchDims: 0 });
  }

  cast(x: TensorInfo, dtype: SharedDType): TensorInfo {
    return x.dtype === dtype ? x : this.call('Cast', { x }, { dtype });
  }

  /** `condition ? t : e`; a number is repeated, as the kernel does not broadcast. */
  select(condition: TensorInfo, t: Value, e: Value): TensorInfo {
    const dtype = ((typeof t !== 'number' ? t : typeof e !== 'number' ? e : null)?.dtype ?? 'float32') as SharedDType;
    const [x, y] = [t, e].map((v) => (typeof v === 'number' ? this.full(v, condition.shape, dtype) : v));
    return this.call('Select', { condition, t: x, e: y });
  }

  /** A kernel of two operands, which broadcast. */
  two(kernel: string, a: Value, b: Value): TensorInfo {
    const dtype = ((typeof a !== 'number' ? a : typeof b !== 'number' ? b : null)?.dtype ?? 'float32') as SharedDType;
    const [x, y] = [a, b].map((v) => (typeof v === 'number' ? this.scalar(v, dtype) : v));
    return this.call(kernel, { a: x, b: y });
  }

  add(a: Value, b: Value): TensorInfo {
    return this.two('Add', a, b);
  }

  sub(a: Value, b: Value): TensorInfo {
    return this.two('Sub', a, b);
  }

  mul(a: Value, b: Value): TensorInfo {
    return this.two('Multiply', a, b);
  }

  isNaN(x: TensorInfo): TensorInfo {
    return this.call('IsNan', { x });
  }

  and(a: TensorInfo, b: TensorInfo): TensorInfo {
    return this.call('LogicalAnd', { a, b });
  }

  or(a: TensorInfo, b: TensorInfo): TensorInfo {
    return this.call('LogicalOr', { a, b });
  }

  not(x: TensorInfo): TensorInfo {
    return this.call('LogicalNot', { x });
  }

  /** c[0] + c[1] x + c[2] x^2 + ... */
  polynomial(x: TensorInfo, c: readonly number[]): TensorInfo {
    let y = this.add(this.mul(x, c[c.length - 1]), c[c.length - 2]);
    for (let i = c.length - 3; i >= 0; i--) y = this.add(this.mul(y, x), c[i]);
    return y;
  }
}

import {
  type Backend,
  type DType,
  type HostArray,
  type MemoryInfo,
  registerBackend,
  type Shape,
  type Tensor,
  useBackend,
} from '@konv/core-tensor';
import { kernelNames, poisoned } from '../backends/poisoned.js';
import { strangerBackend } from '../backends/stranger-backend.js';
import { withoutOptional } from '../backends/without-optional.js';
import { type Stage, type Tolerance, toleranceFor, type ToleranceTable } from '../tolerances.js';
import { assertClose, assertEqual, fail } from './assert.js';
import { type Layout, place } from './place.js';

/** The backend under test, as the suites see it. */
export class Lab {
  /** As its author made it. */
  readonly raw: Backend;
  /** With poison in fresh memory: all tests run on this one. */
  readonly native: Backend;
  /** The same with every optional kernel hidden. */
  readonly decomposed: Backend;
  /** Required families alone, in plain loops: what results and messages are compared with where PyTorch says nothing. */
  readonly reference: Backend;
  readonly tolerances: ToleranceTable;

  constructor(raw: Backend, tolerances: ToleranceTable) {
    this.raw = raw;
    this.native = poisoned(raw);
    this.decomposed = withoutOptional(this.native);
    this.reference = strangerBackend(`${raw.name}, reference`);
    this.tolerances = tolerances;
  }

  get name(): string {
    return this.native.name;
  }

  /** Native, and decomposed where that makes a difference. */
  get modes(): readonly Backend[] {
    return kernelNames.slice(kernelNames.indexOf('scan')).some((k) => typeof this.raw[k] === 'function')
      ? [this.native, this.decomposed]
      : [this.native];
  }

  /** Makes the backends known to core; new tensors are made on the one under test. */
  install(): void {
    for (const b of [this.native, this.decomposed, this.reference]) registerBackend(b);
    useBackend(this.name);
  }

  has(dtype: DType): boolean {
    return this.raw.capabilities.dtypes.includes(dtype);
  }

  /** The float dtypes that the backend has. */
  get floats(): readonly ('float32' | 'float64')[] {
    return (['float32', 'float64'] as const).filter((d) => this.has(d));
  }

  get syncRead(): boolean {
    return this.raw.capabilities.syncRead && this.raw.readSync !== undefined;
  }

  tolerance(dtype: DType, stage: Stage): Tolerance | null {
    return toleranceFor(this.tolerances, dtype, stage);
  }

  /** A tensor on the backend under test. */
  tensor(values: ArrayLike<number>, shape: Shape, dtype: DType = 'float32', layout: Layout = 'plain', on: Backend = this.native): Tensor {
    return place(on.name, dtype, shape, values, layout);
  }

  memory(): MemoryInfo {
    const [a, b] = [this.raw.memory(), this.reference.memory()];
    return { tensors: a.tensors + b.tensors, bytes: a.bytes + b.bytes };
  }

  /** The values of `t` are the expected ones. */
  async expect(what: string, t: Tensor, expected: ArrayLike<number>, stage: Stage = 'elementwise'): Promise<void> {
    assertClose(what, await t.data(), expected, this.tolerance(t.dtype, stage));
  }

  async expectShaped(
    what: string,
    t: Tensor,
    shape: Shape,
    dtype: DType,
    expected: ArrayLike<number>,
    stage: Stage = 'elementwise',
  ): Promise<void> {
    assertEqual(`${what}, shape`, [...t.shape], [...shape]);
    assertEqual(`${what}, dtype`, t.dtype, dtype);
    await this.expect(what, t, expected, stage);
  }
}

/** Values, shape and dtype of a tensor, read. */
export interface Reading {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: HostArray;
}

export async function readAll(tensors: readonly (Tensor | null)[]): Promise<(Reading | null)[]> {
  // All reads are issued before the first is awaited: each is a snapshot of this moment.
  const pending = tensors.map((t) => (t === null ? null : { shape: t.shape, dtype: t.dtype, values: t.data() }));
  return Promise.all(pending.map(async (p) => (p === null ? null : { ...p, values: await p.values })));
}

export function sameMemory(a: MemoryInfo, b: MemoryInfo): boolean {
  return a.tensors === b.tensors && a.bytes === b.bytes;
}

/** Memory must be as it was. */
export function expectMemory(what: string, before: MemoryInfo, now: MemoryInfo): void {
  if (sameMemory(before, now)) return;
  fail(`${what}: expected memory as before, ${before.tensors} buffers of ${before.bytes} bytes, got ${now.tensors} of ${now.bytes}`);
}

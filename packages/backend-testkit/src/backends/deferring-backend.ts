import type { Backend, BackendBuffer, BufferRole, ConvGeometry, DType, HostArray, MemoryInfo, Shape, TensorRef } from '@konv/core-tensor';
import { byteSize, contiguousStrides, sizeOf } from '@konv/core-tensor';

/** A handle whose memory on the inner backend comes late, goes late and may be replaced in between. */
interface DeferredBuffer extends BackendBuffer {
  inner: BackendBuffer | null;
  /** Queued work that still needs the memory; the handle itself counts as one. */
  users: number;
  /** The physical layout: row-major, or channels in blocks of `BLOCK` with the block innermost. */
  blocked: { batch: number; channels: number; inner: number } | null;
}

const BLOCK = 4;

type Arg = unknown;
const isRef = (x: unknown): x is TensorRef => typeof x === 'object' && x !== null && 'buffer' in x && 'strides' in x;

/**
 * Wraps a backend so that it does what GPUs and lazy engines do: work is queued until something is read, buffers
 * materialise at their first write, every kernel that overwrites a whole buffer rebinds the memory behind it, and
 * convolutions leave their result in a blocked layout that only other kernels, `read` and `copyStrided` undo.
 */
class DeferringBackend {
  readonly #inner: Backend;
  #queue: (() => void)[] = [];
  #tensors = 0;
  #bytes = 0;
  /** How often memory was rebound and a blocked layout undone: tests assert that both happened. */
  readonly counts = { queued: 0, rebound: 0, unblocked: 0 };

  constructor(inner: Backend) {
    this.#inner = inner;
  }

  alloc({ dtype, shape }: { dtype: DType; shape: Shape; role: BufferRole }): BackendBuffer {
    const size = sizeOf(shape);
    this.#tensors++;
    this.#bytes += size * byteSize[dtype];
    const buffer: DeferredBuffer = { dtype, size, version: 0, inner: null, users: 1, blocked: null };
    return buffer;
  }

  free(buffer: BackendBuffer): void {
    this.#tensors--;
    this.#bytes -= buffer.size * byteSize[buffer.dtype];
    this.#drop(buffer as DeferredBuffer);
  }

  #drop(b: DeferredBuffer): void {
    if (--b.users > 0 || b.inner === null) return;
    this.#inner.free(b.inner);
    b.inner = null;
  }

  memory(): MemoryInfo {
    return { tensors: this.#tensors, bytes: this.#bytes };
  }

  /** Runs everything that is queued. */
  flush(): void {
    const work = this.#queue;
    this.#queue = [];
    for (const job of work) job();
  }

  /** Queues a kernel call; the operands stay alive until it has run. */
  enqueue(family: string, args: readonly Arg[]): void {
    const refs = args.flatMap((a) => (isRef(a) ? [a] : refsWithin(a)));
    for (const r of refs) (r.buffer as DeferredBuffer).users++;
    this.counts.queued++;
    this.#queue.push(() => {
      try {
        this.#run(family, args);
      } finally {
        for (const r of refs) this.#drop(r.buffer as DeferredBuffer);
      }
    });
  }

  #run(family: string, args: readonly Arg[]): void {
    const written = writtenRefs(family, args);
    for (const ref of written) if (overwrites(family, ref, args)) this.#rebind(ref, args);
    const kernel = (this.#inner as unknown as Record<string, (...a: unknown[]) => void>)[family];
    kernel.call(this.#inner, ...args.map((a) => this.#translate(a)));
    if (family === 'conv') this.#block(args[5] as TensorRef, args[3] as ConvGeometry);
  }

  /** Fresh memory behind `out`, unless an operand reads the old. */
  #rebind(out: TensorRef, args: readonly Arg[]): void {
    const b = out.buffer as DeferredBuffer;
    // In place, the very same ref may stand for an operand and for the result.
    const uses = args.filter((a) => isRef(a) && a.buffer === b).length;
    if (uses > (args.includes(out) ? 1 : 0)) return;
    if (b.inner !== null) {
      this.#inner.free(b.inner);
      this.counts.rebound++;
    }
    b.blocked = null;
    b.inner = this.#inner.alloc({ dtype: b.dtype, shape: [b.size], role: 'activation' });
  }

  #translate(a: unknown): unknown {
    if (isRef(a)) return { ...a, buffer: this.#rowMajor(a.buffer as DeferredBuffer) };
    if (typeof a !== 'object' || a === null || Array.isArray(a)) return a;
    if (refsWithin(a).length === 0) return a;
    return Object.fromEntries(Object.entries(a).map(([k, v]) => [k, this.#translate(v)]));
  }

  /** The inner memory of a buffer, in row-major order and made if it is not there yet. */
  #rowMajor(b: DeferredBuffer): BackendBuffer {
    b.inner ??= this.#inner.alloc({ dtype: b.dtype, shape: [b.size], role: 'activation' });
    if (b.blocked !== null) {
      const { batch, channels, inner } = b.blocked;
      this.#permute(b, [batch, channels / BLOCK, inner, BLOCK], [0, 1, 3, 2]);
      b.blocked = null;
      this.counts.unblocked++;
    }
    return b.inner as BackendBuffer;
  }

  /** [batch, channels, inner] -> [batch, channels / 4, inner, 4], where the channels allow it. */
  #block(out: TensorRef, g: ConvGeometry): void {
    const b = out.buffer as DeferredBuffer;
    const inner = g.outSize[0] * g.outSize[1] * g.outSize[2];
    if (g.outChannels % BLOCK !== 0 || sizeOf(out.shape) !== b.size) return;
    this.#permute(b, [g.batch, g.outChannels / BLOCK, BLOCK, inner], [0, 1, 3, 2]);
    b.blocked = { batch: g.batch, channels: g.outChannels, inner };
  }

  #permute(b: DeferredBuffer, shape: number[], order: number[]): void {
    const { dtype } = b;
    const old = b.inner as BackendBuffer;
    const fresh = this.#inner.alloc({ dtype, shape: [b.size], role: 'activation' });
    const strides = contiguousStrides(shape);
    const to = order.map((i) => shape[i]);
    this.#inner.copyStrided(
      { buffer: old, dtype, shape: to, strides: order.map((i) => strides[i]), offset: 0 },
      { buffer: fresh, dtype, shape: to, strides: contiguousStrides(to), offset: 0 },
    );
    this.#inner.free(old);
    b.inner = fresh;
  }

  write(data: HostArray, out: TensorRef): void {
    const copy = data.slice() as HostArray;
    this.#queueWrite(copy, out);
  }

  #queueWrite(data: HostArray, out: TensorRef): void {
    const b = out.buffer as DeferredBuffer;
    b.users++;
    this.#queue.push(() => {
      this.#inner.write(data, { ...out, buffer: this.#rowMajor(b) });
      this.#drop(b);
    });
  }

  async read(x: TensorRef): Promise<HostArray> {
    // A snapshot of this moment: what is queued later must not show.
    this.flush();
    return this.#inner.read({ ...x, buffer: this.#rowMajor(x.buffer as DeferredBuffer) });
  }

  async sync(): Promise<void> {
    this.flush();
    await this.#inner.sync();
  }
}

function refsWithin(a: unknown): TensorRef[] {
  if (typeof a !== 'object' || a === null || Array.isArray(a)) return [];
  return Object.values(a).filter(isRef);
}

/** Families that update operands in place, with the positions of those. */
const updates: Readonly<Record<string, readonly number[]>> = { sgdStep: [0, 2], adamStep: [0, 2, 3] };

function writtenRefs(family: string, args: readonly Arg[]): TensorRef[] {
  if (family in updates) return [];
  const last = args[args.length - 1];
  switch (family) {
    case 'pool':
      return [args[3], args[4]].filter(isRef);
    case 'sort':
      return [args[2], args[3]].filter(isRef);
    case 'crossEntropy':
      return [args[3], args[4]].filter(isRef);
    default:
      return isRef(last) ? [last] : refsWithin(last);
  }
}

/** Whether the call replaces everything in the buffer behind `out`. */
function overwrites(family: string, out: TensorRef, args: readonly Arg[]): boolean {
  if (family === 'scatterAdd') return false;
  if (family === 'matmul' && (args[2] as { accumulate: boolean }).accumulate) return false;
  if (family === 'convGradWeight' && args[3] === true) return false;
  return sizeOf(out.shape) === out.buffer.size;
}

const kernels = [
  'unary',
  'binary',
  'where',
  'reduce',
  'argReduce',
  'copyStrided',
  'fill',
  'cast',
  'gather',
  'scatterAdd',
  'scan',
  'sort',
  'resample',
  'matmul',
  'conv',
  'convGradInput',
  'convGradWeight',
  'convBackward',
  'pool',
  'poolGrad',
  'linear',
  'softmax',
  'logSoftmax',
  'crossEntropy',
  'batchNormTrain',
  'batchNormGrad',
  'sgdStep',
  'adamStep',
] as const satisfies readonly (keyof Backend)[];

export interface DeferringCounts {
  queued: number;
  rebound: number;
  unblocked: number;
}

/** See `DeferringBackend`. `counts` tells what it has done so far. */
export function deferringBackend(inner: Backend, name = 'deferring'): Backend & { readonly counts: DeferringCounts } {
  const d = new DeferringBackend(inner);
  const backend = {
    name,
    interfaceVersion: inner.interfaceVersion,
    capabilities: { ...inner.capabilities, syncRead: false },
    counts: d.counts,
    supports: (family: Parameters<Backend['supports']>[0], kind: string | null, dtype: DType) => inner.supports(family, kind, dtype),
    supportsConv: inner.supportsConv?.bind(inner),
    alloc: d.alloc.bind(d),
    free: d.free.bind(d),
    write: d.write.bind(d),
    read: d.read.bind(d),
    sync: d.sync.bind(d),
    memory: d.memory.bind(d),
  } as Record<string, unknown>;
  for (const k of kernels) {
    if (typeof inner[k] !== 'function') continue;
    backend[k] = (...args: unknown[]) => d.enqueue(k, args);
  }
  return backend as unknown as Backend & { readonly counts: DeferringCounts };
}

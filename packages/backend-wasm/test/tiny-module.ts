import { forUnsharedMemory, requireWebAssembly, type WasmModule } from '@konv/wasm-kernels';

// A module of a few kernels that no real one would be: they trap, hang, and say on which thread they ran. Put together by
// hand, so that a test of threads depends on nothing else.

const I32 = 0x7f;
const F32 = 0x7d;
const VOID = 0x40;
const END = 0x0b;

const local = (index: number) => [0x20, index];
const setLocal = (index: number) => [0x21, index];
const scratch = [0x23, 0];
const constant = (value: number) => [0x41, value];
const block = (...body: number[][]) => [0x02, VOID, ...body.flat(), END];
const loop = (...body: number[][]) => [0x03, VOID, ...body.flat(), END];
const when = (then: number[][], otherwise: number[][]) => [0x04, VOID, ...then.flat(), 0x05, ...otherwise.flat(), END];
const branch = (depth: number) => [0x0c, depth];
const branchIf = (depth: number) => [0x0d, depth];
const add = [0x6a];
const and = [0x71];
const shiftLeft = [0x74];
const equal = [0x46];
const isZero = [0x45];
const less = [0x48];
const greaterEqual = [0x4e];
const toFloat = [0xb2];
const multiplyFloats = [0x94];
const loadFloat = [0x2a, 2, 0];
const storeFloat = [0x38, 2, 0];
const storeInt = [0x36, 2, 0];
const atomicLoad = [0xfe, 0x10, 2, 0];
const atomicStore = [0xfe, 0x17, 2, 0];
const unreachable = [0x00];

/** On the caller's thread: waits until a worker is in this kernel, too. On a worker: `thenWorker`. */
const meet = (thenWorker: number[]) => [
  ...local(0),
  ...scratch,
  ...equal,
  ...when([loop(local(1), atomicLoad, isZero, branchIf(0))], [local(1), constant(1), atomicStore, thenWorker]),
];

const kernels: Record<string, { parameters: number[]; body: number[] }> = {
  /** (out, factor, begin, end): out[i] = factor i, by way of the thread's scratch. */
  scale: {
    parameters: [I32, F32, I32, I32],
    body: block(
      loop(
        [...local(2), ...local(3), ...greaterEqual, ...branchIf(1)],
        [...scratch, ...local(1), ...local(2), ...toFloat, ...multiplyFloats, ...storeFloat],
        [...local(0), ...local(2), ...constant(2), ...shiftLeft, ...add, ...scratch, ...loadFloat, ...storeFloat],
        [...local(2), ...constant(1), ...add, ...setLocal(2), ...branch(0)],
      ),
    ),
  },
  /** (out, begin, end): out[begin] = address of the scratch memory. */
  where: { parameters: [I32, I32, I32], body: [...local(0), ...local(1), ...constant(2), ...shiftLeft, ...add, ...scratch, ...storeInt] },
  /** (at, begin, end): traps on whichever thread does item `at`. */
  trapAt: {
    parameters: [I32, I32, I32],
    body: [...local(0), ...local(1), ...greaterEqual, ...local(0), ...local(2), ...less, ...and, ...when([unreachable], [])],
  },
  /** (callersScratch, flag, begin, end) */
  trapInWorker: { parameters: [I32, I32, I32, I32], body: meet(unreachable) },
  hangInWorker: { parameters: [I32, I32, I32, I32], body: meet(loop(branch(0))) },
};

const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
const size = (length: number) => [(length & 127) | 128, length >>> 7];
const section = (id: number, ...content: number[]) => [id, ...size(content.length), ...content];
const list = (items: number[][]) => [items.length, ...items.flat()];

function binary(): Uint8Array<ArrayBuffer> {
  const all = Object.entries(kernels);
  const bodies = all.map(([, { body }]) => [...size(body.length + 2), 0, ...body, END]);
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, ...list(all.map(([, { parameters }]) => [0x60, ...list(parameters.map((type) => [type])), 0]))),
    // env.memory: shared, 1 to 65536 pages.
    ...section(2, 1, ...text('env'), ...text('memory'), 2, 3, 1, 0x80, 0x80, 4),
    ...section(3, ...list(all.map((_, index) => [index]))),
    ...section(6, 1, I32, 1, ...constant(0), END),
    ...section(7, ...list([[...text('scratch'), 3, 0], ...all.map(([name], index) => [...text(name), 0, index])])),
    ...section(10, ...list(bodies)),
  ]);
}

export const tinyKernels: readonly string[] = Object.keys(kernels);

export async function tinyModule(shared: boolean): Promise<WasmModule> {
  const bytes = binary();
  return requireWebAssembly().compile(shared ? bytes : forUnsharedMemory(bytes));
}

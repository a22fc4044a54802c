import * as core from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { TfjsHeap, type TfjsModule } from '../src/train/heap.js';
import { expectClose, numbersFrom, randomTensor, trainOnWasm, wasmBackend, wasmMemory } from './train-support.js';

const PAGE = 65536;

beforeAll(async () => {
  await trainOnWasm();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const moduleOf = (): TfjsModule => wasmBackend().wasm as unknown as TfjsModule;

describe('the heap', () => {
  const made: number[] = [];
  const heapOf = (bytes: number, malloc: (n: number) => number): TfjsHeap =>
    new TfjsHeap({ _malloc: malloc, _free: (a) => void made.push(a) }, { buffer: new ArrayBuffer(bytes), grow: () => 0 });

  it('gives blocks at multiples of 64 with room behind them, and frees what malloc gave', () => {
    const asked: number[] = [];
    const heap = heapOf(PAGE, (n) => {
      asked.push(n);
      return 1000;
    });
    const address = heap.allocScratch(100);
    expect(address % 64).toBe(0);
    expect(address).toBeGreaterThanOrEqual(1004);
    expect(address + 100 + 4096).toBeLessThanOrEqual(1000 + asked[0]);
    heap.free(address);
    expect(made).toEqual([1000]);
  });

  it('relieves once, then says that it is full', () => {
    const heap = heapOf(PAGE, () => 0);
    let relieved = 0;
    const end = heap.onFull(() => relieved++);
    expect(() => heap.allocScratch(5e6)).toThrow(
      "[alloc] expected room for 5000000 bytes on the heap of TensorFlow.js's wasm backend, got none (it has 0 MiB, of 4096 at the most); dispose tensors",
    );
    expect(relieved).toBe(1);
    expect(end()).toBe(true);
    expect(() => heap.allocScratch(1)).toThrow();
    expect(relieved).toBe(1);
    // More than an address can say must not wrap around to a small number.
    expect(() => heapOf(PAGE, () => 64).allocScratch(2 ** 32)).toThrow('expected room');
  });

  it('takes addresses above 2^31, which malloc says as negative numbers', () => {
    const heap = heapOf(PAGE, () => -4096);
    expect(() => heap.allocScratch(1)).not.toThrow();
    expect(heap.allocScratch(1)).toBe(2 ** 32 - 4096 + 64);
  });
});

it('follows a memory that grows in the middle of a kernel', async () => {
  const { buffer } = wasmMemory();
  const next = numbersFrom(5);
  // More than the memory has now, in scratch alone: it must grow between the first and the last allocation.
  const size = Math.ceil(Math.sqrt(buffer.byteLength / 4 / 16));
  const x = randomTensor([1, size, size, 16], next);
  const dy = randomTensor([1, size, size, 2], next);
  const grown: number[] = [];
  const malloc = vi.spyOn(moduleOf(), '_malloc').mockImplementation((n) => {
    const address = (moduleOf() as unknown as { asm: { malloc(n: number): number } }).asm.malloc(n);
    grown.push(wasmMemory().buffer.byteLength);
    return address;
  });
  const dfilter = core.engine().runKernel('Conv2DBackpropFilter', { x, dy }, {
    strides: 1,
    pad: 'same',
    dataFormat: 'NHWC',
    filterShape: [3, 3, 16, 2],
  } as never) as core.Tensor;
  expect(malloc.mock.calls.length).toBeGreaterThan(3);
  expect(grown.at(-1)).toBeGreaterThan(grown[0]);
  malloc.mockRestore();
  // tfjs's own views follow too.
  const values = dfilter.dataSync();
  const centre = core.sum(core.mul(core.slice(x, [0, 0, 0, 3], [1, size, size, 1]), core.slice(dy, [0, 0, 0, 1], [1, size, size, 1])));
  expect(Math.abs(values[(4 * 16 + 3) * 2 + 1] - centre.dataSync()[0])).toBeLessThan(0.05);
  core.dispose([x, dy, dfilter, centre]);
});

/** Makes the memory grow: behind what `malloc` has asked for, tfjs has it grow by more than that, which nobody uses yet. */
function freeTheEnd(): void {
  const spacer = moduleOf()._malloc(wasmMemory().buffer.byteLength);
  expect(spacer).not.toBe(0);
  moduleOf()._free(spacer);
}

/** A tensor whose last byte is the last one of the memory. */
function atTheEnd(shape: number[], next: () => number): core.Tensor {
  const t = randomTensor(shape, next);
  const values = t.dataSync();
  const backend = wasmBackend();
  const address = wasmMemory().buffer.byteLength - 4 * t.size;
  new Float32Array(wasmMemory().buffer, address, t.size).set(values);
  const info = backend.makeOutput(shape, 'float32', address);
  t.dispose();
  return core.engine().makeTensorFromTensorInfo(info) as core.Tensor;
}

/** Forgets a tensor whose memory `malloc` does not know. */
function forget(t: core.Tensor): void {
  const free = vi.spyOn(moduleOf(), '_free').mockImplementation(() => {});
  t.dispose();
  free.mockRestore();
}

let freed = false;

describe.each([
  ['dense', 'Conv2D', [3, 3, 5, 6], 6],
  ['1x1', 'Conv2D', [1, 1, 5, 6], 6],
  ['of one channel', 'Conv2D', [3, 3, 1, 6], 6],
  ['depthwise', 'DepthwiseConv2dNative', [3, 3, 5, 2], 10],
] as const)('operands at the very end of the memory: %s', (_, prefix, filterShape, outChannels) => {
  const shapes = { x: [1, 7, 9, filterShape[2]], dy: [1, 7, 9, outChannels], filter: [...filterShape] };
  const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1, filterShape, inputShape: shapes.x };

  beforeAll(() => {
    if (!freed) freeTheEnd();
    freed = true;
  });

  it.each(['x', 'dy', 'filter'] as const)('%s', (which) => {
    const next = numbersFrom(11);
    const given = { x: randomTensor(shapes.x, next), dy: randomTensor(shapes.dy, next), filter: randomTensor(shapes.filter, next) };
    const both = (o: Record<string, core.Tensor>): Float32Array[] =>
      [
        core.engine().runKernel(`${prefix}BackpropFilter`, { x: o['x'], dy: o['dy'] }, attrs as never) as core.Tensor,
        core.engine().runKernel(`${prefix}BackpropInput`, { dy: o['dy'], filter: o['filter'] }, attrs as never) as core.Tensor,
      ].map((t) => t.dataSync() as Float32Array);
    const last = atTheEnd(shapes[which], numbersFrom(11 + which.length));
    const copy = core.tensor(last.dataSync(), shapes[which]);
    const expected = both({ ...given, [which]: copy });
    const actual = both({ ...given, [which]: last });
    actual.forEach((values, i) => expect(values).toEqual(expected[i]));
    forget(last);
  });
});

describe('a full heap', () => {
  const x = (): core.Tensor => core.ones([1, 8, 8, 4]);
  const inputs = (): { x: core.Tensor; dy: core.Tensor } => ({ x: x(), dy: core.ones([1, 8, 8, 3]) });
  const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 4, 3] } as never;

  /** How often `malloc` is asked in one call. */
  function asked(): number {
    const malloc = vi.spyOn(moduleOf(), '_malloc');
    core.tidy(() => void core.engine().runKernel('Conv2DBackpropFilter', inputs(), attrs));
    const { length } = malloc.mock.calls;
    malloc.mockRestore();
    return length - 2;
  }

  it('is an error, whichever allocation fails, and nothing is left behind', () => {
    const count = asked();
    expect(count).toBeGreaterThan(3);
    for (let k = 0; k < count; k++) {
      const given = inputs();
      const { numDataBuffers, numTensors } = core.memory();
      const live = new Set<number>();
      const { asm } = moduleOf() as unknown as { asm: { malloc(n: number): number; free(a: number): void } };
      let calls = 0;
      vi.spyOn(moduleOf(), '_malloc').mockImplementation((n) => {
        if (calls++ >= k) return 0;
        const address = asm.malloc(n);
        live.add(address);
        return address;
      });
      vi.spyOn(moduleOf(), '_free').mockImplementation((address) => {
        live.delete(address);
        asm.free(address);
      });
      expect(() => core.engine().runKernel('Conv2DBackpropFilter', given, attrs)).toThrow('[alloc] expected room for');
      vi.restoreAllMocks();
      expect(live.size).toBe(0);
      expect(core.memory()).toMatchObject({ numDataBuffers, numTensors });
      core.dispose([given.x, given.dy]);
    }
    // And it goes on.
    const made = core.engine().runKernel('Conv2DBackpropFilter', inputs(), attrs) as core.Tensor;
    expect(made.dataSync()[4 * 4 * 3]).toBe(64);
  });
});

it('many images are transposed a few at a time: their copies take little memory', () => {
  const next = numbersFrom(3);
  const [x, dy] = [randomTensor([6, 192, 192, 8], next), randomTensor([6, 192, 192, 8], next)];
  const run = (x: core.Tensor, dy: core.Tensor): core.Tensor =>
    core
      .engine()
      .runKernel('Conv2DBackpropFilter', { x, dy }, { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 8, 8] } as never);
  const malloc = vi.spyOn(moduleOf(), '_malloc');
  const whole = run(x, dy);
  // Of 27 MiB that each operand has.
  const largest = Math.max(...malloc.mock.calls.map(([bytes]) => bytes));
  expect(largest).toBeLessThan(12 * 2 ** 20);
  malloc.mockRestore();
  const images = core.tidy(() => {
    const xs = core.split(x, 6);
    return core.addN(core.split(dy, 6).map((part, i) => run(xs[i], part)));
  });
  expectClose(whole.dataSync(), images.dataSync());
  core.dispose([x, dy, whole, images]);
});

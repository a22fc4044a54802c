import { isKonvError } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { CONTROL_BYTES, Heap, PAGE_BYTES } from '../src/heap/heap.js';
import { HeapFullError } from '../src/heap/heap-full.js';

const MiB = 2 ** 20;

function refusal(fn: () => unknown): HeapFullError {
  try {
    fn();
  } catch (error) {
    if (error instanceof HeapFullError) return error;
    throw error;
  }
  throw new Error('expected a HeapFullError');
}

describe.each([{ shared: false }, { shared: true }])('a heap, shared: $shared', ({ shared }) => {
  it('keeps what was written across growth, and its views see all of it', () => {
    const heap = Heap.create({ shared });
    const before = heap.f32;
    const a = heap.alloc(4000);
    heap.f32.fill(7, a >>> 2, (a >>> 2) + 1000);
    const b = heap.alloc(64 * MiB);
    expect(heap.footprint).toBeGreaterThan(64 * MiB);
    expect(heap.f32 === before).toBe(false);
    expect(heap.f32.length).toBe(heap.footprint / 4);
    heap.f32[(b + 64 * MiB - 4) >>> 2] = 1;
    expect(heap.f32[(a >>> 2) + 999]).toBe(7);
    expect(heap.i32[a >>> 2]).toBe(0x40e00000);
    expect(heap.u8[a + 3]).toBe(0x40);
    expect(heap.memory.buffer instanceof ArrayBuffer).toBe(!shared);
  });

  it('never hands out the control area and leaves readable memory behind every block', () => {
    const heap = Heap.create({ shared, maxBytes: 3 * MiB });
    const addresses: number[] = [];
    for (;;) {
      try {
        addresses.push(heap.alloc(100_000));
      } catch {
        break;
      }
    }
    expect(Math.min(...addresses)).toBeGreaterThanOrEqual(CONTROL_BYTES);
    expect(Math.max(...addresses) + 100_000 + 128).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
    expect(heap.footprint).toBe(3 * MiB);
  });

  it('sees memory that somebody else has grown, and never hands it out', () => {
    const heap = Heap.create({ shared });
    const first = heap.memory.grow(5);
    heap.ensureViews();
    expect(heap.u8.length).toBe((first + 5) * PAGE_BYTES);
    const at = heap.alloc(8 * MiB);
    expect(at).toBeGreaterThanOrEqual((first + 5) * PAGE_BYTES);
    heap.u8[at + 8 * MiB - 1] = 1;
    heap.free(at);
    expect(heap.liveBytes).toBe(0);
  });
});

describe('a full heap', () => {
  it('says what lives, what was asked and how to mend it; what lives stays readable; there is room after frees', () => {
    const heap = Heap.create({ shared: false, maxBytes: 8 * MiB });
    const a = heap.alloc(3 * MiB);
    heap.f32[a >>> 2] = 5;
    const b = heap.alloc(3 * MiB + 4);
    const error = refusal(() => heap.alloc(4 * MiB));
    expect(isKonvError(error)).toBe(true);
    expect(error.name).toBe('BackendError');
    expect(error.message).toMatch(
      /^\[alloc\] expected room for 4194304 bytes \(4\.0 MiB\), got a heap of \d+ bytes \(\d\.\d MiB\) \(limit 8388608 bytes \(8\.0 MiB\)\) with 2 live tensors in 6291460 bytes \(6\.0 MiB\).*scope\(\), or use smaller batches$/,
    );
    expect(error.facts).toMatchObject({ asked: 4 * MiB, liveBlocks: 2, liveBytes: 6 * MiB + 4, limit: 8 * MiB });
    expect(heap.f32[a >>> 2]).toBe(5);
    heap.free(b);
    const c = heap.alloc(4 * MiB);
    expect(heap.f32[a >>> 2]).toBe(5);
    heap.free(c);
    heap.free(a);
    expect([heap.liveBlocks, heap.liveBytes]).toEqual([0, 0]);
  });

  it('counts all tensors against maxTotalBytes, to the byte, and scratch not', () => {
    const heap = Heap.create({ shared: false, maxTotalBytes: 1000 });
    const a = heap.alloc(600);
    heap.allocScratch(5000);
    expect(refusal(() => heap.alloc(401)).facts.limit).toBe(1000);
    heap.alloc(400);
    expect([heap.liveBlocks, heap.liveBytes, heap.scratchBytes]).toEqual([2, 1000, 5000]);
    heap.free(a);
    heap.alloc(600);
  });

  it('is first asked to give back what can be made again', () => {
    const heap = Heap.create({ shared: false, maxBytes: 8 * MiB });
    const packed = heap.allocScratch(6 * MiB);
    const end = heap.onFull(() => {
      heap.free(packed);
      end();
    });
    heap.free(heap.alloc(5 * MiB));
    expect(heap.scratchBytes).toBe(0);
    expect(() => heap.alloc(9 * MiB)).toThrow(HeapFullError);
  });

  it('takes a request beyond all address space for what it is', () => {
    const heap = Heap.create({ shared: false });
    expect(() => heap.alloc(2 ** 50)).toThrow(HeapFullError);
    expect(() => heap.allocScratch(2 ** 50)).toThrow(HeapFullError);
    expect(() => Heap.create({ shared: false, maxBytes: 100 })).toThrow('[alloc] expected maxBytes of at least');
  });
});

describe('free', () => {
  it('of the same address twice, or of one that was never handed out, is an error and changes nothing', () => {
    const heap = Heap.create({ shared: false });
    const a = heap.alloc(10);
    const b = heap.alloc(10);
    heap.free(a);
    expect(() => heap.free(a)).toThrow(`[free] expected the address of a live block, got ${a}`);
    expect(() => heap.free(b + 4)).toThrow('[free]');
    expect([heap.liveBlocks, heap.liveBytes]).toEqual([1, 10]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allocator, GRANULE, type Region } from '../src/heap/allocator.js';
import { FOREIGN, FREE } from '../src/heap/blocks.js';
import { CLASSES, ClassMap, classOf, roomyClassOf } from '../src/heap/size-classes.js';
import { SlotMap } from '../src/heap/slot-map.js';

const MiB = 2 ** 20;

/** An allocator over addresses from `start` on, which grow by at least `step` up to `limit`. Nobody touches memory. */
function over(start: number, first: number, limit: number, step = MiB): Allocator {
  let end = start + first;
  return new Allocator({ start, end }, (bytes): Region | null => {
    const to = Math.min(limit, end + Math.max(step, Math.ceil(bytes / GRANULE) * GRANULE));
    if (to - end < bytes) return null;
    const region = { start: end, end: to };
    end = to;
    return region;
  });
}

/** What must hold at any time: blocks touch, do not overlap, no two free ones are neighbours. */
function checkBlocks(allocator: Allocator): void {
  const blocks = allocator.blocks();
  for (let i = 1; i < blocks.length; i++) {
    expect(blocks[i].start).toBe(blocks[i - 1].end);
    expect(blocks[i].state === FREE && blocks[i - 1].state === FREE).toBe(false);
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ bytes: fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(5 * MiB)), scratch: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ freeNth: fc.nat(1000) }) },
  ),
  { maxLength: 120 },
);

describe.each([
  ['low addresses', 65536],
  ['across 2 GiB', 2 ** 31 - 3 * MiB],
  ['just below 4 GiB', 2 ** 32 - 400 * MiB],
])('an allocator at %s', (_, start) => {
  it('hands out aligned blocks that do not overlap, and counts them exactly', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const allocator = over(start, MiB, 2 ** 32 - 65536);
        const live: { at: number; bytes: number; scratch: boolean }[] = [];
        for (const step of list) {
          if ('freeNth' in step) {
            if (live.length === 0) continue;
            const [gone] = live.splice(step.freeNth % live.length, 1);
            expect(allocator.free(gone.at)).toBe(true);
            continue;
          }
          const at = step.scratch ? allocator.allocScratch(step.bytes) : allocator.alloc(step.bytes);
          if (at < 0) continue;
          expect(at % GRANULE).toBe(0);
          expect(at).toBeGreaterThanOrEqual(start);
          expect(at + step.bytes).toBeLessThanOrEqual(2 ** 32 - 65536);
          for (const other of live) expect(at + step.bytes <= other.at || other.at + other.bytes <= at).toBe(true);
          live.push({ at, ...step });
        }
        checkBlocks(allocator);
        const tensors = live.filter((block) => !block.scratch);
        expect(allocator.liveBlocks).toBe(tensors.length);
        expect(allocator.liveBytes).toBe(tensors.reduce((sum, block) => sum + block.bytes, 0));
        for (const { at, bytes } of live) expect(allocator.askedAt(at)).toBe(bytes);
        for (const { at } of live) allocator.free(at);
        expect(allocator.blocks()).toHaveLength(1);
        expect([allocator.liveBlocks, allocator.liveBytes, allocator.scratchBytes]).toEqual([0, 0, 0]);
      }),
      { numRuns: 60, seed: 3 },
    );
  });
});

describe('an allocator', () => {
  it('refuses a double free, a foreign address, an inner address and nonsense, and changes nothing', () => {
    const allocator = over(65536, MiB, 4 * MiB);
    const a = allocator.alloc(1000);
    const b = allocator.alloc(1000);
    allocator.free(a);
    for (const address of [a, b + GRANULE, b + 4, 0, -GRANULE, 2 ** 32 + b, 3 * MiB, Number.NaN])
      expect(allocator.free(address)).toBe(false);
    expect(allocator.liveBlocks).toBe(1);
    expect(allocator.free(b)).toBe(true);
  });

  it('fills up to the last byte of its range, refuses, and goes on after a free', () => {
    const limit = 2 ** 32 - 65536;
    const allocator = over(65536, 65536, limit);
    const piece = 256 * MiB;
    const live: number[] = [];
    for (let at = allocator.alloc(piece); at >= 0; at = allocator.alloc(piece)) live.push(at);
    expect(live).toHaveLength(15);
    const rest = limit - 65536 - 15 * piece;
    expect(allocator.alloc(rest + 1)).toBe(-1);
    const last = allocator.alloc(rest);
    expect(last + rest).toBe(limit);
    expect(allocator.alloc(1)).toBe(-1);
    expect(allocator.alloc(2 ** 40)).toBe(-1);
    expect(allocator.liveBytes).toBe(limit - 65536);
    allocator.free(live[7]);
    expect(allocator.alloc(piece)).toBe(live[7]);
  });

  it('finds a block of its own class that just fits before it grows', () => {
    const allocator = over(65536, MiB, MiB + 65536);
    // 1001 granules lie in the middle of a class, whose blocks need not all be as large.
    const hole = allocator.alloc(1001 * GRANULE);
    const rest = allocator.alloc(MiB - 1001 * GRANULE);
    expect(rest).toBeGreaterThan(0);
    allocator.free(hole);
    expect(allocator.alloc(1001 * GRANULE)).toBe(hole);
  });

  it('steps over memory that somebody else has grown', () => {
    const regions = [
      { start: 3 * MiB, end: 4 * MiB },
      { start: 4 * MiB, end: 6 * MiB },
    ];
    const allocator = new Allocator({ start: 65536, end: MiB }, () => regions.shift() ?? null);
    const at = allocator.alloc(2.5 * MiB);
    expect(at).toBe(3 * MiB);
    expect(allocator.blocks().map((block) => block.state)).toContain(FOREIGN);
    allocator.free(at);
    expect(allocator.blocks().map(({ start, end, state }) => [start, end, state])).toEqual([
      [65536, MiB, FREE],
      [MiB, 3 * MiB, FOREIGN],
      [3 * MiB, 6 * MiB, FREE],
    ]);
  });
});

describe('size classes', () => {
  it('grow with the size; every block of the roomy class holds the request', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 26 - 1 }), fc.integer({ min: 1, max: 2 ** 26 - 1 }), (a, b) => {
        expect(classOf(a)).toBeLessThan(CLASSES);
        if (a <= b) expect(classOf(a)).toBeLessThanOrEqual(classOf(b));
        if (classOf(b) >= roomyClassOf(a)) expect(b).toBeGreaterThanOrEqual(a);
      }),
      { numRuns: 2000, seed: 5 },
    );
  });

  it('are found in order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(CLASSES - 1)), fc.nat(CLASSES - 1), (present, from) => {
        const map = new ClassMap();
        for (const index of present) map.add(index);
        const above = present.filter((index) => index >= from);
        expect(map.firstFrom(from)).toBe(above.length === 0 ? -1 : Math.min(...above));
        for (const index of present) map.remove(index);
        expect(map.firstFrom(0)).toBe(-1);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

describe('SlotMap', () => {
  it('is a Map', () => {
    const key = fc.integer({ min: 1, max: 2 ** 26 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.oneof(fc.integer({ min: 1, max: 900 }), key), fc.boolean()), { maxLength: 1500 }), (list) => {
        const map = new SlotMap();
        const model = new Map<number, number>();
        for (const [at, [k, add]] of list.entries()) {
          if (add && !model.has(k)) {
            map.add(k, at + 1);
            model.set(k, at + 1);
          } else if (!add) {
            expect(map.remove(k)).toBe(model.get(k) ?? 0);
            model.delete(k);
          }
        }
        for (const [k, value] of model) expect(map.get(k)).toBe(value);
        for (const [k] of list) expect(map.get(k)).toBe(model.get(k) ?? 0);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

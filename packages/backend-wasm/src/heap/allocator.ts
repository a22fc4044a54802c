import { BlockTable, FOREIGN, FREE, LIVE, NONE, SCRATCH, UNUSED } from './blocks.js';
import { CLASSES, ClassMap, classOf, roomyClassOf } from './size-classes.js';
import { SlotMap } from './slot-map.js';

/** Addresses and sizes of blocks are multiples of this: a cache line, so that two threads never share one. */
export const GRANULE = 64;

/** Bytes [start, end), multiples of `GRANULE`. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

/** Makes at least `bytes` more memory behind all that there is; null: there is no more. */
export type Grow = (bytes: number) => Region | null;

/**
 * Hands out pieces of an address range below 4 GiB. Knows addresses only and never touches what is there.
 *
 * Two-level segregated fit: a request takes the first block of the smallest size class that is sure to hold it, the rest
 * of the block is free again, and a freed block melts into its free neighbours at once. All of it in constant time, but
 * for the moment before growth, when the request's own class is searched for a block that happens to be large enough.
 *
 * Bytes are JS numbers throughout (an address above 2^31 is not an int32), block arithmetic is in granules, which are.
 */
export class Allocator {
  /** Blocks handed out by `alloc`, and the bytes asked for. */
  liveBlocks = 0;
  liveBytes = 0;
  /** Bytes asked of `allocScratch`. */
  scratchBytes = 0;

  readonly #blocks = new BlockTable();
  /** First free block of each class. */
  readonly #heads = new Int32Array(CLASSES);
  readonly #classes = new ClassMap();
  /** Slot by first granule, of live blocks. */
  readonly #slots = new SlotMap();
  readonly #grow: Grow;
  /** The last block in memory. */
  #last = NONE;
  #end: number;

  constructor(first: Region, grow: Grow) {
    this.#grow = grow;
    this.#end = first.start / GRANULE;
    this.#append(first);
  }

  /** An address, multiple of `GRANULE`; -1 where there is no room. Nothing has changed then. */
  alloc(bytes: number): number {
    const slot = this.#take(bytes);
    if (slot === NONE) return -1;
    this.#blocks.state[slot] = LIVE;
    this.liveBlocks++;
    this.liveBytes += bytes;
    return this.#blocks.start[slot] * GRANULE;
  }

  /** As `alloc`, for memory that is no tensor's. */
  allocScratch(bytes: number): number {
    const slot = this.#take(bytes);
    if (slot === NONE) return -1;
    this.#blocks.state[slot] = SCRATCH;
    this.scratchBytes += bytes;
    return this.#blocks.start[slot] * GRANULE;
  }

  /** False, and nothing has changed, where no live block begins at `address`. */
  free(address: number): boolean {
    const { state, asked, before, after } = this.#blocks;
    let slot = isAligned(address) ? this.#slots.remove(address / GRANULE) : NONE;
    if (slot === NONE) return false;
    if (state[slot] === LIVE) {
      this.liveBlocks--;
      this.liveBytes -= asked[slot];
    } else {
      this.scratchBytes -= asked[slot];
    }
    const left = before[slot];
    if (state[left] === FREE) {
      this.#unlist(left);
      this.#absorb(left, slot);
      slot = left;
    }
    const right = after[slot];
    if (state[right] === FREE) {
      this.#unlist(right);
      this.#absorb(slot, right);
    }
    this.#list(slot);
    return true;
  }

  /** Bytes asked for by the live block at `address`; -1 where none begins there. */
  askedAt(address: number): number {
    const slot = isAligned(address) ? this.#slots.get(address / GRANULE) : NONE;
    return slot === NONE ? -1 : this.#blocks.asked[slot];
  }

  /** Bytes of the largest free block. Walks all blocks. */
  largestFree(): number {
    let largest = 0;
    for (const block of this.blocks()) if (block.state === FREE) largest = Math.max(largest, block.end - block.start);
    return largest;
  }

  /** All blocks in the order of their addresses, for tests and messages. */
  blocks(): { start: number; end: number; state: number }[] {
    const { start, size, state, before } = this.#blocks;
    const list = [];
    for (let slot = this.#last; slot !== NONE; slot = before[slot]) {
      list.push({ start: start[slot] * GRANULE, end: (start[slot] + size[slot]) * GRANULE, state: state[slot] });
    }
    return list.reverse();
  }

  #take(bytes: number): number {
    // Granules of more than this are not int32 arithmetic's.
    if (bytes > 2 ** 32) return NONE;
    // An empty tensor has an address of its own, too.
    const wanted = bytes > GRANULE ? Math.ceil(bytes / GRANULE) : 1;
    let slot = this.#find(wanted);
    if (slot === NONE) slot = this.#findExactly(wanted);
    if (slot === NONE) slot = this.#growFor(wanted);
    if (slot === NONE) return NONE;
    this.#unlist(slot);
    this.#split(slot, wanted);
    this.#blocks.asked[slot] = bytes;
    this.#slots.add(this.#blocks.start[slot], slot);
    return slot;
  }

  #find(wanted: number): number {
    const index = this.#classes.firstFrom(roomyClassOf(wanted));
    return index < 0 ? NONE : this.#heads[index];
  }

  #findExactly(wanted: number): number {
    const { size, next } = this.#blocks;
    let slot = this.#heads[classOf(wanted)];
    while (slot !== NONE && size[slot] < wanted) slot = next[slot];
    return slot;
  }

  #growFor(wanted: number): number {
    const { state, size } = this.#blocks;
    const tail = state[this.#last] === FREE ? size[this.#last] : 0;
    const more = this.#grow((wanted - tail) * GRANULE);
    if (more === null) return NONE;
    this.#append(more);
    // Someone else grew the memory meanwhile, and the free tail does not touch the new piece.
    if (size[this.#last] < wanted) return this.#growFor(wanted);
    return this.#last;
  }

  #append(region: Region): void {
    const start = region.start / GRANULE;
    if (start > this.#end) this.#push(this.#end, start, FOREIGN);
    const slot = this.#push(start, region.end / GRANULE, FREE);
    const left = this.#blocks.before[slot];
    if (this.#blocks.state[left] !== FREE) return this.#list(slot);
    this.#unlist(left);
    this.#absorb(left, slot);
    this.#list(left);
  }

  #push(start: number, end: number, state: number): number {
    const slot = this.#blocks.take();
    const columns = this.#blocks;
    columns.start[slot] = start;
    columns.size[slot] = end - start;
    columns.state[slot] = state;
    columns.before[slot] = this.#last;
    columns.after[slot] = NONE;
    if (this.#last !== NONE) columns.after[this.#last] = slot;
    this.#last = slot;
    this.#end = end;
    return slot;
  }

  /** Cuts what is beyond `wanted` off a block that is on no list, and lists it. */
  #split(slot: number, wanted: number): void {
    const surplus = this.#blocks.size[slot] - wanted;
    if (surplus === 0) return;
    const rest = this.#blocks.take();
    const { start, size, after } = this.#blocks;
    start[rest] = start[slot] + wanted;
    size[rest] = surplus;
    size[slot] = wanted;
    this.#join(rest, after[slot]);
    this.#join(slot, rest);
    this.#list(rest);
  }

  /** Adds `right` to `left`, its neighbour in memory; neither is on a list. */
  #absorb(left: number, right: number): void {
    this.#blocks.size[left] += this.#blocks.size[right];
    this.#join(left, this.#blocks.after[right]);
    this.#blocks.give(right);
  }

  #join(left: number, right: number): void {
    this.#blocks.after[left] = right;
    if (right === NONE) this.#last = left;
    else this.#blocks.before[right] = left;
  }

  #list(slot: number): void {
    const { size, state, next, previous } = this.#blocks;
    const index = classOf(size[slot]);
    const head = this.#heads[index];
    state[slot] = FREE;
    next[slot] = head;
    previous[slot] = NONE;
    if (head !== NONE) previous[head] = slot;
    else this.#classes.add(index);
    this.#heads[index] = slot;
  }

  #unlist(slot: number): void {
    const { size, state, next, previous } = this.#blocks;
    const index = classOf(size[slot]);
    const right = next[slot];
    const left = previous[slot];
    state[slot] = UNUSED;
    if (right !== NONE) previous[right] = left;
    if (left !== NONE) next[left] = right;
    else if ((this.#heads[index] = right) === NONE) this.#classes.remove(index);
  }
}

/** Keys of the map are int32 and not 0. */
function isAligned(address: number): boolean {
  return address > 0 && address < 2 ** 32 && address % GRANULE === 0;
}

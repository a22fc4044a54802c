/** What a block is. `UNUSED` is a slot of the table without a block. */
export const UNUSED = 0;
export const FREE = 1;
export const LIVE = 2;
/** Live, but the runtime's own: not counted as a tensor. */
export const SCRATCH = 3;
/** Memory between ours that somebody else has grown: never handed out. */
export const FOREIGN = 4;

/** No slot. */
export const NONE = 0;

/**
 * The blocks of a heap, one slot each, as columns of typed arrays beside the heap and not as headers within: a kernel
 * that writes past its output spoils numbers, never the allocator; and looking at neighbours touches no cold memory.
 */
export class BlockTable {
  /** First granule and count of granules. */
  start!: Int32Array;
  size!: Int32Array;
  state!: Uint8Array;
  /** Neighbours in memory. */
  before!: Int32Array;
  after!: Int32Array;
  /** Neighbours in the list of free blocks of one class; of unused slots, `next` is the next unused one. */
  next!: Int32Array;
  previous!: Int32Array;
  /** Bytes that were asked for. */
  asked!: Float64Array;

  #unused = NONE;
  /** Slot 0 stands for "none". */
  #used = 1;

  constructor() {
    this.#resize(256);
  }

  take(): number {
    const slot = this.#unused;
    if (slot !== NONE) {
      this.#unused = this.next[slot];
      return slot;
    }
    if (this.#used === this.state.length) this.#resize(2 * this.#used);
    return this.#used++;
  }

  give(slot: number): void {
    this.state[slot] = UNUSED;
    this.next[slot] = this.#unused;
    this.#unused = slot;
  }

  #resize(slots: number): void {
    const int32 = (old?: Int32Array) => {
      const column = new Int32Array(slots);
      if (old) column.set(old);
      return column;
    };
    this.start = int32(this.start);
    this.size = int32(this.size);
    this.before = int32(this.before);
    this.after = int32(this.after);
    this.next = int32(this.next);
    this.previous = int32(this.previous);
    const { state, asked } = this;
    this.state = new Uint8Array(slots);
    this.asked = new Float64Array(slots);
    if (state) this.state.set(state);
    if (asked) this.asked.set(asked);
  }
}

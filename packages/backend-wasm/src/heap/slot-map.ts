/**
 * Slots of live blocks by first granule: open addressing with linear probing in two int32 columns, at most half full, and
 * no tombstones (what follows a removed entry moves up). Set and removed at every allocation, where a `Map`, which makes
 * its table anew after so many removals, costs three times as much.
 */
export class SlotMap {
  #count = 0;
  #bits = 8;
  /** 0: empty. No block begins at granule 0, which lies in the control area. */
  #keys = new Int32Array(1 << 8);
  #values = new Int32Array(1 << 8);

  /** 0: not there. */
  get(key: number): number {
    const at = this.#find(key);
    return this.#keys[at] === key ? this.#values[at] : 0;
  }

  /** `key` is not there yet. */
  add(key: number, value: number): void {
    if (2 * ++this.#count > this.#keys.length) this.#double();
    const at = this.#find(key);
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  /** Its value; 0, and nothing has changed, where it is not there. */
  remove(key: number): number {
    const keys = this.#keys;
    const values = this.#values;
    const mask = keys.length - 1;
    let hole = this.#find(key);
    if (keys[hole] !== key) return 0;
    const value = values[hole];
    this.#count--;
    for (let at = (hole + 1) & mask; keys[at] !== 0; at = (at + 1) & mask) {
      // An entry may move up to the hole unless its own place lies behind it.
      const place = this.#place(keys[at]);
      if (((at - place) & mask) < ((at - hole) & mask)) continue;
      keys[hole] = keys[at];
      values[hole] = values[at];
      hole = at;
    }
    keys[hole] = 0;
    return value;
  }

  /** Where `key` stands, or the empty place where it would. */
  #find(key: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let at = this.#place(key);
    while (keys[at] !== key && keys[at] !== 0) at = (at + 1) & mask;
    return at;
  }

  /** Fibonacci hashing: blocks of one size lie at regular distances, which the multiplication scatters. */
  #place(key: number): number {
    return Math.imul(key, 0x9e3779b9) >>> (32 - this.#bits);
  }

  #double(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#bits++;
    this.#keys = new Int32Array(2 * keys.length);
    this.#values = new Int32Array(2 * keys.length);
    for (let i = 0; i < keys.length; i++) {
      if (keys[i] === 0) continue;
      const at = this.#find(keys[i]);
      this.#keys[at] = keys[i];
      this.#values[at] = values[i];
    }
  }
}

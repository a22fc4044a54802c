/**
 * Memory that kernels of one backend reuse between calls: each name has one array, which only grows.
 * Contents are whatever the last user left.
 */
export class Scratch {
  private readonly doubles = new Map<string, Float64Array>();
  private readonly ints = new Map<string, Int32Array>();

  /** At least `size` doubles. */
  float64(name: string, size: number): Float64Array {
    const old = this.doubles.get(name);
    if (old && old.length >= size) return old;
    const grown = new Float64Array(size);
    this.doubles.set(name, grown);
    return grown;
  }

  /** 0, step, 2 step, ...: at least `count` of them, made once per name and step. */
  multiples(name: string, count: number, step: number): Int32Array {
    const old = this.ints.get(name);
    if (old && old.length >= count && (old.length < 2 || old[1] === step)) return old;
    const size = Math.max(count, 2);
    const table = new Int32Array(size);
    for (let i = 0; i < size; i++) table[i] = i * step;
    this.ints.set(name, table);
    return table;
  }

  dispose(): void {
    this.doubles.clear();
    this.ints.clear();
  }
}

import { AGAIN, type Refuse } from '../refuse.js';

/** What the records of a ZIP archive begin with. Source: PKWARE's APPNOTE.TXT 6.3, of which the rest below is, too. */
export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END_64 = 0x06064b50;
export const END_64_LOCATOR = 0x07064b50;
export const DESCRIPTOR = 0x08074b50;

export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END_64_BYTES = 56;
export const END_64_LOCATOR_BYTES = 20;

export const STORED = 0;
export const DEFLATED = 8;
export const FLAG_ENCRYPTED = 1;
export const FLAG_DESCRIPTOR = 8;
export const FLAG_UTF8 = 0x800;
/** The extra field in which 64-bit sizes stand. */
export const EXTRA_64 = 1;
export const FULL_16 = 0xffff;
export const FULL_32 = 0xffffffff;

/** Numbers of a ZIP archive; every read is within it. */
export class Fields {
  readonly bytes: Uint8Array;
  readonly refuse: Refuse;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.bytes = bytes;
    this.refuse = refuse;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** A size or offset of 64 bits: one beyond the file is refused, so a number holds it. */
  u64(at: number, what: string): number {
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(this.bytes.length) * 1032n) {
      throw this.refuse(`${what} that a file of ${this.bytes.length} bytes can hold`, `${value}`, AGAIN);
    }
    return Number(value);
  }

  /** Refuses a record that does not begin with `signature` or would end beyond `end`. */
  record(at: number, size: number, end: number, signature: number, what: string): void {
    if (at < 0 || at + size > end) {
      throw this.refuse(`${what} within the first ${end} bytes`, `one from byte ${at} to ${at + size}`, `the file is truncated: ${AGAIN}`);
    }
    const got = this.u32(at);
    if (got !== signature) {
      throw this.refuse(`${what} at byte ${at}`, `0x${got.toString(16).padStart(8, '0')}`, `the archive is corrupt: ${AGAIN}`);
    }
  }

  /**
   * The 64-bit values in the extra fields at [at, end), in place of those of `values` that are full; the others as they
   * are. The extra field holds only those that are full, in this order.
   */
  widened(at: number, end: number, values: readonly { value: number; what: string }[]): number[] {
    const extra = this.#extra(at, end);
    let from = extra?.from ?? 0;
    return values.map(({ value, what }) => {
      if (value !== FULL_32) return value;
      if (!extra || from + 8 > extra.to) throw this.refuse(`${what} of 64 bits in an extra field`, 'none', AGAIN);
      from += 8;
      return this.u64(from - 8, what);
    });
  }

  #extra(at: number, end: number): { from: number; to: number } | null {
    let found: { from: number; to: number } | null = null;
    for (let i = at; i < end; ) {
      const to = i + 4 <= end ? i + 4 + this.u16(i + 2) : Infinity;
      if (to > end) throw this.refuse('extra fields that fit in their place', `one that ends at byte ${to} of ${end}`, AGAIN);
      if (this.u16(i) === EXTRA_64) {
        if (found) throw this.refuse('sizes of 64 bits once', 'twice', AGAIN);
        found = { from: i + 4, to };
      }
      i = to;
    }
    return found;
  }
}

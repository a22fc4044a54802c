/** Words of state, and draws per block. */
export const STATE_WORDS = 624;
const SHIFT = 397;

/**
 * The Mersenne twister MT19937: 32 bits a draw, period 2^19937 - 1. The state advances in blocks of 624 draws.
 * Source: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998); seeding as their `init_genrand` of 2002.
 */
export class Mt19937 {
  /** The untempered block. */
  readonly words: Uint32Array = new Uint32Array(STATE_WORDS);
  /** Position in the block of the next draw; 0 only when fresh from a seed. */
  next = 0;
  /** The block is renewed by the draw that would bring this to 0. A fresh engine has 1: its first draw makes a block. */
  left = 1;

  /** Starts anew from the low 32 bits of `seed`. */
  seed(seed: number): void {
    const w = this.words;
    w[0] = seed >>> 0;
    for (let i = 1; i < STATE_WORDS; i++) {
      const x = w[i - 1] ^ (w[i - 1] >>> 30);
      w[i] = Math.imul(1812433253, x) + i;
    }
    this.next = 0;
    this.left = 1;
  }

  /** The next 32 bits, as a number in [0, 2^32). */
  next32(): number {
    if (--this.left === 0) this.#renew();
    let y = this.words[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #renew(): void {
    const w = this.words;
    // Three loops, so that no index needs a remainder: the word 397 further on wraps once, then the word after.
    let i = 0;
    for (; i < STATE_WORDS - SHIFT; i++) w[i] = w[i + SHIFT] ^ twist(w[i], w[i + 1]);
    for (; i < STATE_WORDS - 1; i++) w[i] = w[i + SHIFT - STATE_WORDS] ^ twist(w[i], w[i + 1]);
    w[i] = w[SHIFT - 1] ^ twist(w[i], w[0]);
    this.next = 0;
    this.left = STATE_WORDS;
  }
}

/** The top bit of `u` joined to the low 31 of `v`, times the recurrence's matrix. */
function twist(u: number, v: number): number {
  return (((u & 0x80000000) | (v & 0x7fffffff)) >>> 1) ^ (-(v & 1) & 0x9908b0df);
}

import { describe, expect, it } from 'vitest';
import { fillPhiloxMask, philox4x32 } from '../../src/random/philox.js';

const block = (counter: number[], key: number[]): string[] => {
  const out = new Uint32Array(4);
  philox4x32(counter, key, out);
  return [...out].map((w) => w.toString(16).padStart(8, '0'));
};

describe('Philox 4x32-10', () => {
  // The known answers that the authors publish with their library (Random123, kat_vectors).
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('counter %j, key %j', (counter, key, words) => {
    expect(block(counter, key)).toEqual(words.split(' '));
  });
  it('agrees with 64-bit arithmetic', () => {
    const mask = 0xffffffffn;
    const slow = (c: bigint[], k: bigint[]): string[] => {
      let [a, b, d, e] = c;
      let [k0, k1] = k;
      for (let i = 0; i < 10; i++) {
        const p = 0xd2511f53n * a;
        const q = 0xcd9e8d57n * d;
        [a, b, d, e] = [(q >> 32n) ^ b ^ k0, q & mask, (p >> 32n) ^ e ^ k1, p & mask];
        k0 = (k0 + 0x9e3779b9n) & mask;
        k1 = (k1 + 0xbb67ae85n) & mask;
      }
      return [a, b, d, e].map((w) => w.toString(16).padStart(8, '0'));
    };
    let word = 1;
    const next = (): number => (word = (Math.imul(word, 1664525) + 1013904223) >>> 0);
    for (let i = 0; i < 300; i++) {
      const counter = [next(), next(), next(), next()];
      const key = [next(), next()];
      expect(block(counter, key)).toEqual(slow(counter.map(BigInt), key.map(BigInt)));
    }
  });
});

describe('fillPhiloxMask', () => {
  const mask = (n: number, p: number, key = [1, 2]): Uint8Array => {
    const out = new Uint8Array(n).fill(7);
    fillPhiloxMask(key, out, p);
    return out;
  };
  it('keeps half i of the stream where it is below (1 - p) 2^16', () => {
    const halves = [0, 1].flatMap((c) => {
      const out = new Uint32Array(4);
      philox4x32([c, 0, 0, 0], [1, 2], out);
      return [...out].flatMap((word) => [word & 0xffff, word >>> 16]);
    });
    expect([...mask(11, 0.3)]).toEqual(halves.slice(0, 11).map((h) => (h < 0.7 * 2 ** 16 ? 1 : 0)));
  });
  it('a longer mask begins as a shorter one', () => {
    expect([...mask(100, 0.5).slice(0, 7)]).toEqual([...mask(7, 0.5)]);
  });
  it('keeps all, none, and about as many as it should', () => {
    expect(mask(9, 0).every((v) => v === 1)).toBe(true);
    expect(mask(9, 1).every((v) => v === 0)).toBe(true);
    for (const p of [0.1, 0.5, 0.8]) {
      const n = 100_000;
      const kept = mask(n, p).reduce((a, b) => a + b, 0);
      // Five standard deviations.
      expect(Math.abs(kept - n * (1 - p))).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
    }
  });
  it('another key, another mask', () => {
    expect([...mask(64, 0.5)]).not.toEqual([...mask(64, 0.5, [1, 3])]);
  });
});

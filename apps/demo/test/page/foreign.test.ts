import { serializeSafetensors } from '@konv/formats';
import { describe, expect, it } from 'vitest';
import { foreignFile, MOST_BYTES } from '../../web/src/model/foreign.js';

const bytes = (...head: number[]): Uint8Array => Uint8Array.from([...head, ...new Array(64).fill(7)]);

describe('a file that is no safetensors file', () => {
  it.each([
    ['a zip archive', bytes(0x50, 0x4b, 3, 4), /zip archive.*save_file/],
    ['a pickle', bytes(0x80, 2), /pickle.*save_file/],
    ['an HDF5 file', bytes(0x89, 0x48, 0x44, 0x46), /HDF5/],
    ['a NumPy file', bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59), /NumPy/],
    ['a picture', bytes(0x89, 0x50, 0x4e, 0x47), /picture/],
    ['nothing', new Uint8Array(0), /empty/],
    ['too much', new Uint8Array(MOST_BYTES + 1), /64 MB/],
  ])('%s is told by its beginning', (_, file, said) => {
    expect(foreignFile(file)).toMatch(said);
  });

  it('is not suspected of being one by the length of its header', () => {
    // The first byte of a safetensors file is the low one of a length: any value, also those of other formats.
    for (let n = 0; n < 300; n++) {
      const name = 'x'.repeat(n + 1);
      const file = serializeSafetensors(new Map([[name, { dtype: 'float32', shape: [1], data: Float32Array.of(1) }]]));
      expect(foreignFile(file)).toBeNull();
    }
  });
});

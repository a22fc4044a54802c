import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const folder = new URL('../data/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

it.each([
  ['train-images-idx3-ubyte.gz', [10_000, 28, 28]],
  ['train-labels-idx1-ubyte.gz', [10_000]],
  ['t10k-images-idx3-ubyte.gz', [2_000, 28, 28]],
  ['t10k-labels-idx1-ubyte.gz', [2_000]],
])('%s is what its README says', (name, sizes) => {
  const bytes = gunzipSync(readFileSync(new URL(name, folder)));
  expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 8, sizes.length]);
  sizes.forEach((n, i) => {
    expect(bytes.readUInt32BE(4 + 4 * i)).toBe(n);
  });
  expect(bytes.length).toBe(4 + 4 * sizes.length + sizes.reduce((a, b) => a * b, 1));
  expect(readme).toContain(createHash('sha256').update(bytes).digest('hex'));
  if (sizes.length === 1) expect(new Set(bytes.subarray(8)).size).toBe(10);
});

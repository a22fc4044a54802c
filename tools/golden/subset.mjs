#!/usr/bin/env node
// Makes apps/demo/data: the first 10 000 training and 2 000 test images of Fashion-MNIST, with their labels.
//   node tools/golden/subset.mjs [--check] [--from FOLDER]
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const target = join(root, 'apps', 'demo', 'data');
const FILES = [
  { name: 'train-images-idx3-ubyte.gz', count: 10_000 },
  { name: 'train-labels-idx1-ubyte.gz', count: 10_000 },
  { name: 't10k-images-idx3-ubyte.gz', count: 2_000 },
  { name: 't10k-labels-idx1-ubyte.gz', count: 2_000 },
];

/** The first `count` entries of an IDX file: 00 00 type rank, rank big-endian sizes, then row-major bytes. */
function head(idx, count) {
  if (idx[0] !== 0 || idx[1] !== 0 || idx[2] !== 0x08) throw new Error('expected an IDX file of unsigned bytes');
  const sizes = Array.from({ length: idx[3] }, (_, i) => idx.readUInt32BE(4 + 4 * i));
  if (sizes[0] < count) throw new Error(`expected at least ${count} entries, got ${sizes[0]}`);
  const entry = sizes.slice(1).reduce((a, b) => a * b, 1);
  const start = 4 + 4 * sizes.length;
  const cut = Buffer.from(idx.subarray(0, start + count * entry));
  cut.writeUInt32BE(count, 4);
  return cut;
}

/** gzip -9 whose bytes depend on the content alone: no time, no name, and "unknown" as the system that made it. */
function deterministicGzip(bytes) {
  const packed = gzipSync(bytes, { level: 9, memLevel: 9 });
  packed.writeUInt32LE(0, 4);
  packed[9] = 255;
  return packed;
}

const args = process.argv.slice(2);
const check = args.includes('--check');
const from = args.includes('--from') ? args[args.indexOf('--from') + 1] : '/usr/share/datasets/fashion-mnist';
if (!existsSync(join(from, FILES[0].name))) {
  console.error(`no Fashion-MNIST in ${from}; apt-get install dataset-fashion-mnist, or give its folder with --from`);
  process.exit(1);
}

let different = 0;
if (!check) mkdirSync(target, { recursive: true });
for (const { name, count } of FILES) {
  const cut = head(gunzipSync(readFileSync(join(from, name))), count);
  const sum = createHash('sha256').update(cut).digest('hex');
  if (check) {
    // The unpacked bytes are what counts: another zlib may pack them differently.
    const same = existsSync(join(target, name)) && gunzipSync(readFileSync(join(target, name))).equals(cut);
    console.log(`${same ? 'same' : 'DIFFERENT'}  ${name}`);
    if (!same) different++;
  } else {
    const packed = deterministicGzip(cut);
    writeFileSync(join(target, name), packed);
    console.log(`${name}  ${count} entries, ${packed.length} bytes, sha256 unpacked ${sum}`);
  }
}
process.exitCode = different ? 1 : 0;

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { imageCounts } from '../src/model/settings.js';

const TEST_IMAGES = 1000;

/**
 * The first images of a pair of IDX files, as a pair of their own: a visitor gets the first 800 at once and more when they
 * are asked for. IDX: a big-endian header (two zeros, type, rank, then the sizes), then the values.
 */
function firstOf(file: string, count: number): Buffer {
  const packed = readFileSync(file);
  const whole = gunzipSync(packed);
  if (whole.readUInt32BE(4) === count) return packed;
  const rank = whole[3];
  const header = 4 + 4 * rank;
  const each = Array.from({ length: rank - 1 }, (_, i) => whole.readUInt32BE(8 + 4 * i)).reduce((a, b) => a * b, 1);
  const part = Buffer.from(whole.subarray(0, header + count * each));
  part.writeUInt32BE(count, 4);
  return gzipSync(part, { level: 9 });
}

function filesOf(data: string): Map<string, () => Buffer> {
  const files = new Map<string, () => Buffer>();
  const add = (folder: string, stem: string, count: number): void => {
    for (const kind of ['images-idx3', 'labels-idx1']) {
      const name = `${stem}-${kind}-ubyte.gz`;
      files.set(`data/${folder}/${name}`, () => firstOf(join(data, name), count));
    }
  };
  for (const count of imageCounts) add(`train-${count}`, 'train', count);
  add('test', 't10k', TEST_IMAGES);
  files.set('data/LICENSE', () => readFileSync(join(data, 'LICENSE')));
  return files;
}

/** Puts Fashion-MNIST into the page, in parts. */
export function dataFolders(data: string): Plugin {
  const files = filesOf(data);
  return {
    name: 'konv:data',
    generateBundle() {
      for (const [fileName, make] of files) this.emitFile({ type: 'asset', fileName, source: make() });
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const make = files.get((request.url ?? '').replace(/^\//, '').replace(/\?.*/, ''));
        if (!make) return next();
        response.setHeader('Content-Type', 'application/octet-stream');
        response.end(make());
      });
    },
  };
}

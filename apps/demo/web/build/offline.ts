import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { imageCounts } from '../src/model/settings.js';

const WORKER = 'service-worker.js';
/** Larger ones, such as TensorFlow.js, are kept when they have been fetched; so are more pictures. */
const LARGE = 450_000;
const MORE_PICTURES = new RegExp(`^data/train-(?!${imageCounts[0]}/)`);

const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** `{ path: bytes }` of what Vite copies as it is. */
function publicFiles(folder: string): [string, Uint8Array][] {
  if (folder === '') return [];
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map(({ name, parentPath }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path)];
  });
}

/** Builds the service worker and tells it which files the page has. */
export function offlineWorker(source: string): Plugin {
  let folder = '';
  return {
    name: 'konv:offline',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      folder = config.publicDir;
    },
    buildStart() {
      this.emitFile({ type: 'chunk', id: source, fileName: WORKER });
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle[WORKER];
        if (worker?.type !== 'chunk') throw new Error(`expected ${WORKER} among the files, got none; was ${source} renamed?`);
        if (worker.imports.length > 0) throw new Error(`expected ${WORKER} to import nothing, got ${worker.imports.join(', ')}`);
        const made = Object.values(bundle).filter(({ fileName }) => fileName !== WORKER && !fileName.endsWith('.map'));
        const files: [string, string | Uint8Array][] = made.map((f) => [f.fileName, f.type === 'chunk' ? f.code : f.source]);
        files.push(...publicFiles(folder));
        files.sort(([a], [b]) => (a < b ? -1 : 1));
        const version = digest(files.map(([name, content]) => `${name} ${digest(content)}`).join('\n') + worker.code).slice(0, 16);
        const small = files
          .filter(([name, content]) => content.length <= LARGE && !MORE_PICTURES.test(name))
          .map(([name]) => (name === 'index.html' ? './' : name));
        worker.code = worker.code.replaceAll('KONV_FILES', JSON.stringify(small)).replaceAll('KONV_VERSION', JSON.stringify(version));
      },
    },
  };
}

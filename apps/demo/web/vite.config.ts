import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { dataFolders } from './build/data.js';
import { offlineWorker } from './build/offline.js';
import { policyTag } from './build/policy.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ command }) => ({
  root: here('.'),
  // Relative: the page may lie in any folder of a host.
  base: './',
  // The sources while developing; what is published when built.
  resolve: { conditions: command === 'serve' ? ['@konv/source', 'module', 'browser', 'development'] : ['module', 'browser', 'production'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  plugins: [dataFolders(here('../data')), policyTag(), offlineWorker(here('./src/service-worker.ts'))],
  build: {
    outDir: here('../dist/page'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
}));

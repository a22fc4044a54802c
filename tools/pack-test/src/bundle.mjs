// The user's page through three bundlers, with what each does unasked: only the entry and the output's place are said.
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import * as vite from 'vite';
import webpack from 'webpack';

/** Each writes a folder with an index.html. */
export const bundlers = {
  vite: (source, out) => vite.build({ root: source, build: { outDir: out }, logLevel: 'error', configFile: false }),

  webpack: async (source, out) => {
    const options = { context: source, entry: './index.js', mode: 'production', output: { path: out } };
    const stats = await new Promise((resolve, reject) => webpack(options, (error, done) => (error ? reject(error) : resolve(done))));
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
    writeFileSync(join(out, 'index.html'), '<!doctype html><body><script type="module" src="./main.js"></script></body>');
  },

  // It follows imports but not `new Worker(new URL(...))`: the worker is an entry of its own.
  esbuild: async (source, out) => {
    const entryPoints = ['index.js', 'worker.js'].map((file) => join(source, file));
    await esbuild.build({ entryPoints, bundle: true, minify: true, format: 'esm', outdir: out, logLevel: 'silent' });
    cpSync(join(source, 'index.html'), join(out, 'index.html'));
  },
};

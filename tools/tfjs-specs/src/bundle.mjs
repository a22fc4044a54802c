import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { coreFolder } from './sets.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * One CommonJS file of the harness, the spec files and, for training, konv's kernels from their sources. Files are
 * required inside of a `describe` of their own, so that a spec's name begins with its file. Resolves to the bundle's path.
 */
export async function bundle({ files, training }) {
  const outfile = join(here, '../.cache', training ? 'training.cjs' : 'plain.cjs');
  mkdirSync(join(here, '../.cache'), { recursive: true });
  const lines = [
    `import { withEveryBackend } from './harness.mjs';`,
    ...(training ? [`import { enableWasmTraining } from '@konv/tfjs/train';`, 'withEveryBackend(enableWasmTraining);'] : []),
    ...files.map((f) => `describe('${f}', () => { require('tfjs-core-dist/${f}.js'); });`),
  ];
  await build({
    stdin: { contents: lines.join('\n'), resolveDir: here },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['@konv/source'],
    // The modules that the specs import, once: not the package's bundles beside them.
    mainFields: ['module', 'main'],
    // The package marks its specs as free of side effects.
    ignoreAnnotations: true,
    alias: { 'tfjs-core-dist': join(coreFolder, 'dist') },
    logLevel: 'error',
  });
  return outfile;
}

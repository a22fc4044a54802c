import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import type { Contender } from '../contender.js';
import { oneImage } from '../tasks.js';
import { type TfEngine, type TfModule, tfjsConv, tfjsGemm } from './tfjs-kernels.js';
import { tfjsLeNet } from './tfjs-lenet.js';

/**
 * Bundles tfjs with its cpu backend and all gradients. Plain Node cannot load `register_all_gradients` (imports without
 * extensions), and the CommonJS build has no gradients at all.
 */
async function bundle(): Promise<string> {
  const folder = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules', '.cache');
  const [entry, out] = [join(folder, 'tfjs-entry.mjs'), join(folder, 'tfjs-cpu.mjs')];
  await mkdir(folder, { recursive: true });
  const lines = ['core/dist/register_all_gradients.js', 'backend-cpu'].map((path) => `import '@tensorflow/tfjs-${path}';\n`);
  await writeFile(entry, `${lines.join('')}export * from '@tensorflow/tfjs-core';\n`);
  const build = await rolldown({
    input: entry,
    platform: 'node',
    resolve: { mainFields: ['module', 'main'] },
    // Its packages call files with side effects pure; tree-shaking would drop the gradients.
    treeshake: false,
    logLevel: 'silent',
  });
  await build.write({ file: out, format: 'esm' });
  await build.close();
  return out;
}

/** TensorFlow.js on its cpu backend: plain loops, but all gradients. */
export async function tfjsCpu(): Promise<Contender> {
  const tf = (await import(pathToFileURL(await bundle()).href)) as TfModule;
  tf.enableProdMode();
  await tf.setBackend('cpu');
  await tf.ready();
  const engine: TfEngine = { tf, backend: 'cpu' };
  return {
    name: 'tfjs-cpu',
    about: `TensorFlow.js ${tf.version_core}, cpu backend (plain JavaScript), NHWC; large shapes on one image, times the batch`,
    kinds: ['gemm', 'conv', 'lenet'],
    prepare: async (task) => {
      // A gemm of 1024 takes it seconds, and tells nothing that 256 did not.
      if (task.kind === 'gemm') return task.size > 512 ? null : tfjsGemm(engine, task);
      if (task.kind === 'lenet') return tfjsLeNet(engine, task);
      if (task.kind !== 'conv') return null;
      const small = oneImage(task);
      const runner = await tfjsConv(engine, small.task as typeof task, 'NHWC');
      // One image's result is not the batch's.
      return runner && { ...runner, times: small.times, result: small.times === 1 ? runner.result : undefined };
    },
  };
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.mjs';

const installers = {
  npm: { args: ['install', '--no-audit', '--no-fund', '--prefer-offline'], overrides: (tarballs) => ({ overrides: tarballs }) },
  pnpm: { args: ['install', '--prefer-offline'], overrides: (tarballs) => ({ pnpm: { overrides: tarballs } }) },
};

export const installerNames = Object.keys(installers);

/** What a user of TensorFlow.js has in package.json, and of konv @konv/tfjs only. */
export const tfjsManifest = (installer, tarballs) => ({
  '@konv/tfjs': tarballs['@konv/tfjs'],
  '@tensorflow/tfjs-backend-wasm': '4.22.0',
  '@tensorflow/tfjs-core': '4.22.0',
  '@tensorflow/tfjs-layers': '4.22.0',
  // pnpm, too, brings peers by itself, but from the registry, whatever the overrides say.
  ...(installer === 'pnpm' && { '@konv/core-tensor': tarballs['@konv/core-tensor'] }),
});

/** A user's folder with `dependencies` in it, of the tarballs. They name each other by version; before a release those are nowhere but here. */
export function install(installer, folder, tarballs, dependencies = tarballs) {
  const { args, overrides } = installers[installer];
  mkdirSync(folder);
  const manifest = { name: 'user', private: true, type: 'module', dependencies, ...overrides(tarballs) };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run(installer, args, folder);
}

/** Runs the README's program in a user's folder; returns its last accuracy. */
export function runReadme(folder) {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'));
  writeFileSync(join(folder, 'readme.mjs'), program);
  const accuracies = run(process.execPath, ['readme.mjs'], folder).trim().split(' ').map(Number);
  const last = accuracies.at(-1);
  if (!(last > 0.95)) throw new Error(`expected the README's program to learn, got accuracies ${accuracies.join(' ')}`);
  return last;
}

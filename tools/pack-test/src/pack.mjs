import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.mjs';

/** Packs every package into `folder`: `{ name: 'file:...tgz' }`. Errors: a manifest that only works in this repository. */
export function pack(folder) {
  mkdirSync(folder);
  const tarballs = {};
  for (const name of readdirSync(join(root, 'packages'))) {
    const source = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
    run('pnpm', ['pack', '--pack-destination', folder], source);
    const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
    const packed = JSON.parse(run('tar', ['-xzOf', join(folder, file), 'package/package.json'], folder));
    const text = JSON.stringify(packed);
    for (const left of ['workspace:', 'catalog:', '@konv/source']) {
      if (text.includes(left)) throw new Error(`${file}: expected a manifest fit to publish, got one with "${left}"`);
    }
    tarballs[manifest.name] = `file:${join(folder, file)}`;
  }
  return tarballs;
}

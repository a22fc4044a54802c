// Packs every package, installs the tarballs into a fresh folder with npm, and runs what the README shows there: what a
// user of the published packages would meet. `npm run pack-test`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'konv-pack-'));
const run = (file, args, cwd) => execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

try {
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
  // The tarballs name each other by version; before a release those are nowhere but here.
  const manifest = { name: 'user', private: true, type: 'module', dependencies: tarballs, overrides: tarballs };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], folder);
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'));
  writeFileSync(join(folder, 'program.mjs'), program);
  const accuracies = run(process.execPath, ['program.mjs'], folder).trim().split(' ').map(Number);
  const last = accuracies[accuracies.length - 1];
  if (!(last > 0.95)) throw new Error(`expected the README's program to learn, got accuracies ${accuracies.join(' ')}`);
  console.log(`${Object.keys(tarballs).length} packages packed and installed; the README's program reaches ${last}`);
} catch (e) {
  console.error(e.stderr || e.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

import { readFileSync } from 'node:fs';
import { arrows, dynamicArrows } from './arrows.mjs';

const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const npmName = (folder) => (folder === 'konv' ? 'konv' : `@konv/${folder}`);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What every published package.json must say; one line for each that does not. */
export function checkManifests(packages) {
  const wrong = [];
  const versions = new Set();
  const fixed = json('.changeset/config.json').fixed[0];
  const referenced = json('tsconfig.json').references.map(({ path }) => path);

  for (const folder of packages) {
    const m = json(`packages/${folder}/package.json`);
    const expect = (what, expected, got) => {
      if (!same(expected, got)) {
        wrong.push(`packages/${folder}/package.json: expected ${what} ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
      }
    };
    const built = { types: './dist/index.d.ts', default: './dist/index.js' };
    versions.add(m.version);
    expect('name', npmName(folder), m.name);
    expect('license', 'MIT', m.license);
    expect('type', 'module', m.type);
    // autograd fills core's tracer slot, konv registers its embedded backend: both by being imported.
    expect('sideEffects', folder === 'autograd' || folder === 'konv', m.sideEffects);
    expect('exports["."]', { '@konv/source': './src/index.ts', ...built }, m.exports?.['.']);
    expect('publishConfig.exports["."]', built, m.publishConfig?.exports?.['.']);
    expect('the same subpaths in publishConfig', Object.keys(m.exports ?? {}), Object.keys(m.publishConfig?.exports ?? {}));
    expect('a place in the fixed group of .changeset/config.json', true, fixed.includes(m.name));
    expect('a reference in tsconfig.json', true, referenced.includes(`packages/${folder}`));

    const konv = folder === 'konv';
    const arrowsHere = [...arrows[folder], ...(dynamicArrows[folder] ?? [])].filter((to) => konv || to !== 'core-tensor');
    const range = konv ? 'workspace:*' : 'workspace:^';
    const ours = Object.entries(m.dependencies ?? {}).filter(([name]) => name.startsWith('@konv/'));
    expect('dependencies', arrowsHere.map((to) => [npmName(to), range]).sort(), ours.sort());
    const peer = !konv && arrows[folder].includes('core-tensor') ? '>=0.1.0 <1' : undefined;
    expect('peerDependencies["@konv/core-tensor"]', peer, m.peerDependencies?.['@konv/core-tensor']);
  }
  if (versions.size !== 1) wrong.push(`expected one version in all packages, got ${[...versions].join(', ')}`);
  return wrong;
}

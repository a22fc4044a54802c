import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mayReachNode } from './arrows.mjs';

/** Packages that take Node's own modules and may not; the cruiser sees imports only. */
export function checkBuiltins(packages) {
  return packages
    .filter((name) => !mayReachNode.includes(name))
    .flatMap((name) => sourcesOf(join('packages', name, 'src')))
    .filter((file) => readFileSync(file, 'utf8').includes('getBuiltinModule'))
    .map((file) => `${file}: only ${mayReachNode.join(', ')} may reach Node's own modules`);
}

function sourcesOf(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

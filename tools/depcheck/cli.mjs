// Checks the arrows between packages over their sources, and each package.json against them.
// node tools/depcheck/cli.mjs
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBuiltins } from './builtins.mjs';
import { cruiseSources } from './cruise.mjs';
import { checkManifests } from './manifests.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..', '..'));

const packages = readdirSync('packages').filter((name) => existsSync(join('packages', name, 'package.json')));
const { wrong, modules, report } = await cruiseSources(process.cwd(), packages);
console.log(report);
const problems = [...checkManifests(packages), ...checkBuiltins(packages)];
// Without its TypeScript the cruiser sees no file and is content: a check that looked at nothing has failed.
if (modules < packages.length) {
  problems.push(`expected at least ${packages.length} modules, got ${modules}: TypeScript sources were not read`);
}
for (const line of problems) console.log(line);
process.exitCode = wrong.length || problems.length ? 1 : 0;

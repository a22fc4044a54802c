// Checks the arrows between packages over their sources, and each package.json against them.
// node tools/depcheck/cli.mjs
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise, format } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { checkManifests } from './manifests.mjs';
import { makeRules } from './rules.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..', '..'));

const packages = readdirSync('packages').filter((name) => existsSync(join('packages', name, 'package.json')));
const { output: result } = await cruise(
  packages.map((name) => `packages/${name}/src`),
  {
    validate: true,
    ruleSet: { forbidden: makeRules(packages) },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: ['node_modules'] },
  },
  {
    exportsFields: ['exports'],
    conditionNames: ['@konv/source', 'types', 'import', 'default'],
    extensions: ['.ts', '.d.ts', '.js', '.mjs', '.json'],
    mainFields: ['types', 'main'],
  },
  { tsConfig: extractTSConfig('tsconfig.base.json') },
);

const { output, exitCode } = await format(result, { outputType: 'err' });
console.log(output.trim());
const wrong = checkManifests(packages);
// Without its TypeScript the cruiser sees no file and is content: a check that looked at nothing has failed.
if (result.summary.totalCruised < packages.length) {
  wrong.push(
    `expected at least ${packages.length} modules, got ${result.summary.totalCruised}: TypeScript sources were not read`,
  );
}
for (const line of wrong) console.log(line);
process.exitCode = exitCode || wrong.length ? 1 : 0;

import { cruise, format } from 'dependency-cruiser';
import { makeRules } from './rules.mjs';

/** Follows the imports of `packages/<name>/src` under `baseDir` and holds them against the arrows. */
export async function cruiseSources(baseDir, packages) {
  const { output: result } = await cruise(
    packages.map((name) => `packages/${name}/src`),
    {
      baseDir,
      validate: true,
      ruleSet: { forbidden: makeRules(packages) },
      tsPreCompilationDeps: true,
      doNotFollow: { path: ['node_modules'] },
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['@konv/source', 'types', 'import', 'default'],
      extensions: ['.ts', '.d.ts', '.js', '.mjs', '.json'],
      mainFields: ['types', 'main'],
    },
  );
  const { output } = await format(result, { outputType: 'err' });
  const wrong = result.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { wrong, modules: result.summary.totalCruised, report: output.trim() };
}

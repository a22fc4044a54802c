import { arrows, dynamicArrows, outsiders } from './arrows.mjs';

const sources = (names) => `^packages/(${names.join('|')})/src/`;
const literal = (name) => name.replace(/[/.]/g, '\\$&');

/** dependency-cruiser's forbidden rules for the packages that exist. */
export function makeRules(packages) {
  const rules = [
    {
      name: 'resolvable',
      comment: 'the import leads nowhere: is the package in package.json, the file there, the extension .js?',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'sources-only',
      comment: 'sources import neither tests, tools, apps nor build output',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(apps|tools)/|/(test|dist)/', pathNot: 'node_modules' },
    },
    {
      name: 'no-node-import',
      comment: 'bundlers follow every import, also a late one: take Node\'s modules by `process.getBuiltinModule("node:...")`',
      severity: 'error',
      from: { path: '^packages/' },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only'] },
    },
  ];
  for (const name of packages) rules.push(...rulesOf(name));
  return rules;
}

function rulesOf(name) {
  const from = { path: sources([name]) };
  if (!arrows[name]) throw new Error(`packages/${name} has no row in tools/depcheck/arrows.mjs`);
  const dynamic = dynamicArrows[name] ?? [];
  const allowed = [name, ...arrows[name], ...dynamic];
  const rules = [
    {
      name: `arrows-of-${name}`,
      comment: `${name} may import ${allowed.slice(1).join(', ') || 'no other package'}`,
      severity: 'error',
      from,
      to: { path: '^packages/', pathNot: sources(allowed) },
    },
    {
      name: `npm-of-${name}`,
      comment: `${name} may import ${(outsiders[name] ?? []).join(', ') || 'nothing'} from npm`,
      severity: 'error',
      from,
      to: {
        path: 'node_modules/',
        pathNot: ['@types/node/', ...(outsiders[name] ?? []).map((n) => `node_modules/${literal(n)}/`)],
      },
    },
  ];
  if (dynamic.length) {
    rules.push({
      name: `dynamic-of-${name}`,
      comment: `${name} imports ${dynamic.join(', ')} by import() only`,
      severity: 'error',
      from,
      to: { path: sources(dynamic), dynamic: false, dependencyTypesNot: ['type-only'] },
    });
  }
  return rules;
}

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { arrows } from '../arrows.mjs';
import { cruiseSources } from '../cruise.mjs';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A house in which every package is empty but for `files`; answers the names of the rules that it breaks. */
async function brokenBy(files: Record<string, string>): Promise<string[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'konv-arrows-')));
  folders.push(folder);
  const packages = Object.keys(arrows);
  const empty = [...packages, 'backend-cpu-js'].map((name) => [`packages/${name}/src/index.ts`, 'export {};\n']);
  for (const [path, text] of Object.entries({ ...Object.fromEntries(empty), ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text as string);
  }
  const { wrong, modules } = await cruiseSources(folder, packages);
  expect(modules).toBeGreaterThanOrEqual(packages.length);
  return [...new Set<string>(wrong.map(({ rule }: { rule: string }) => rule))].sort();
}

const layers = 'packages/layers/src/index.ts';
const data = 'packages/data/src/index.ts';
const konv = 'packages/konv/src/index.ts';

describe('the arrows between packages', () => {
  it.each([
    ['layers -> autograd', { [layers]: "import '../../autograd/src/index.js';" }, ['arrows-of-layers']],
    ['layers -> autograd, types', { [layers]: "export type {} from '../../autograd/src/index.js';" }, ['arrows-of-layers']],
    ['layers -> autograd, late', { [layers]: "export const f = () => import('../../autograd/src/index.js');" }, ['arrows-of-layers']],
    ['data -> Node, at once', { [data]: "import { readFile } from 'node:fs';\nexport { readFile };" }, ['no-node-import']],
    ['data -> Node, late', { [data]: "export const f = () => import('node:fs');" }, ['no-node-import']],
    ['a lost file', { [layers]: "import './lost.js';" }, ['resolvable']],
    ['a test', { [layers]: "import '../test/a.js';", 'packages/layers/test/a.ts': '' }, ['arrows-of-layers', 'sources-only']],
  ])('refuse %s', async (_name, files, rules) => {
    expect(await brokenBy(files)).toEqual(rules);
  });

  it.each([
    ['an empty house', {}],
    ['layers -> core-tensor', { [layers]: "import '../../core-tensor/src/index.js';" }],
    ["data -> Node's types", { [data]: "export type { Stats } from 'node:fs';" }],
    ['konv -> its embedded backend', { [konv]: "import '../../backend-cpu-js/src/index.js';" }],
  ])('allow %s', async (_name, files) => {
    expect(await brokenBy(files)).toEqual([]);
  });
});

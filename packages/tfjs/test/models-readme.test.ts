import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as konv from 'konv';
import { expect, it } from 'vitest';
import * as models from '../src/models/index.js';

it("the README's program runs", async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const programs = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  const [program, ...others] = programs.filter((code) => code.includes('@konv/tfjs/models'));
  expect(others).toEqual([]);
  const folder = await mkdtemp(join(tmpdir(), 'konv-models-'));
  try {
    const body = program
      .replace(/import \{(.*)\} from '(.*)';/g, "const {$1} = given['$2'];")
      .replaceAll("'model/model.json'", JSON.stringify(join(folder, 'model.json')));
    const AsyncFunction = (async () => {}).constructor as new (...text: string[]) => (...given: unknown[]) => Promise<void>;
    const printed: unknown[][] = [];
    const shown = { log: (...args: unknown[]) => printed.push(args) };
    await new AsyncFunction('given', 'console', body)({ konv, '@konv/tfjs/models': models }, shown);
    expect(printed).toEqual([[[4, 10], { '0/kernel': '0.weight', '0/bias': '0.bias', '3/kernel': '3.weight', '3/bias': '3.bias' }]]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('nothing of TensorFlow.js is imported', async () => {
  const folder = new URL('../src/models/', import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(20);
  for (const name of files) {
    const text = await readFile(new URL(name, folder), 'utf8');
    for (const [, from] of text.matchAll(/(?:from|import\() ?'([^']+)'/g))
      expect(from, name).toMatch(/^(\.|@konv\/(core-tensor|layers|formats)$)/);
  }
});

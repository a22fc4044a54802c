import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Storage } from '@konv/core-tensor';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** The ts code blocks of a page. */
function blocks(page: string): string[] {
  return [...read(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
}

/** What a block says that it prints: the comments behind `console.log(...);` and the comment lines below one. */
function promised(code: string): string[] {
  const out: string[] = [];
  let printing = false;
  for (const line of code.split('\n')) {
    const behind = /^console\.log\(.*\);(?: \/\/ (.*))?$/.exec(line);
    const below: RegExpExecArray | null = printing ? /^\/\/ (.*)$/.exec(line) : null;
    if (behind?.[1]) out.push(behind[1]);
    if (below) out.push(below[1]);
    printing = (behind !== null && behind[1] === undefined) || below !== null;
  }
  return out;
}

describe("the README's programs are those that the tests run", () => {
  const examples = new URL('apps/demo/examples/', root);
  const sources = readdirSync(examples).map((name) => readFileSync(new URL(name, examples), 'utf8'));
  it.each(blocks('README.md').map((code, i) => [i + 1, code] as const))('block %d', (_, code) => {
    expect(sources.some((source) => source.includes(code))).toBe(true);
  });

  it('there are a first network and a swap', () => {
    expect(blocks('README.md')).toHaveLength(2);
  });
});

describe("the packages' READMEs print what they say", () => {
  // Inside the workspace, so that the packages are found; ignored by git.
  const folder = new URL('.cache/readme/', root);
  let lines: string[];
  let storages: Storage[];

  beforeEach(() => {
    lines = [];
    storages = [];
    const { alloc } = Storage;
    vi.spyOn(Storage, 'alloc').mockImplementation((...args) => {
      const made = alloc.apply(Storage, args);
      storages.push(made);
      return made;
    });
    vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => {
      lines.push(...args.map(String).join(' ').split('\n'));
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const pages = ['core-tensor', 'autograd', 'trainer', 'konv'].map((name) => `packages/${name}/README.md`);
  it.each(pages)('%s', async (page) => {
    const found = blocks(page);
    expect(found.length).toBeGreaterThan(0);
    mkdirSync(folder, { recursive: true });
    for (const [i, code] of found.entries()) {
      const file = new URL(`${page.split('/')[1]}-${i}.ts`, folder);
      writeFileSync(file, code);
      lines = [];
      await import(fileURLToPath(file));
      expect(promised(code).length).toBeGreaterThan(0);
      expect(lines).toEqual(promised(code));
      // Each program begins as in a process of its own: with nothing on the backend that it registers.
      for (const s of storages.splice(0)) while (s.alive) s.release();
    }
  });
});

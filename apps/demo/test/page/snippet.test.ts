import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { describePage, fact, firstLosses, reach, site, soak, visit } from './harness.js';

// The program that the page hands out, run in Node as it stands, against what the page has computed.

const demo = new URL('../../', import.meta.url);
/** Inside the package, so that `konv` is found; ignored by git. */
const folder = new URL('.cache/program/', demo);
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc');
const STEPS = 20;

/** Losses by step, as the program prints them: in a process of its own, as its user's would. */
async function run(program: string, name: string): Promise<number[]> {
  mkdirSync(folder, { recursive: true });
  const [source, file] = ['ts', 'js'].map((kind) => fileURLToPath(new URL(`${name}.${kind}`, folder)));
  writeFileSync(source, program);
  const node = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd: fileURLToPath(demo) });
  // Node 20 knows neither types nor `using`.
  await node(tsc, source, '--ignoreConfig', '--noCheck', '--target', 'es2022', '--module', 'nodenext', '--outDir', fileURLToPath(folder));
  const { stdout } = await node(file);
  const lines = stdout.trim().split('\n');
  return lines.map((line, i) => {
    const [step, loss] = line.split(' ').map(Number);
    expect(step).toBe(i + 1);
    return loss;
  });
}

describePage('the program of the page', () => {
  const { open } = site();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // The first stands for all; `npm run soak` tries each.
  it.each(
    [
      ['wasm', '?pace=5&threads=1'],
      ['cpu-js', '?pace=5&backend=cpu-js&threads=1'],
      ['another network', '?pace=5&threads=1&architecture=batchnorm&optimizer=Adam&lr=0.002&batch=16&seed=7&channels=4x8&kernels=3x3'],
    ].slice(0, soak ? undefined : 1),
  )('reaches its losses: %s', async (name, query) => {
    const page = await open(query);
    await reach(page, 1);
    const theirs = await firstLosses(page, STEPS);
    await visit(page, '#home');
    const program = (await fact(page, 'program').textContent()) as string;
    const ours = await run(program, name.replace(' ', '-'));
    expect(ours).toHaveLength(STEPS);
    expect(new Set(theirs).size).toBeGreaterThan(STEPS / 2);
    // The table has four digits; Node's processor features may differ from the browser's in the last bit of a sum.
    ours.forEach((loss, i) => {
      expect(Math.abs(loss - theirs[i])).toBeLessThan(2e-3 * Math.max(1, loss));
    });
  });
});

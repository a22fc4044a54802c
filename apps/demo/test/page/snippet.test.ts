import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { describePage, fact, firstLosses, reach, site, visit } from './harness.js';

// The program that the page hands out, run in Node as it stands, against what the page has computed.

const demo = new URL('../../', import.meta.url);
/** Inside the package, so that `konv` is found; ignored by git. */
const folder = new URL('.cache/program/', demo);
const STEPS = 20;

/** Losses by step, as the program prints them. */
async function run(program: string, name: string): Promise<number[]> {
  const losses: number[] = [];
  vi.spyOn(console, 'log').mockImplementation((step: unknown, loss: unknown) => {
    expect(step).toBe(losses.length + 1);
    losses.push(loss as number);
  });
  mkdirSync(folder, { recursive: true });
  const file = fileURLToPath(new URL(`${name}.ts`, folder));
  writeFileSync(file, program);
  await import(file);
  return losses;
}

describePage('the program of the page', () => {
  const { open } = site();
  const cwd = process.cwd();
  beforeAll(() => process.chdir(fileURLToPath(demo)));
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(() => {
    process.chdir(cwd);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['wasm', '?pace=5&threads=1'],
    ['cpu-js', '?pace=5&backend=cpu-js&threads=1'],
    ['another network', '?pace=5&threads=1&architecture=batchnorm&optimizer=Adam&lr=0.002&batch=16&seed=7&channels=4x8&kernels=3x3'],
  ])('reaches its losses: %s', async (name, query) => {
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

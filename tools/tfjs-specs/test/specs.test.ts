import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { soak } from '../../soak.js';

/** The command's output; in a process of its own, since TensorFlow.js's specs replace the globals `describe` and `it`. */
function specs(...options: string[]): string {
  const cli = fileURLToPath(new URL('../cli.mjs', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, ...options], { encoding: 'utf8' });
  expect({ status, stderr, wrong: stdout.split('\n').filter((line) => line.startsWith('NOT AS EXPECTED')) }).toEqual({
    status: 0,
    stderr: '',
    wrong: [],
  });
  return stdout;
}

it('finds what fails on plain wasm to be what is known to', () => {
  expect(specs()).toContain('653 specs on wasm: 585 passed, 68 failed');
});

it('passes with training, but for what is skipped with a reason', () => {
  expect(specs('--training')).toContain('653 specs on wasm with training: 652 passed, 1 failed');
});

it.runIf(soak)('breaks no other spec that passes on plain wasm', () => {
  specs('--all');
  specs('--all', '--training');
});

it.runIf(soak)('passes whole on cpu', () => {
  expect(specs('--backend', 'cpu')).toContain('653 specs on cpu: 653 passed, 0 failed');
  expect(specs('--backend', 'cpu', '--all')).toContain('4232 specs on cpu: 4227 passed, 0 failed');
});

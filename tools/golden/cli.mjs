#!/usr/bin/env node
// `npm run golden`: makes the PyTorch fixtures with real PyTorch. See `npm run golden -- --help`.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));
if (process.argv.includes('--report')) {
  const { report } = await import('./dist/report.js');
  process.exit(report(console.log));
}
// Debian's own interpreter first: another `python3` on the PATH does not see Debian's packages.
const candidates = [process.env.KONV_PYTHON, '/usr/bin/python3', 'python3'].filter(Boolean);
const python = candidates.find((name) => spawnSync(name, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0);

if (!python) {
  console.error(
    [
      `expected a Python that can import torch, got none (tried ${candidates.join(', ')}).`,
      'On Debian 12:  apt-get install python3-torch libopenblas0-pthread dataset-fashion-mnist',
      'Elsewhere set KONV_PYTHON to one that has PyTorch 1.13. Only regenerating fixtures needs it; the tests do not.',
    ].join('\n'),
  );
  process.exitCode = 1;
} else {
  const interop = process.argv.includes('--interop');
  const command = interop ? ['formats_interop.py'] : ['run.py', ...process.argv.slice(2)];
  const env = { ...process.env, KONV_NODE: process.execPath };
  const { status, signal } = spawnSync(python, [join(folder, command[0]), ...command.slice(1)], { stdio: 'inherit', env });
  process.exitCode = status ?? (signal ? 130 : 1);
}

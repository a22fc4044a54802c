// TensorFlow.js's own specs, run on one of its backends. See README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { skips } from './skips.mjs';
import { bundle } from './src/bundle.mjs';
import { execute } from './src/execute.mjs';
import { coreVersion, sets } from './src/sets.mjs';
import { verdict } from './src/verdict.mjs';

const { values: options } = parseArgs({
  options: {
    backend: { type: 'string', default: 'wasm' },
    training: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    filter: { type: 'string' },
    json: { type: 'string' },
    update: { type: 'boolean', default: false },
  },
});
const { backend, training } = options;
if (backend !== 'cpu' && backend !== 'wasm') throw new Error(`--backend: expected cpu or wasm, got "${backend}"`);
if (training && backend !== 'wasm') throw new Error('--training: expected the wasm backend, got cpu; leave --training out');
if (options.update && (training || backend !== 'wasm' || options.filter)) {
  throw new Error('--update writes what fails on plain wasm: leave --training, --backend and --filter out');
}

const setName = options.all ? 'all' : 'conv';
const set = sets[setName];
const files = set.files();
const filter = options.filter === undefined ? undefined : new RegExp(options.filter);
const listAt = new URL(`expected/wasm-${setName}.json`, import.meta.url);

// Specs of numbers print nothing of use, and some provoke warnings.
const print = console.log;
for (const level of ['log', 'info', 'warn', 'error']) console[level] = () => {};
const results = await execute(await bundle({ files, training }), { backend, filter });

const failed = results.filter((r) => r.status === 'failed');
const pending = results.filter((r) => r.status === 'pending').length;
const passed = results.length - failed.length - pending;
if (options.update)
  writeFileSync(
    listAt,
    `${JSON.stringify(
      failed.map((r) => r.name),
      null,
      2,
    )}\n`,
  );
if (options.json) {
  const summary = { version: coreVersion, backend, training, set: setName, passed, failed: failed.length, pending, results };
  writeFileSync(options.json, `${JSON.stringify(summary, null, 2)}\n`);
}

const reasons = new Map(training ? skips.map((s) => [s.spec, s.reason]) : []);
for (const { name, messages } of failed) {
  print(`FAILED ${name}`);
  for (const line of reasons.has(name) ? [`skipped: ${reasons.get(name)}`] : messages)
    print(`       ${line.replaceAll('\n', ' ').slice(0, 240)}`);
}
const on = `${backend}${training ? ' with training' : ''}`;
print(`tfjs-core ${coreVersion}, ${results.length} specs on ${on}: ${passed} passed, ${failed.length} failed, ${pending} pending`);

const plainFailures = backend === 'wasm' && existsSync(listAt) ? JSON.parse(readFileSync(listAt, 'utf8')) : [];
const count = filter ? undefined : set.count[backend];
const wrong = verdict(results, { count, plainFailures, training, skips, everyOther: setName === 'conv' });
for (const line of wrong) print(`NOT AS EXPECTED: ${line}`);
if (wrong.length === 0) print('all as expected');
// Timers of some specs would keep the process.
process.exit(wrong.length === 0 ? 0 : 1);

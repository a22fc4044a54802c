#!/usr/bin/env node
// Sets the workspace up and runs one task: node tools/bootstrap.mjs <task> [arguments for the task].
// Needs Node and npm, nothing else: it may import only Node's own modules, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, installChromium, NotChromium } from './browser/chromium.mjs';
import { notInBrowser, reachesBrowser } from './browser/specs.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache');
const inRoot = (...parts) => join(root, ...parts);
const manifest = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
const [, pnpmVersion] = /^pnpm@([\d.]+)/.exec(manifest.packageManager);
const pnpmHome = join(cache, `pnpm-${pnpmVersion}`);
const pnpmBin = join(pnpmHome, 'node_modules', '.bin');
const pnpmCli = join(pnpmHome, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');

const tasks = {
  start: () => demo(),
  web: () => script('apps/demo/web/serve.mjs'),
  test: () => test(),
  soak: () => soak(),
  check: () => check(),
  build: () => done('built'),
  lint: () => tool('@biomejs/biome/bin/biome', ['check', ...(args.length ? args : ['.'])]),
  format: () => tool('@biomejs/biome/bin/biome', ['format', '--write', ...(args.length ? args : ['.'])]),
  bench: () => script('tools/bench/dist/cli.js'),
  golden: () => script('tools/golden/cli.mjs'),
  'pack-test': () => script('tools/pack-test/cli.mjs'),
  node24: () => onNode24(),
};
const withoutBuild = new Set(['lint', 'format', 'golden', 'node24']);

const [task, ...args] = process.argv.slice(2);
const withBrowser =
  (task === 'test' && reachesBrowser(args)) || task === 'pack-test' || task === 'soak' || (task === 'bench' && args.includes('--browser'));
const env = cleanEnvironment();
const color = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);

/** npm hands its own settings to what it runs; pnpm would take them for its own. How to reach the registry stays. */
function cleanEnvironment() {
  const keep =
    /^npm_config_(registry|proxy|https?_proxy|http-proxy|https-proxy|noproxy|no_proxy|cafile|ca|cert|key|strict.ssl|userconfig|globalconfig|@.*|\/\/.*)$/i;
  const cleaned = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (/^npm_(config|package|lifecycle|command|execpath|node_execpath)/i.test(name) && !keep.test(name)) continue;
    cleaned[name] = value;
  }
  const path = Object.keys(cleaned).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  cleaned[path] = [pnpmBin, dirname(process.execPath), cleaned[path]].filter(Boolean).join(delimiter);
  return {
    ...cleaned,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
}

class StepFailed extends Error {}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const done = (text) => {
  console.log(text);
  return 0;
};

/** Runs a set-up command quietly: one line with its time; its whole output only when it fails and is not `optional`. */
async function step(label, command, commandArgs, options = {}) {
  const since = performance.now();
  if (color) process.stdout.write(`${paint(2, '…')} ${label}`);
  const { code, output } = await run(command, commandArgs, { ...options, quiet: true });
  if (color) process.stdout.write('\r\u001b[K');
  if (interrupted) throw new StepFailed('interrupted');
  if (code === 0) {
    console.log(`${paint(32, '✓')} ${label} ${paint(2, seconds(since))}`);
    return true;
  }
  if (options.optional) {
    const reason = output.split('\n').find((line) => /error|failed|unable|^E:/i.test(line)) ?? `exit code ${code}`;
    console.log(`${paint(33, '–')} ${label} ${paint(2, seconds(since))}: ${reason.trim()}`);
    return false;
  }
  console.log(`${paint(31, '✗')} ${label} ${paint(2, seconds(since))}`);
  console.log(output.trimEnd());
  throw new StepFailed(`${label} failed (exit code ${code})${options.hint ? `: ${options.hint}` : ''}`);
}

const running = new Set();

/**
 * Spawns and waits. Not quiet: the child has the terminal, and its exit code is ours. Ctrl-C in a terminal reaches the
 * whole foreground group, so we only wait for the child; without a terminal nobody else passes the signal on.
 */
function run(command, commandArgs, { cwd = root, quiet = false, childEnv = env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArgs, {
      cwd,
      env: childEnv,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    running.add(child);
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code: code ?? 128 + constants.signals[signal], output: Buffer.concat(chunks).toString() });
    });
  });
}

let interrupted = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = 128 + constants.signals[signal];
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    for (const child of running) child.kill(signal);
  });
}

const node = (file, nodeArgs, options) => run(process.execPath, [file, ...nodeArgs], options).then(({ code }) => code);
const bin = (path) => inRoot('node_modules', ...path.split('/'));
const tool = (path, toolArgs) => node(bin(path), toolArgs);

async function script(path) {
  if (existsSync(inRoot(path))) return node(inRoot(path), args, { cwd: callersFolder() });
  throw new StepFailed(`${path} does not exist`);
}

// --- set-up ----------------------------------------------------------------------------------------------------------

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new StepFailed(`expected Node ${manifest.engines.node}, got ${process.version}; install it from https://nodejs.org`);
}

/** Installs one package at one version into a folder of its own, unless `done` is there. */
async function installApart(name, version, home, done) {
  if (existsSync(done)) return;
  mkdirSync(cache, { recursive: true });
  // Into another folder first, then renamed: an interrupted download leaves nothing that looks finished.
  const folder = mkdtempSync(join(cache, 'install-'));
  const npmCli = process.env.npm_execpath;
  const [command, first] = /npm-cli\.[cm]?js$/.test(npmCli ?? '') ? [process.execPath, [npmCli]] : ['npm', []];
  const options =
    '--no-audit --no-fund --ignore-scripts --no-package-lock --loglevel=error --fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=3000';
  const install = [...first, 'install', '--prefix', folder, ...options.split(' '), `${name}@${version}`];
  try {
    await step(`${name} ${version}`, command, install, { hint: 'the first run needs the npm registry' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(folder, home);
}

const installPnpm = () => installApart('pnpm', pnpmVersion, pnpmHome, pnpmCli);

function workspaceManifests() {
  const folders = ['packages', 'apps', 'tools'].flatMap((group) =>
    existsSync(inRoot(group)) ? readdirSync(inRoot(group)).map((name) => join(group, name)) : [],
  );
  return folders
    .map((folder) => join(folder, 'package.json'))
    .filter((file) => existsSync(inRoot(file)))
    .sort();
}

/** What decides the contents of node_modules. It lies inside node_modules, so that deleting them deletes it. */
const stampFile = inRoot('node_modules', '.konv-install');
function installStamp() {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch} ${pnpmVersion}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'package.json', ...workspaceManifests()]) {
    if (existsSync(inRoot(file))) hash.update(`${file}\n`).update(readFileSync(inRoot(file)));
  }
  return hash.digest('hex');
}

async function installDependencies() {
  const stamp = installStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  await step('dependencies', process.execPath, [pnpmCli, 'install', '--frozen-lockfile', '--prefer-offline'], {
    hint: 'if a package.json was changed, run `pnpm install` to renew pnpm-lock.yaml',
  });
  writeFileSync(stampFile, stamp);
}

const build = () => step('build', process.execPath, [bin('turbo/bin/turbo'), 'run', 'build', '--output-logs=errors-only']);

/** Two set-ups in one tree would write the same folders: the second waits. A lock whose process is gone is void. */
async function locked(work) {
  const lock = join(cache, 'lock');
  mkdirSync(cache, { recursive: true });
  for (let announced = false; ; announced = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (lockIsVoid(lock)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (interrupted) throw new StepFailed('interrupted');
    if (!announced) console.log('waiting for another set-up in this folder to end');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function lockIsVoid(lock) {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    if (!holder) return Date.now() - statSync(lock).mtimeMs > 5000;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

async function setUp() {
  checkNode();
  await locked(async () => {
    await installPnpm();
    await installDependencies();
    if (withBrowser) env.CHROMIUM_PATH = findChromium(env) ?? (await installChromium(step, join(cache, 'no-chromium'))) ?? '';
    if (!withoutBuild.has(task) || args.includes('--report')) await build();
  });
}

// --- tasks -----------------------------------------------------------------------------------------------------------

/** Relative paths among the arguments mean the folder in which the user typed them. */
function callersFolder() {
  return process.env.npm_lifecycle_event && existsSync(process.env.INIT_CWD ?? '') ? process.env.INIT_CWD : process.cwd();
}

const demo = () => node(inRoot('apps', 'demo', 'dist', 'cli.js'), args, { cwd: callersFolder() });

/** All checks run, even after one has failed: a person wants the whole list. */
async function check() {
  const checks = [
    ['types of the tests', bin('typescript/bin/tsc'), ['-b', 'tsconfig.tests.json']],
    ['lint and format', bin('@biomejs/biome/bin/biome'), ['check', '--colors=off', '.']],
    ['arrows between packages', inRoot('tools/depcheck/cli.mjs'), []],
  ];
  const failures = [];
  for (const [label, file, fileArgs] of checks) {
    if (interrupted) break;
    try {
      await step(label, process.execPath, [file, ...fileArgs]);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      failures.push(label);
    }
  }
  if (failures.length) console.log(paint(31, `failed: ${failures.join(', ')}`));
  return failures.length ? 1 : 0;
}

/** Any task on Node 24, whose engine has relaxed SIMD: `npm run node24 -- test`, `npm run node24 -- bench --suite gemm`. */
async function onNode24() {
  const version = '24.14.0';
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const home = join(cache, `node-${version}`);
  const binary = join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  await installApart(name, version, home, binary);
  const { code } = await run(binary, [fileURLToPath(import.meta.url), ...args]);
  return code;
}

/** Every variant of what the tests try once: of the page, longer; of tfjs's backends, all of the conformance suite. */
async function soak() {
  env.KONV_SOAK = '1';
  const soaked = ['apps/demo/test/page', 'packages/tfjs/test/conformance-device', 'packages/tfjs/test/browser'];
  return tool('vitest/vitest.mjs', ['run', '--project', 'node', '--project', 'webgl', ...(args.length ? args : soaked)]);
}

async function test() {
  const checked = await check();
  if (interrupted) return interrupted;
  const tested = await tool('vitest/vitest.mjs', ['run', ...args]);
  if (withBrowser && !env.CHROMIUM_PATH) console.log(paint(33, notInBrowser));
  if (checked && !tested) console.log(paint(31, 'The tests pass, but a check above them failed.'));
  return tested || checked;
}

try {
  if (!Object.hasOwn(tasks, task ?? '')) {
    throw new StepFailed(`expected a task, one of ${Object.keys(tasks).join(', ')}; got ${task ?? 'none'}`);
  }
  await setUp();
  process.exitCode = await tasks[task]();
} catch (error) {
  if (!(error instanceof StepFailed || error instanceof NotChromium)) throw error;
  console.error(paint(31, error.message));
  process.exitCode = interrupted || 1;
}

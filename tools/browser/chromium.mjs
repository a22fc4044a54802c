// Where Chromium is, or how to get one. Imports Node's own modules only: the set-up runs it before anything is installed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const folders = ['/usr/bin', '/usr/local/bin', '/opt/google/chrome', '/snap/bin'];
const applications = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** Nothing leaves the machine: no updates and no metrics, no proxy, and no name but localhost has an address. */
export const quietArgs = [
  '--disable-background-networking',
  '--no-proxy-server',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

/** WebGL2 without a GPU, by software: the same numbers on every machine that runs the tests. */
export const softwareArgs = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

export const launchArgs = [...quietArgs, ...softwareArgs];

export class NotChromium extends Error {}

/**
 * The path of a Chromium that runs here: `CHROMIUM_PATH`, one on the PATH or in a usual place, or playwright's own.
 * Null where there is none. Errors: a `CHROMIUM_PATH` that does not run.
 */
export function findChromium({ CHROMIUM_PATH: given = '', PATH = '' } = process.env) {
  if (given) {
    if (runs(given)) return given;
    throw new NotChromium(`expected CHROMIUM_PATH to be a Chromium that runs, got "${given}"; mend it or unset it`);
  }
  const places = [...PATH.split(delimiter).filter(Boolean), ...folders];
  const files = [...places.flatMap((folder) => commands.map((name) => join(folder, name))), ...applications, ofPlaywright()];
  return [...new Set(files)].find((file) => file && runs(file)) ?? null;
}

/** A file of that name may be a stub that tells to install something, or lack its libraries: asking the version tells. */
function runs(file) {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    return false;
  }
  // On Windows the question opens a window.
  return process.platform === 'win32' || spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

function ofPlaywright() {
  try {
    return createRequire(import.meta.url)('playwright').chromium.executablePath();
  } catch {
    return null; // not installed yet
  }
}

/**
 * Installs Chromium: playwright's own into the user's cache or, where that fails in a bare container, Debian's. Returns its
 * path, or null; after a failure also for the next hour, in which it is not tried again (`failed` is the file that says so).
 */
export async function installChromium(step, failed) {
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < 3_600_000) return null;
  for (const way of waysToInstall()) {
    let worked = true;
    for (const [label, command, args] of way) worked &&= await step(label, command, args, { optional: true });
    const chromium = worked && findChromium({ PATH: process.env.PATH });
    if (chromium) return chromium;
  }
  writeFileSync(failed, '');
  return null;
}

/** Lists of steps `[label, command, arguments]`. */
function waysToInstall() {
  const playwright = createRequire(import.meta.url).resolve('playwright/package.json');
  const cli = join(dirname(playwright), 'cli.js');
  const ways = [[['Chromium from playwright', process.execPath, [cli, 'install', '--no-shell', 'chromium']]]];
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && isDebian()) {
    const patience = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', '-o', 'DPkg::Lock::Timeout=120'];
    const apt = (...rest) => ['env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...patience, ...rest]];
    ways.push([
      ['package lists of Debian', ...apt('update')],
      ['Chromium from Debian', ...apt('install', '-y', '--no-install-recommends', 'chromium')],
    ]);
  }
  return ways;
}

/** Debian itself: the package of that name in Ubuntu installs nothing that runs in a container. */
function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

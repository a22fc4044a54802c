// What a user of the published packages would meet: packs every package, installs the tarballs into fresh folders with npm
// and pnpm, runs what the README shows there, and trains a network in a browser from three bundlers. Then a program of
// TensorFlow.js with @konv/tfjs. `npm run pack-test`, or one of the two: `npm run pack-test -- konv` or `tfjs`.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from '../browser/chromium.mjs';
import { bundlers } from './src/bundle.mjs';
import { install, installerNames, runReadme } from './src/install.mjs';
import { pack } from './src/pack.mjs';
import { openPages, pages } from './src/pages.mjs';
import { run } from './src/run.mjs';
import { tfjsUser } from './src/tfjs.mjs';

/** What `ready()` chooses, in Node and in each of the pages that prefer nothing. */
const BACKEND = 'wasm';

const user = fileURLToPath(new URL('user', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'konv-pack-'));

/** Errors: another backend than the constant, losses that do not fall, or others than `reference`. */
function check(where, { backend, losses }, reference = losses, expected = BACKEND) {
  const shown = losses.map((v) => v.toFixed(4)).join(' ');
  if (backend !== expected) throw new Error(`${where}: expected ready() to choose ${expected}, got ${backend}`);
  if (!(losses.at(-1) < 0.5 * losses[0])) throw new Error(`${where}: expected losses that fall, got ${shown}`);
  const off = Math.max(...losses.map((v, i) => Math.abs(v - reference[i])));
  // A GPU adds up in another order, and twelve steps carry it on.
  const within = expected === BACKEND ? 1e-5 : 1e-4;
  if (!(off < within)) throw new Error(`${where}: expected the losses of Node within ${within}, got ${off} off: ${shown}`);
  console.log(`${where}: ${backend}, losses ${shown}`);
}

async function inBrowser(source, chromium) {
  cpSync(user, source, { recursive: true });
  const program = "import { train } from './train.js'; console.log(JSON.stringify(await train()))";
  const inNode = JSON.parse(run(process.execPath, ['--input-type=module', '--eval', program], source));
  check('Node', inNode);
  const bundles = {};
  for (const [name, bundle] of Object.entries(bundlers)) {
    bundles[name] = join(folder, name);
    await bundle(source, bundles[name]);
  }
  await openPages(chromium, bundles, pages, (where, result, { backend }) => check(where, result, inNode.losses, backend));
}

const parts = {
  konv: async (tarballs, chromium) => {
    for (const installer of installerNames) {
      install(installer, join(folder, installer), tarballs);
      const accuracy = runReadme(join(folder, installer));
      console.log(`${installer}: ${Object.keys(tarballs).length} packages installed; the README's program reaches ${accuracy}`);
    }
    if (chromium) await inBrowser(join(folder, 'npm', 'src'), chromium);
  },
  tfjs: (tarballs, chromium) => tfjsUser(join(folder, 'tfjs'), tarballs, chromium),
};

try {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown) throw new Error(`expected ${Object.keys(parts).join(' or ')}, got "${unknown}"`);
  const chromium = findChromium();
  const tarballs = pack(join(folder, 'tarballs'));
  for (const name of names) await parts[name](tarballs, chromium);
  if (!chromium) console.log('NOT TESTED IN A BROWSER: no Chromium was found; install it or set CHROMIUM_PATH');
} catch (e) {
  console.error(e.stderr || e.stdout || e.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

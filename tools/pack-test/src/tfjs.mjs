// A program of TensorFlow.js with two lines of @konv/tfjs in it (../user-tfjs), as its user would have it: types, Node, pages.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { isolationHeaders } from '../../browser/serve.mjs';
import { install, installerNames, tfjsManifest } from './install.mjs';
import { openPages, strict } from './pages.mjs';
import { root, run } from './run.mjs';

const user = fileURLToPath(new URL('../user-tfjs', import.meta.url));
const steps = 20;

/** The build of TensorFlow.js's wasm backend that each page is to fetch. */
const pages = {
  isolated: { headers: isolationHeaders, isolated: true, build: 'tfjs-backend-wasm-threaded-simd.wasm' },
  plain: { headers: {}, isolated: false, build: 'tfjs-backend-wasm-simd.wasm' },
  // Not isolated: the threaded build makes its workers from blobs, which a strict policy forbids.
  'under a strict CSP': { headers: strict, isolated: false, build: 'tfjs-backend-wasm-simd.wasm' },
};

/** Errors: what does not resolve, compile, run or agree, with where. `chromium`: null where there is none. */
export async function tfjsUser(folder, tarballs, chromium) {
  mkdirSync(folder);
  for (const installer of installerNames) {
    const home = join(folder, installer);
    install(installer, home, tarballs, tfjsManifest(installer, tarballs));
    checkInstalled(installer, home);
  }
  const home = join(folder, 'npm');
  const reference = compileAndRefer(home);
  cpSync(join(home, 'plain'), join(folder, 'pnpm', 'plain'), { recursive: true });
  const plainly = inNode(home, 'plain/node.js');
  for (const installer of installerNames) {
    check(`${installer}, Node`, installer === 'npm' ? plainly : inNode(join(folder, installer), 'plain/node.js'), reference, plainly);
    console.log(`${installer}: @konv/tfjs has ${importSubpaths(join(folder, installer), tarballs)}`);
  }
  check('esbuild, Node', inNode(home, await bundleForNode(home)), reference, plainly);
  if (!chromium) return;
  const bundles = { esbuild: await bundleForPage(home) };
  await openPages(chromium, bundles, pages, (where, { losses, complaints, fetched }, { build }) => {
    if (complaints.length > 0) throw new Error(`${where}: expected a silent console, got ${complaints.join('\n')}`);
    if (fetched.join() !== build) throw new Error(`${where}: expected ${build} to be fetched, got ${fetched.join() || 'nothing'}`);
    check(`${where}, ${build}`, losses, reference, plainly);
  });
}

const distance = (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));

/** Errors: losses that do not fall, or others than those of TensorFlow.js's cpu backend, `reference`, or in plain Node. */
function check(where, losses, reference, plainly = losses) {
  const off = distance(reference, losses);
  const shown = losses.map((v) => v.toFixed(4)).join(' ');
  if (losses.length !== steps || !(losses.at(-1) < 0.5 * losses[0]))
    throw new Error(`${where}: expected ${steps} losses that fall, got ${shown}`);
  if (!(off < 1e-4)) throw new Error(`${where}: expected the losses of tfjs-cpu within 1e-4, got ${off} off: ${shown}`);
  const apart = distance(plainly, losses);
  if (!(apart < 1e-5)) throw new Error(`${where}: expected the losses of Node within 1e-5, got ${apart} off: ${shown}`);
  console.log(`${where}: tfjs-wasm trains, ${losses[0].toFixed(4)} to ${losses.at(-1).toFixed(4)}, ${off.toExponential(0)} off tfjs-cpu`);
}

const manifestIn = (home, name) => JSON.parse(readFileSync(join(home, 'node_modules', name, 'package.json'), 'utf8'));

/** Errors: other peers than exactly the tested version, or packages of konv that @konv/tfjs does not ask for. */
function checkInstalled(installer, home) {
  const { dependencies, peerDependencies: peers } = manifestIn(home, '@konv/tfjs');
  for (const name of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm']) {
    const { version } = manifestIn(home, name);
    if (peers[name] !== version) throw new Error(`${installer}: expected the peer ${name} to be ${version}, got ${peers[name]}`);
  }
  if (installer !== 'npm') return;
  // npm puts everything side by side, so that what is there can be read off; it fails for peers that are missing or others.
  run('npm', ['ls', '--all'], home);
  const found = readdirSync(join(home, 'node_modules', '@konv')).map((name) => `@konv/${name}`);
  const asked = new Set(['@konv/tfjs']);
  for (const name of asked) {
    const { dependencies = {}, peerDependencies = {} } = manifestIn(home, name);
    for (const other of Object.keys({ ...dependencies, ...peerDependencies })) if (other.startsWith('@konv/')) asked.add(other);
  }
  const list = (names) => [...names].sort().join(' ');
  if (list(found) !== list(asked)) throw new Error(`expected ${list(asked)}, got ${list(found)}`);
  console.log(`npm: @konv/tfjs brings ${list(Object.keys(dependencies))}, and all in all ${list(found)}`);
}

const typescript = join(root, 'node_modules/typescript/bin/tsc');
const inUserCode = /^(?!.*node_modules\/(?!@konv\/)).*error TS/;

/** What the compiler says, line by line. */
function tsc(home, ...options) {
  try {
    run(process.execPath, [typescript, '--pretty', 'false', ...options], home);
    return [];
  } catch ({ stdout, stderr }) {
    return `${stdout}${stderr}`.split('\n');
  }
}

/**
 * Compiles the program to `plain/`, and without konv's two lines to `bare/`. Returns the losses of the latter on tfjs-cpu.
 * Errors: what does not compile; konv in other lines; a bare program that tfjs-wasm trains: then nothing is shown by this.
 */
function compileAndRefer(home) {
  cpSync(user, join(home, 'src'), { recursive: true });
  const program = readFileSync(join(user, 'train.ts'), 'utf8').split('\n');
  const bare = program.filter((line) => !line.includes('enableWasmTraining'));
  if (program.length - bare.length !== 2) throw new Error(`expected two lines of konv, got ${program.length - bare.length}`);
  if (bare.some((line) => line.includes('konv') && !line.startsWith('//'))) throw new Error('expected konv in two lines only');
  mkdirSync(join(home, 'src-bare'));
  writeFileSync(join(home, 'src-bare', 'train.ts'), bare.join('\n'));
  cpSync(join(user, 'tsconfig.json'), join(home, 'src-bare', 'tsconfig.json'));
  const complaints = [
    ...tsc(home, '-p', 'src'),
    ...tsc(home, '-p', 'src-bare', '--outDir', 'bare'),
    // With TensorFlow.js's own declarations checked as well, which have errors of theirs.
    ...tsc(home, '-p', 'src', '--noEmit', '--skipLibCheck', 'false', '--module', 'esnext', '--moduleResolution', 'bundler').filter((line) =>
      inUserCode.test(line),
    ),
  ];
  if (complaints.length > 0) throw new Error(`expected the program to compile, got\n${complaints.join('\n')}`);
  // The cpu backend is there because tfjs-backend-wasm depends on it.
  const refer = `import '@tensorflow/tfjs-backend-cpu'; import { train } from './bare/train.js';
    const losses = await train('cpu'); const refusal = await train('wasm').then(() => 'none', String);
    console.log(JSON.stringify({ losses, refusal }))`;
  const { losses, refusal } = JSON.parse(lastLine(run(process.execPath, ['--input-type=module', '--eval', refer], home)));
  if (!refusal.includes('Conv2DBackpropFilter')) throw new Error(`expected tfjs-wasm to refuse without konv's lines, got ${refusal}`);
  console.log(`tsc --strict: no errors in the program nor in konv's declarations; without konv's lines: ${refusal.split('\n')[0]}`);
  return losses;
}

/** TensorFlow.js greets in Node, above what the program says. */
const lastLine = (text) => text.trim().split('\n').at(-1);

const inNode = (home, file) =>
  lastLine(run(process.execPath, [file], home))
    .split(' ')
    .map(Number);

/** Imports, compiles and bundles every subpath that the package exports. Returns them. */
function importSubpaths(home, tarballs) {
  const { name, exports } = manifestIn(home, '@konv/tfjs');
  const subpaths = Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => path.replace('.', name));
  for (const needed of [name, `${name}/train`, `${name}/backend`]) {
    if (!subpaths.includes(needed)) throw new Error(`${tarballs[name]}: expected it to export ${needed}, got ${subpaths.join(' ')}`);
  }
  const program = [
    ...subpaths.map((path, i) => `import * as m${i} from '${path}';`),
    `console.log([${subpaths.map((_, i) => `m${i}`)}].map((m) => Object.keys(m).length).join(' '));`,
  ].join('\n');
  writeFileSync(join(home, 'subpaths.ts'), program);
  const complaints = tsc(home, 'subpaths.ts', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--types', '');
  if (complaints.length > 0) throw new Error(`expected every subpath to resolve, got\n${complaints.join('\n')}`);
  const counts = inNode(home, 'subpaths.js');
  if (counts.includes(0)) throw new Error(`expected exports of ${subpaths.join(' ')}, got ${counts.join(' ')}`);
  esbuild.buildSync({
    entryPoints: [join(home, 'subpaths.js')],
    bundle: true,
    format: 'esm',
    outfile: join(home, 'subpaths.out.js'),
    logLevel: 'silent',
  });
  return subpaths.join(' ');
}

const wasmFiles = (home) => join(home, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');

function copyWasm(home, to) {
  cpSync(wasmFiles(home), to, { recursive: true, filter: (file) => file === wasmFiles(home) || file.endsWith('.wasm') });
}

/** A file that needs no node_modules: TensorFlow.js looks for its .wasm files beside itself. Returns its path. */
async function bundleForNode(home) {
  const out = join(home, '..', 'node');
  const outfile = join(out, 'program.cjs');
  await esbuild.build({
    entryPoints: [join(home, 'src/node.ts')],
    bundle: true,
    minify: true,
    platform: 'node',
    outfile,
    logLevel: 'silent',
  });
  copyWasm(home, out);
  return outfile;
}

/** What packages/tfjs/README.md says of bundling. Returns the folder. */
async function bundleForPage(home) {
  const outdir = join(home, '..', 'page');
  await esbuild.build({ entryPoints: [join(home, 'src/page.ts')], bundle: true, minify: true, format: 'esm', outdir, logLevel: 'silent' });
  copyWasm(home, join(outdir, 'wasm'));
  cpSync(join(home, 'src/index.html'), join(outdir, 'index.html'));
  return outdir;
}

// Compiles assembly/ once per SIMD level, and writes what the TypeScript sources import: src/generated/<level>.ts with the
// binary as base64, src/generated/kernels.ts with every kernel's name, arguments and docstring; dist/<level>.wasm for those
// who load by URL. The same for the kernels of assembly/channels-last.ts, which few programs need. None of it is in git.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const inHere = (...parts) => join(here, ...parts);
const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');

/**
 * No runtime: kernels neither allocate nor have data of their own, so they can live in any memory. The memory is declared
 * shared; src/binary.ts patches that for an unshared one.
 */
const common = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory'],
  ...['--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536', '--enable', 'threads', '--enable', 'simd'],
];
const levels = { simd: [], relaxed: ['--enable', 'relaxed-simd'] };

const read = (file) => readFileSync(file, 'utf8');
const write = (file, text) => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};

function compile(source, level, name) {
  const file = inHere('dist', `${name}.wasm`);
  mkdirSync(dirname(file), { recursive: true });
  execFileSync(process.execPath, [asc, `assembly/${source}.ts`, '-o', file, ...common, ...levels[level]], {
    cwd: here,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const base64 = readFileSync(file).toString('base64');
  write(inHere('src', 'generated', `${name}.ts`), `export const base64: string =\n  '${base64}';\n`);
}

/** The exported functions of a source file: name, argument names, docstring. */
function* functionsOf(file) {
  for (const [, doc = '', name, parameters] of read(file).matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export function (\w+)\(([^)]*)\)/g)) {
    yield { doc, name, parameters: [...parameters.matchAll(/(\w+):/g)].map(([, argument]) => argument) };
  }
}

/** Those that a source exports from others. */
function kernels(source) {
  const found = [];
  for (const [, names, from] of read(inHere(`assembly/${source}.ts`)).matchAll(/export \{([^}]*)\} from '\.\/([^']*)'/g)) {
    const functions = new Map([...functionsOf(inHere('assembly', `${from}.ts`))].map((f) => [f.name, f]));
    for (const name of names
      .split(',')
      .map((n) => n.trim())
      .filter(Boolean))
      if (functions.has(name)) found.push(functions.get(name));
  }
  for (const { name, parameters } of found) {
    if (parameters.slice(-2).join() !== 'begin,end')
      throw new Error(`kernel ${name}: expected its last arguments to be (begin, end), got (${parameters.join(', ')})`);
  }
  return found;
}

/** The members of assembly/map/kinds.ts, whose numbers count from 0. */
function mapKinds() {
  const [, body] = /export enum MapKind \{([^}]*)\}/.exec(read(inHere('assembly/map/kinds.ts')));
  return [...body.replace(/\/\/.*/g, '').matchAll(/\w+/g)].map(([name], i) => `${name}: ${i}`);
}

const member = ({ doc, name, parameters }) => `${doc}${name}(${parameters.map((p) => `${p}: number`).join(', ')}): void;`;
const members = (all) => all.map((k) => member(k).replace(/^(?=.)/gm, '  ')).join('\n');

function writeKernels() {
  const all = kernels('index');
  const text = `// Made by build.mjs from assembly/.
/** Each kernel's arguments, as assembly/ documents them. */
export interface Kernels {
${members(all)}
}

export type KernelName = keyof Kernels;

/** In a fixed order: a kernel's position is what threads call it by. */
export const kernelNames: readonly KernelName[] = [${all.map((k) => `'${k.name}'`).join(', ')}];

/** What \`map\` computes: type_function. */
export const mapKinds = { ${mapKinds().join(', ')} } as const;
`;
  write(inHere('src', 'generated', 'kernels.ts'), text);
}

function writeChannelsLast() {
  const text = `// Made by build.mjs from assembly/.
/** Each kernel's arguments, as assembly/ documents them. */
export interface ChannelsLastKernels {
${members(kernels('channels-last'))}
}
`;
  write(inHere('src', 'generated', 'channels-last.ts'), text);
}

writeKernels();
writeChannelsLast();
for (const level of Object.keys(levels)) {
  compile('index', level, level);
  compile('channels-last', level, `channels-last-${level}`);
}

import { parseArgs } from 'node:util';
import { pagePeerNames, pageSuiteNames } from './browser/names.js';
import { peerNames } from './peers/all.js';
import { suiteNames } from './suites/all.js';

export interface Options {
  suites: string[];
  /** Null: the fastest that is here. */
  backends: string[] | null;
  peers: string[];
  quick: boolean;
  json: string | null;
  /** In a page of a headless Chromium instead of in this process. */
  browser: boolean;
  /** What renders there, in ANGLE's terms. */
  angle: string;
  /** Where a section for docs/webgl-figures.md goes. */
  markdown: string | null;
  help: boolean;
}

export const help = `npm run bench -- [options]

  --suite LIST     of ${suiteNames.join(', ')}
                   (default: all)
  --backend LIST   ours: wasm (one thread), wasm-2 (two), wasm-strict (no Winograd), cpu-js
                   (default: wasm, where it runs)
  --peers LIST     of ${peerNames.join(', ')}
                   (default: all that are installed)
  --no-peers       ours alone
  --quick          fewer runs, to try things: no figures to publish
  --json FILE      writes everything that was measured, too
  --help

In a page of a headless Chromium, webgl against TensorFlow.js on WebGL:

  --browser        with --suite of ${pageSuiteNames.join(', ')} (default: conv,lenet),
                   --backend of webgl and those above (default: webgl), --peers of ${pagePeerNames.join(', ')}
  --angle NAME     what renders: swiftshader (software, the default), or, on a machine with a GPU, one of
                   default, gl, gl-egl, vulkan, metal, d3d11
  --markdown FILE  writes the section for docs/webgl-figures.md, too

Ours and the peers take turns in one run; ratios within a run are firm, times are not. Let nothing else run meanwhile.
PyTorch: apt-get install python3-torch libopenblas0-pthread (Debian), or KONV_PYTHON=/path/to/python.`;

/** Arguments that do not say what to do. */
export class WrongOptions extends Error {}

function list(what: string, text: string, known: readonly string[] | null): string[] {
  const names = text.split(',').filter(Boolean);
  const unknown = known ? names.filter((name) => !known.includes(name)) : [];
  if (names.length === 0 || unknown.length > 0) {
    throw new WrongOptions(`expected ${what} of ${known?.join(', ')}, got ${unknown.join(', ') || 'none'}`);
  }
  return names;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        suite: { type: 'string' },
        backend: { type: 'string' },
        peers: { type: 'string' },
        'no-peers': { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        browser: { type: 'boolean', default: false },
        angle: { type: 'string' },
        markdown: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (e) {
    throw new WrongOptions((e as Error).message);
  }
}

export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const { browser, angle, markdown } = values;
  for (const [name, value] of Object.entries({ angle, markdown })) {
    if (value !== undefined && !browser) throw new WrongOptions(`expected --${name} with --browser, got it alone`);
  }
  const [suites, peers] = browser ? [pageSuiteNames, pagePeerNames] : [suiteNames, peerNames];
  const where = browser ? ' with --browser' : '';
  return {
    suites: list(`suites${where}`, values.suite ?? (browser ? 'conv,lenet' : suites.join(',')), suites),
    backends: values.backend === undefined ? null : list('backends', values.backend, null),
    peers: values['no-peers'] ? [] : list(`peers${where}`, values.peers ?? peers.join(','), peers),
    quick: values.quick,
    json: values.json ?? null,
    browser,
    angle: angle ?? 'swiftshader',
    markdown: markdown ?? null,
    help: values.help,
  };
}

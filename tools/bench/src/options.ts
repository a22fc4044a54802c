import { parseArgs } from 'node:util';
import { peerNames } from './peers/all.js';
import { suiteNames } from './suites/all.js';

export interface Options {
  suites: string[];
  /** Null: the fastest that is here. */
  backends: string[] | null;
  peers: string[];
  quick: boolean;
  json: string | null;
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

Ours and the peers take turns in one run; ratios within a run are firm, times are not. Let nothing else run meanwhile.
PyTorch: apt-get install python3-torch libopenblas0-pthread (Debian), or KONV_PYTHON=/path/to/python.`;

function list(what: string, text: string, known: readonly string[] | null): string[] {
  const names = text.split(',').filter(Boolean);
  const unknown = known ? names.filter((name) => !known.includes(name)) : [];
  if (names.length === 0 || unknown.length > 0) {
    throw new Error(`expected ${what} of ${known?.join(', ')}, got ${unknown.join(', ') || 'none'}`);
  }
  return names;
}

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suite: { type: 'string', default: suiteNames.join(',') },
      backend: { type: 'string' },
      peers: { type: 'string', default: peerNames.join(',') },
      'no-peers': { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    suites: list('suites', values.suite, suiteNames),
    backends: values.backend === undefined ? null : list('backends', values.backend, null),
    peers: values['no-peers'] ? [] : list('peers', values.peers, peerNames),
    quick: values.quick,
    json: values.json ?? null,
    help: values.help,
  };
}

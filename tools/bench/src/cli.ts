import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { ready } from 'konv';
import { convSuite, dispatchSuite, lenetSuite, type SuiteOptions, type Report } from './suites.js';
import type { Row } from './timing.js';

const suites: Record<string, (report: Report, options: SuiteOptions) => Promise<void>> = {
  dispatch: dispatchSuite,
  lenet: lenetSuite,
  conv: convSuite,
};

const help = `npm run bench -- [--suite conv,lenet,dispatch] [--backend NAME] [--no-peers] [--json FILE]

Medians of one process; the ratio is the peer's time over ours. Let nothing else run meanwhile.`;

function cells(r: Row): string[] {
  const number = (v: number | null, digits: number): string => (v === null ? '' : v.toFixed(digits));
  return [
    r.suite,
    r.op,
    r.shape,
    r.backend,
    number(r.ms, 2),
    number(r.gflops, 2),
    r.peer ?? '',
    number(r.peerMs, 1),
    r.ratio === null ? '' : `${r.ratio.toFixed(r.ratio < 10 ? 2 : 0)}x`,
    r.note,
  ];
}

const widths = [8, 26, 20, 8, 9, 8, 9, 10, 7, 0];
const line = (c: readonly string[]): string =>
  c
    .map((text, i) => (i >= 4 && i <= 8 && i !== 6 ? text.padStart(widths[i]) : text.padEnd(widths[i])))
    .join('  ')
    .trimEnd();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', default: Object.keys(suites).join(',') },
      backend: { type: 'string', default: 'cpu-js' },
      'no-peers': { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const names = values.suite.split(',');
  const unknown = names.filter((n) => !(n in suites));
  if (unknown.length > 0) throw new Error(`expected suites of ${Object.keys(suites).join(', ')}, got ${unknown.join(', ')}`);
  const backend = await ready({ prefer: values.backend });
  console.log(`${cpus()[0].model}, Node ${process.version}, one process, medians\n`);
  console.log(line(['suite', 'op', 'shape', 'backend', 'ms', 'GFLOP/s', 'peer', 'peer ms', 'ratio', '']));
  const rows: Row[] = [];
  const report: Report = (row) => {
    rows.push(row);
    console.log(line(cells(row)));
  };
  for (const name of names) await suites[name](report, { backend, peers: !values['no-peers'] });
  if (values.json) {
    const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
    writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
    console.log(`\nwritten: ${values.json}`);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (e) {
  console.error(`error: ${(e as Error).message}\n\n${help}`);
  process.exitCode = 1;
}

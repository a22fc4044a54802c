import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import type { Context } from './compare.js';
import { type KonvContender, konvContender } from './konv/contender.js';
import { peakLoops } from './limit/peak.js';
import { help, type Options, readOptions } from './options.js';
import { loadPeers } from './peers/all.js';
import type { Row } from './report/rows.js';
import { headingLines, legend, rowLine } from './report/table.js';
import { targetLines, targets } from './report/targets.js';
import { type Download, measureDownload } from './suites/download.js';
import { suites } from './suites/all.js';
import { fullBudget, quickBudget } from './timing.js';

const say = (line: string): void => console.log(line);
/** Processes that want to run, over the cores that there are. Other programs' work would be in our figures. */
const busy = (): number => loadavg()[0] / cpus().length;
const reason = (e: unknown): string => (e as Error).message.split('\n')[0];

async function loadOurs(names: readonly string[] | null): Promise<KonvContender[]> {
  if (names) return Promise.all(names.map((name) => konvContender(name)));
  try {
    return [await konvContender('wasm')];
  } catch (e) {
    say(`wasm        left out: ${reason(e)}; cpu-js instead`);
    return [await konvContender('cpu-js')];
  }
}

async function downloads(): Promise<{ alone: Download; withCore: Download } | null> {
  try {
    const [alone, withCore] = [await measureDownload(false), await measureDownload(true)];
    say('\ndownload: KB of @konv/backend-wasm, minified, gzip -9; a browser loads the script and one binary');
    for (const [label, d] of [
      ['alone', alone],
      ['with its share of core', withCore],
    ] as const) {
      const binaries = d.binariesKb.map((kb) => kb.toFixed(1)).join(' or ');
      say(`${label.padEnd(24)} ${d.scriptKb.toFixed(1)} + ${binaries} = ${d.totalKb.toFixed(1)} at the most`);
    }
    return { alone, withCore };
  } catch (e) {
    say(`\ndownload: ${reason(e)}`);
    return null;
  }
}

async function bench(options: Options): Promise<void> {
  const started = new Date();
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
  say(`${machine.cpu}, ${machine.cores} cores; Node ${machine.node} (V8 ${machine.v8}); one thread where nothing else is said`);
  const busyBefore = busy();
  if (busyBefore > 0.5)
    say(`NOTE: other programs keep ${Math.round(busyBefore * 100)} % of the cores busy: these figures will not be firm`);
  if (options.quick) say('--quick: few runs; do not publish these figures');
  const ours = await loadOurs(options.backends);
  const peers = await loadPeers(options.peers, say);
  for (const { name, about } of [...ours, ...peers]) say(`${name.padEnd(10)}  ${about}`);
  const loops = peakLoops();
  say(`limit       register-only loop of 12 chains: ${loops.map((loop) => loop.name).join(', ')}`);
  say(`\n${legend}`);

  const rows: Row[] = [];
  const failures = new Set<string>();
  let columns: readonly string[] = [];
  const context: Context = {
    ours,
    peers,
    loops,
    budget: options.quick ? quickBudget : fullBudget,
    backend: (name) =>
      konvContender(name).catch((e) => {
        say(`\nleft out, since it needs ${name}: ${reason(e)}`);
        return null;
      }),
    heading: (suite, about, names) => {
      columns = names;
      for (const line of headingLines(suite, about, names)) say(line);
    },
    report: (row) => {
      rows.push(row);
      say(rowLine(row, columns));
    },
    failure: (name, why) => {
      const line = `${name} failed: ${why}`;
      if (!failures.has(line)) say(line);
      failures.add(line);
    },
    say,
  };
  try {
    for (const name of options.suites) await suites[name]?.(context);
  } finally {
    for (const peer of peers) await peer.close?.();
  }
  const download = options.suites.includes('download') ? await downloads() : null;
  const goals = targets(rows, ours[0].name, download?.alone ?? null);
  say(`\nTargets set for wasm on one thread, and what this run says of ${ours[0].name}:`);
  for (const line of targetLines(goals)) say(line);
  if (options.json) {
    const contenders = [...ours, ...peers].map(({ name, about }) => ({ name, about }));
    const result = { started, quick: options.quick, busyBefore, machine, contenders, rows, download, targets: goals };
    writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
    say(`\nwritten: ${options.json}`);
  }
}

let code = 0;
try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) say(help);
  else await bench(options);
} catch (e) {
  console.error(`error: ${(e as Error).message}\n\n${help}`);
  code = 1;
}
// Some peers leave workers and timers behind that would keep the process alive.
process.exit(code);

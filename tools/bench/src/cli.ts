import { writeFileSync } from 'node:fs';
import type { Context } from './compare.js';
import { type KonvContender, konvContender } from './konv/contender.js';
import { peakLoops } from './limit/peak.js';
import { busy, machine, sayBusy } from './machine.js';
import { help, type Options, readOptions, WrongOptions } from './options.js';
import { loadPeers } from './peers/all.js';
import { Printer } from './report/printer.js';
import { legend } from './report/table.js';
import { targetLines, targets } from './report/targets.js';
import { type Download, measureDownload } from './suites/download.js';
import { suites } from './suites/all.js';
import { fullBudget, quickBudget } from './timing.js';

const say = (line: string): void => console.log(line);
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
  const where = machine();
  say(`${where.cpu}, ${where.cores} cores; Node ${where.node} (V8 ${where.v8}); one thread where nothing else is said`);
  const busyBefore = busy();
  sayBusy(busyBefore, say);
  if (options.quick) say('--quick: few runs; do not publish these figures');
  const ours = await loadOurs(options.backends);
  const peers = await loadPeers(options.peers, say);
  for (const { name, about } of [...ours, ...peers]) say(`${name.padEnd(10)}  ${about}`);
  const loops = peakLoops();
  say(`limit       register-only loop of 12 chains: ${loops.map((loop) => loop.name).join(', ')}`);
  say(`\n${legend}`);

  const printer = new Printer(say);
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
    heading: printer.heading,
    report: printer.report,
    failure: printer.failure,
    say,
  };
  try {
    for (const name of options.suites) await suites[name]?.(context);
  } finally {
    for (const peer of peers) await peer.close?.();
  }
  const download = options.suites.includes('download') ? await downloads() : null;
  const goals = targets(printer.rows, ours[0].name, download?.alone ?? null);
  say(`\nTargets set for wasm on one thread, and what this run says of ${ours[0].name}:`);
  for (const line of targetLines(goals)) say(line);
  if (options.json) {
    const contenders = [...ours, ...peers].map(({ name, about }) => ({ name, about }));
    const result = { started, quick: options.quick, busyBefore, machine: where, contenders, rows: printer.rows, download, targets: goals };
    writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
    say(`\nwritten: ${options.json}`);
  }
}

let code = 0;
try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) say(help);
  else if (options.browser) await (await import('./browser/run.js')).benchInBrowser(options, say);
  else await bench(options);
} catch (e) {
  console.error(`error: ${(e as Error).message}${e instanceof WrongOptions ? `\n\n${help}` : ''}`);
  code = 1;
}
// Some peers leave workers and timers behind that would keep the process alive.
process.exit(code);

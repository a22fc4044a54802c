import { writeFileSync } from 'node:fs';
import { busy, machine, sayBusy } from '../machine.js';
import type { Options } from '../options.js';
import { Printer } from '../report/printer.js';
import { type Target, targetLines } from '../report/targets.js';
import { bundlePages } from './bundle.js';
import { Pages } from './chromium.js';
import type { pagePeerNames, pageSuiteNames } from './names.js';
import type { ComparisonJob, Device, Told } from './protocol.js';
import { callGoals, callLines } from './report/calls.js';
import { type FirstRun, firstRunLines, firstRuns, memoryLines } from './report/first-run.js';
import { figuresSection } from './report/markdown.js';
import { convMeans, meanLines } from './report/means.js';
import { isSoftware } from './renderer.js';
import { type Trainings, trainAlone } from './train.js';

type Say = (line: string) => void;

const legend = `How to read the tables: ms is the median of ours, spread the distance of its quartiles; each run ends when the GPU has done
all that was asked of it ("loss read": when the loss is on the host). A column of a peer is the peer's time over ours,
measured in turns in the same page: above 1 we are faster. "-": the peer has no such operation.`;

interface Compared {
  browser: string;
  device: Device;
  contenders: { name: string; about: string }[];
  images: number | null;
}

/** The suites, in turns in one page. */
async function compareInPage(pages: Pages, wanted: Omit<ComparisonJob, 'images'>, printer: Printer): Promise<Compared> {
  const told = (t: Told): void => {
    if (t.kind === 'heading') printer.heading(t.suite, t.about, t.columns);
    else if (t.kind === 'row') printer.report(t.row);
    else if (t.kind === 'failure') printer.failure(t.name, t.why);
    else printer.say(t.line);
  };
  return pages.within(
    'index.html',
    async (page, browser) => {
      const device = await page.evaluate(() => globalThis.konvBench.device());
      printer.say(`Chromium ${browser.version()}, ${device.renderer}`);
      const slow = isSoftware(device.renderer);
      if (slow) printer.say('NOTE: this renderer is a program on the processor: its ratios say little of a GPU');
      const images = slow ? (wanted.quick ? 1 : 2) : null;
      const job = { ...wanted, images };
      const contenders = await page.evaluate((j) => globalThis.konvBench.load(j), job);
      for (const { name, about } of contenders) printer.say(`${name.padEnd(10)}  ${about}`);
      printer.say(`\n${legend}`);
      await page.evaluate((j) => globalThis.konvBench.compare(j), job);
      return { browser: browser.version(), device, contenders, images };
    },
    told,
  );
}

interface Beginnings extends Trainings {
  firstRuns: FirstRun[];
  goals: (Target & { backend: string })[];
}

function reportTraining({ counted, timed }: Trainings, backends: readonly string[], say: Say): Beginnings {
  // Without rounds of their own, those that were counted must do: wrapped, but hardly slower.
  const runs = firstRuns(timed.length > 0 ? timed : counted);
  say('\nFrom a bare page to the first loss: LeNet-5, batch 64, each in a browser with empty caches');
  for (const line of firstRunLines(runs)) say(line);
  say('');
  for (const line of memoryLines(counted)) say(line);
  const peer = counted.find((t) => t.contender === 'tfjs-webgl');
  const goals = backends.flatMap((name) => {
    const ours = counted.find((t) => t.contender === name);
    if (!ours || !peer) return [];
    say('\nCalls of WebGL by a training of LeNet-5, batch 64, then 48:');
    for (const line of callLines(ours, peer)) say(line);
    say('');
    const held = callGoals(ours, peer);
    for (const line of targetLines(held)) say(line);
    return held.map((goal) => ({ backend: name, ...goal }));
  });
  return { firstRuns: runs, counted, timed, goals };
}

/** `npm run bench -- --browser`. Errors: `NoChromium`; a backend that cannot run in this browser. */
export async function benchInBrowser(options: Options, say: Say): Promise<void> {
  const started = new Date();
  const where = machine();
  const busyBefore = busy();
  const backends = options.backends ?? ['webgl'];
  const peers = options.peers as (typeof pagePeerNames)[number][];
  const suites = options.suites as (typeof pageSuiteNames)[number][];
  const pages = await Pages.of(bundlePages, options.angle);
  const printer = new Printer(say);
  try {
    say(`${where['cpu']}, ${where['cores']} cores; in a page, by --angle ${options.angle}`);
    sayBusy(busyBefore, say);
    if (options.quick) say('--quick: few runs; do not publish these figures');
    const compared = await compareInPage(pages, { suites, backends, peers, quick: options.quick }, printer);
    const means = backends.flatMap((name) => convMeans(printer.rows, name, peers));
    if (means.length > 0) say('');
    for (const line of meanLines(means)) say(line);
    let training: Beginnings | null = null;
    if (suites.includes('lenet')) {
      const contenders = [...backends, ...(peers.includes('tfjs-webgl') ? ['tfjs-webgl'] : [])];
      training = reportTraining(await trainAlone(pages, contenders, options.quick ? 0 : 3, say), backends, say);
    }
    if (options.json) {
      const result = {
        started,
        quick: options.quick,
        angle: options.angle,
        busyBefore,
        machine: where,
        ...compared,
        rows: printer.rows,
      };
      writeFileSync(options.json, `${JSON.stringify({ ...result, means, training }, null, 2)}\n`);
      say(`\nwritten: ${options.json}`);
    }
    if (options.markdown) {
      const { browser, device } = compared;
      const section = figuresSection({
        renderer: device.renderer,
        software: isSoftware(device.renderer),
        where: `${where['cpu']}, ${where['cores']} cores, ${where['platform']}, Chromium ${browser}, ${started.toISOString().slice(0, 10)}${busyBefore > 0.5 ? ', OTHER PROGRAMS RUNNING' : ''}`,
        command: `npm run bench -- --browser --angle ${options.angle}${options.quick ? ' --quick' : ''}`,
        backend: backends[0],
        rows: printer.rows.filter((row) => row.backend === backends[0]),
        means: means.filter((m) => m.backend === backends[0]),
        firstRuns: training?.firstRuns ?? [],
      });
      writeFileSync(options.markdown, section);
      say(`\nwritten: ${options.markdown}`);
    }
  } finally {
    pages.close();
  }
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { findChromium, launchArgs } from '../../../../tools/browser/chromium.mjs';
import { serve } from '../../../../tools/browser/serve.mjs';
import { pageHeaders } from '../../web/headers.mjs';

// The built page in a real Chromium, served as `npm run web` serves it.

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
export const built = here('../../dist/page');
export const fixture = (name: string): string => here(`../fixtures/${name}`);

/** The page itself is drawn without WebGL: in software that would cost more than the training. */
const plainDrawing = ['--disable-gpu-compositing', '--disable-gpu-rasterization'];

/** `npm run soak`: every variant of what `npm test` tries once. */
export { soak } from '../../../../tools/soak.js';

const executablePath = findChromium();
if (!executablePath) console.warn('SKIPPED: the page is not tested, no Chromium was found (set CHROMIUM_PATH)');
export const describePage = describe.skipIf(!executablePath);

/** What a shown number, text or button is found by. */
export const fact = (page: Page, name: string) => page.locator(`[data-fact="${name}"]`);
export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
export const stepOf = async (page: Page): Promise<number> => Number(await fact(page, 'step').textContent());
export const phaseOf = (page: Page): Promise<string | null> => page.locator('#alive .phase').getAttribute('data-phase');

/** An expectation that may take its time on a busy machine. */
export const eventually = <T>(read: () => Promise<T>, timeout = 30_000) => expect.poll(read, { timeout, interval: 50 });

/**
 * Waits until an expression is true in the page. Playwright's own `waitForFunction` would evaluate it from a timer of the
 * page, where the page's policy forbids that.
 */
export async function until(page: Page, expression: string, timeout = 60_000): Promise<void> {
  await expect.poll(() => page.evaluate<unknown>(expression).then(Boolean), { timeout, interval: 50, message: expression }).toBe(true);
}

/** Waits until the training has done so many steps. */
export async function reach(page: Page, step: number, timeout = 60_000): Promise<void> {
  await expect.poll(() => stepOf(page), { timeout, interval: 50, message: `steps, at least ${step}` }).toBeGreaterThanOrEqual(step);
}

export async function waitForPhase(page: Page, phase: string): Promise<void> {
  await page.waitForSelector(`#alive .phase[data-phase="${phase}"]`);
}

/** One of the buttons that steer the training. Others of the same name may stand in other sections. */
export const control = (page: Page, name: string | RegExp) =>
  page.getByRole('group', { name: 'Training', exact: true }).getByRole('button', { name, exact: typeof name === 'string' });

/** Pauses, wherever the page is scrolled to, and returns the step at which the training rests. */
export async function pause(page: Page): Promise<number> {
  if ((await phaseOf(page)) === 'running') await control(page, 'Pause').dispatchEvent('click');
  await waitForPhase(page, 'paused');
  return stepOf(page);
}

/** The losses of the first steps from the seed, as the chart's table shows them. */
export async function firstLosses(page: Page, steps: number): Promise<number[]> {
  if ((await phaseOf(page)) !== 'running') await control(page, 'Resume').dispatchEvent('click');
  await waitForPhase(page, 'running');
  // Both in one task of the page: the training begins anew and rests before its first step.
  await page.evaluate(`{
    const find = (name) => [...document.querySelectorAll('#alive .controls button')].find((b) => b.textContent.trim().startsWith(name));
    const [restart, pause] = [find('Restart'), find('Pause')];
    restart.click();
    pause.click();
  }`);
  await eventually(() => stepOf(page)).toBe(0);
  await waitForPhase(page, 'paused');
  for (let step = 1; step <= steps; step++) {
    await control(page, 'One step').dispatchEvent('click');
    await eventually(() => stepOf(page)).toBe(step);
  }
  const rows = await lossTable(page);
  expect(rows.map(([step]) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  return rows.map(([, loss]) => loss);
}

/** Goes to a section, `#unit`, and waits for its content. */
export async function visit(page: Page, section: string): Promise<void> {
  // Again at each look: what comes into the sections above may push it out of sight.
  const text = async (): Promise<string | null> => {
    await page.evaluate(`document.querySelector('${section}').scrollIntoView({ behavior: 'instant' })`);
    return page.locator(section).textContent();
  };
  await expect.poll(text, { timeout: 60_000, interval: 100 }).not.toContain('Loading this part');
}

/** The training's losses as the chart's table shows them, `[step, loss]`. */
export async function lossTable(page: Page): Promise<(readonly [number, number])[]> {
  const chart = page.locator('#alive figure.chart');
  const show = chart.getByRole('button', { name: 'Show as a table' });
  if (await show.count()) await show.click();
  const rows = await chart.locator('tbody tr').all();
  return Promise.all(
    rows.map(async (row) => {
      const [step, ...losses] = await row.locator('th, td').allTextContents();
      return [Number(step), Number(losses.find((text) => text !== ''))] as const;
    }),
  );
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly context?: BrowserContext;
  /** With the page's service worker, which keeps a copy of everything. Default: without. */
  readonly cached?: boolean;
  /** Complaints that this test is about: left out where one of these fits. */
  readonly expected?: readonly RegExp[];
  /** Runs in the page before its own code. */
  readonly before?: string;
}

export interface Site {
  readonly url: string;
  /** Every answer that went to a page of this site, in order. */
  open(query?: string, options?: OpenOptions): Promise<Page>;
  context(options?: OpenOptions): Promise<BrowserContext>;
  /** Ends the server: from then on there is no network. */
  cut(): void;
}

/**
 * A server and a browser for the tests of a file. After each test all pages are closed, and the test fails where one of
 * them wrote an error, went against its policy, or asked another host for something.
 */
export function site(headers: Record<string, string> = pageHeaders): Site {
  let server: Awaited<ReturnType<typeof serve>>;
  let browser: Browser;
  let contexts: BrowserContext[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    if (!existsSync(`${built}/index.html`)) throw new Error(`expected the built page in ${built}, got nothing; run npm run build`);
    server = await serve(built, headers);
    browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox', ...launchArgs, ...plainDrawing] });
  });
  afterEach(async () => {
    const found = complaints;
    complaints = [];
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const context = async ({ width = 1280, height = 900, dark = false, cached = false }: OpenOptions = {}): Promise<BrowserContext> => {
    const made = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      acceptDownloads: true,
      serviceWorkers: cached ? 'allow' : 'block',
    });
    made.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== server.url) complaints.push(`asked another host: ${request.url()}`);
    });
    contexts.push(made);
    return made;
  };

  return {
    get url() {
      return server.url;
    },
    context,
    cut: () => server.close(),
    async open(query = '', options = {}) {
      const page = await (options.context ?? (await context(options))).newPage();
      const complain = (text: string): void => {
        if (!options.expected?.some((pattern) => pattern.test(text))) complaints.push(text);
      };
      page.on('console', (message) => {
        if (message.type() === 'error' || /Content Security Policy/i.test(message.text())) complain(`console: ${message.text()}`);
      });
      page.on('pageerror', (error) => complain(`uncaught: ${error.message}`));
      await page.addInitScript(
        `addEventListener('securitypolicyviolation', (e) => console.error('Content Security Policy: ' + e.violatedDirective + ' ' + e.blockedURI))`,
      );
      if (options.before) await page.addInitScript(options.before);
      await page.goto(`${server.url}/${query}`);
      return page;
    },
  };
}

/** The built files by path, `assets/simd-1234.js`. */
export function builtFiles(): Map<string, Buffer> {
  const entries = readdirSync(built, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map(({ name, parentPath }) => {
      const file = `${parentPath}/${name}`;
      return [file.slice(built.length + 1).replaceAll('\\', '/'), readFileSync(file)];
    }),
  );
}

/** Tries something that a busy machine may spoil, `times` times at most, and passes on the first success. */
export async function withPatience(times: number, attempt: () => Promise<void>): Promise<void> {
  for (let k = 1; ; k++) {
    try {
      await attempt();
      return;
    } catch (e) {
      if (k >= times) throw e;
    }
  }
}

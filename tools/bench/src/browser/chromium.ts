import { type Browser, chromium, type Page } from 'playwright';
import type { Told } from './protocol.js';
import { rendererArgs } from './renderer.js';

/** What `tools/browser` offers, which is no package. */
interface Shared {
  findChromium(): string | null;
  quietArgs: string[];
  softwareArgs: string[];
  isolationHeaders: Record<string, string>;
  serve(folder: string, headers: Record<string, string>): Promise<{ url: string; close(): void }>;
}

async function shared(): Promise<Shared> {
  const file = (name: string): string => new URL(`../../../browser/${name}`, import.meta.url).href;
  const [found, served] = await Promise.all([import(file('chromium.mjs')), import(file('serve.mjs'))]);
  return { ...found, ...served };
}

/** Where there is no browser to bench in. */
export class NoChromium extends Error {}

/** Opens pages of a folder, each in a browser of its own. */
export class Pages {
  private constructor(
    private readonly executablePath: string,
    private readonly args: string[],
    private readonly server: { url: string; close(): void },
  ) {}

  /** Pages of the folder that `bundle` writes. Errors: `NoChromium`. */
  static async of(bundle: () => Promise<string>, angle: string): Promise<Pages> {
    const { findChromium, quietArgs, softwareArgs, serve, isolationHeaders } = await shared();
    const executablePath = findChromium();
    if (!executablePath) {
      throw new NoChromium('expected a Chromium for --browser, got none; install one, or name it in CHROMIUM_PATH');
    }
    return new Pages(executablePath, [...quietArgs, ...rendererArgs(angle, softwareArgs)], await serve(await bundle(), isolationHeaders));
  }

  /** A page in a new browser with nothing in its caches, as long as `work` takes. Its errors are told with what it said. */
  async within<T>(file: string, work: (page: Page, browser: Browser) => Promise<T>, told: (told: Told) => void = () => {}): Promise<T> {
    const { browser, page } = await this.open();
    const said: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') said.push(message.text());
    });
    page.on('pageerror', (error) => said.push(String(error)));
    try {
      await page.exposeFunction('konvBenchTold', told);
      await page.goto(`${this.server.url}/${file}`);
      await page.waitForFunction(() => 'konvBench' in globalThis);
      return await work(page, browser);
    } catch (cause) {
      const [reason] = (cause as Error).message.replace(/^page\.\w+: /, '').split('\n');
      const lines = [reason, ...new Set(said)].slice(0, 8);
      throw new Error(lines.join('\n'), { cause });
    } finally {
      await browser.close();
    }
  }

  /** On a busy machine a browser may fail to start: then another one is tried. */
  private async open(attempts = 2): Promise<{ browser: Browser; page: Page }> {
    const browser = await chromium.launch({ executablePath: this.executablePath, args: this.args });
    try {
      return { browser, page: await browser.newPage() };
    } catch (e) {
      await browser.close();
      if (attempts <= 1) throw e;
      return this.open(attempts - 1);
    }
  }

  close(): void {
    this.server.close();
  }
}

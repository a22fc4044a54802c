import { chromium } from 'playwright';
import { launchArgs } from '../../browser/chromium.mjs';
import { isolationHeaders as isolation, serve } from '../../browser/serve.mjs';

const strict = { 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" };

/** How a page may be served, and where in it the program runs. */
const pages = {
  isolated: { headers: isolation, isolated: true },
  plain: { headers: {}, isolated: false },
  'in a worker': { headers: isolation, isolated: true, query: '?worker' },
  'under a strict CSP': { headers: { ...isolation, ...strict }, isolated: true },
  'on WebGL': { headers: strict, isolated: false, query: '?backend=webgl', backend: 'webgl' },
  'on WebGL in a worker': { headers: {}, isolated: false, query: '?worker&backend=webgl', backend: 'webgl' },
};

/** Opens a bundle in every kind of page, and hands each result to `check`. */
export async function openPages(executablePath, bundles, check) {
  const browser = await chromium.launch({ executablePath, args: launchArgs });
  try {
    for (const [bundler, folder] of Object.entries(bundles)) {
      for (const [kind, page] of Object.entries(pages)) check(`${bundler}, ${kind}`, await open(browser, folder, page), page.backend);
    }
  } finally {
    await browser.close();
  }
}

async function open(browser, folder, { headers, isolated, query = '' }) {
  const server = await serve(folder, headers);
  const page = await browser.newPage();
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  try {
    await page.goto(`${server.url}/index.html${query}`);
    const text = await page.locator('pre').textContent({ timeout: 30_000 });
    const { error, ...result } = JSON.parse(text);
    if (error) throw new Error(error);
    if (result.isolated !== isolated) throw new Error(`expected crossOriginIsolated ${isolated}, got ${result.isolated}`);
    return result;
  } catch (cause) {
    throw new Error([`${cause.message}`, ...said].join('\n'), { cause });
  } finally {
    await page.close();
    server.close();
  }
}

import { basename } from 'node:path';
import { chromium } from 'playwright';
import { launchArgs } from '../../browser/chromium.mjs';
import { isolationHeaders as isolation, serve } from '../../browser/serve.mjs';

/** No eval, no workers of others' making. */
export const strict = { 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" };

/** How a page may be served, and where in it the program runs. */
export const pages = {
  isolated: { headers: isolation, isolated: true },
  plain: { headers: {}, isolated: false },
  'in a worker': { headers: isolation, isolated: true, query: '?worker' },
  'under a strict CSP': { headers: { ...isolation, ...strict }, isolated: true },
  'on WebGL': { headers: strict, isolated: false, query: '?backend=webgl', backend: 'webgl' },
  'on WebGL in a worker': { headers: {}, isolated: false, query: '?worker&backend=webgl', backend: 'webgl' },
};

/** Opens every bundle in every one of `kinds`, and hands each result to `check(where, result, page)`. */
export async function openPages(executablePath, bundles, kinds, check) {
  const browser = await chromium.launch({ executablePath, args: launchArgs });
  try {
    for (const [bundler, folder] of Object.entries(bundles)) {
      for (const [kind, page] of Object.entries(kinds)) check(`${bundler}, ${kind}`, await open(browser, folder, page), page);
    }
  } finally {
    await browser.close();
  }
}

/** What the page shows, with what it complained of (warnings and errors) and the names of the .wasm files that it fetched. */
async function open(browser, folder, { headers, isolated, query = '' }) {
  const server = await serve(folder, headers);
  const page = await browser.newPage();
  const said = [];
  const complaints = [];
  const fetched = [];
  page.on('console', (message) => {
    said.push(message.text());
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => {
    said.push(String(error));
    complaints.push(String(error));
  });
  page.on('request', (request) => {
    if (request.url().endsWith('.wasm')) fetched.push(basename(request.url()));
  });
  try {
    await page.goto(`${server.url}/index.html${query}`);
    const text = await page.locator('pre').textContent({ timeout: 30_000 });
    const { error, ...result } = JSON.parse(text);
    if (error) throw new Error(error);
    if (result.isolated !== isolated) throw new Error(`expected crossOriginIsolated ${isolated}, got ${result.isolated}`);
    return { ...result, complaints, fetched };
  } catch (cause) {
    throw new Error([`${cause.message}`, ...said].join('\n'), { cause });
  } finally {
    await page.close();
    server.close();
  }
}

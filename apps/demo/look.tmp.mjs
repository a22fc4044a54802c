import { chromium } from '/work/wt/page-home/node_modules/playwright/index.mjs';
import { launchArgs } from '/work/wt/page-home/tools/browser/chromium.mjs';
import { serve } from '/work/wt/page-home/tools/browser/serve.mjs';
import { pageHeaders } from '/work/wt/page-home/apps/demo/web/headers.mjs';
const s = await serve(process.env.PAGE ?? '/work/wt/page-home/apps/demo/dist/page', pageHeaders);
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...launchArgs] });
const p = await b.newPage({
  viewport: { width: Number(process.env.W ?? 1440), height: 900 },
  colorScheme: process.env.DARK ? 'dark' : 'light',
});
p.on('console', (m) => console.log('console', m.type(), m.text()));
p.on('pageerror', (e) => console.log('pageerror', e));
p.on('requestfailed', (r) => console.log('failed', r.url()));
const t = Date.now();
await p.goto(s.url + '/' + (process.argv[2] ?? ''));
await p
  .waitForFunction(() => Number(document.querySelector('[data-fact=step]')?.textContent) > 0, null, { timeout: 20000 })
  .catch((e) => console.log(e.message));
console.log('first step after', Date.now() - t);
await p.waitForTimeout(Number(process.env.WAIT ?? 6000));
console.log(
  await p.evaluate(() => [...document.querySelectorAll('.facts div')].map((d) => d.textContent).join(' | ')),
  await p.locator('.problem').textContent(),
);
await p.locator('#home').scrollIntoViewIfNeeded();
await p.waitForTimeout(1500);
await p.locator('#home').scrollIntoViewIfNeeded();
await p.locator('#home').screenshot({ path: '/tmp/look-home.png' });
console.log(
  'overflow',
  await p.evaluate(() => document.documentElement.scrollWidth - innerWidth),
  await p.locator('[data-fact=kept],[data-fact=offline]').allTextContents(),
);
await b.close();
s.close();

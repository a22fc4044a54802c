import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { expect, it } from 'vitest';
import { describePage, pause, reach, site, soak, visit } from './harness.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = fileURLToPath(new URL('../../dist/screenshots/', import.meta.url));

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Scrolls through the whole page, so that every part is there. */
async function seeAll(page: Page): Promise<void> {
  const ids = await page.evaluate<string[]>(`[...document.querySelectorAll('main > section')].map((s) => '#' + s.id)`);
  expect(ids.length).toBeGreaterThanOrEqual(8);
  for (const id of ids) await visit(page, id);
}

/** What axe finds, a line each. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(`${axe}; undefined`);
  const found = await page.evaluate<Finding[]>('axe.run(document).then((result) => result.violations)');
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`));
}

describePage('the whole page', () => {
  const { open } = site();

  it.each([
    ['light', false],
    ['dark', true],
  ] as const)('has nothing that axe finds fault with: %s', async (_, dark) => {
    const page = await open('?pace=20', { dark });
    await reach(page, 20);
    await seeAll(page);
    await pause(page);
    expect(await findings(page)).toEqual([]);
  });

  it('axe would find a fault', async () => {
    const page = await open('?pace=20');
    await page.evaluate(`document.querySelector('main').append(document.createElement('button'))`);
    expect(await findings(page)).toEqual([expect.stringMatching(/^button-name/)]);
  });

  it('begins, and changes its theme, where storage is forbidden', async () => {
    const page = await open('?pace=20', {
      before: `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });`,
    });
    await reach(page, 1);
    await page.getByRole('button', { name: 'Dark theme' }).click();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    await page.getByRole('button', { name: 'Light theme' }).click();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
  });

  it('fits 320, 768 and 1440 pixels', async () => {
    const page = await open('?pace=20');
    await reach(page, 20);
    await seeAll(page);
    await pause(page);
    mkdirSync(shots, { recursive: true });
    // Each width in one theme; `npm run soak` has both of each.
    for (const [i, width] of [320, 768, 1440].entries()) {
      await page.setViewportSize({ width, height: 900 });
      for (const theme of (['light', 'dark'] as const).filter((_, k) => soak || k === i % 2)) {
        await page.emulateMedia({ colorScheme: theme });
        await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
        await page.waitForTimeout(300);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), `${width} pixels`).toBeLessThanOrEqual(0);
        await page.screenshot({ path: `${shots}page-${width}-${theme}.png`, fullPage: true });
      }
    }
  });
});

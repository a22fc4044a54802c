import type { BrowserContext, Page } from 'playwright';
import { expect, it } from 'vitest';
import { button, describePage, eventually, fact, reach, site, soak, stepOf, until, visit } from './harness.js';

/** The step of the record, as the section says. */
async function keptStep(page: Page): Promise<number> {
  await eventually(() => fact(page, 'kept').textContent()).toMatch(/up to step \d+/);
  return Number(/\d+/.exec((await fact(page, 'kept').textContent()) as string)?.[0]);
}

/** Opens the page, trains a while and closes it. Returns the step that was kept. */
async function leave(open: (query: string) => Promise<Page>, query: string): Promise<number> {
  const page = await open(query);
  await reach(page, 5);
  await visit(page, '#home');
  const step = await keptStep(page);
  await page.close();
  return step;
}

const record = (body: string): string => `new Promise((resolve, reject) => {
  const opening = indexedDB.open('konv');
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const store = opening.result.transaction('page', 'readwrite').objectStore('page');
    const reading = store.get('training');
    reading.onsuccess = () => { const saved = reading.result; ${body}; store.transaction.oncomplete = () => { opening.result.close(); resolve(saved?.step ?? null); }; };
  };
})`;

const chartText = (page: Page): Promise<string | null> => page.locator('#alive figure.chart').textContent();

describePage('a reload', () => {
  const { open, context } = site();
  const inside = (tab: BrowserContext) => (query: string) => open(query, { context: tab });

  it('goes on at the step that was kept, with the curve before it', async () => {
    const tab = await context();
    const step = await leave(inside(tab), '?pace=5');
    expect(step).toBeGreaterThan(0);
    const page = await open('?pace=5', { context: tab });
    await reach(page, 1);
    const now = await stepOf(page);
    // What was done after the last record is done again.
    expect(now).toBeGreaterThanOrEqual(step);
    expect(now).toBeLessThan(step + 60);
    const text = await chartText(page);
    expect(text).toContain('resumed');
    expect(text).toContain('from step 0');
  });

  it.skipIf(!soak)('goes on without settings in the address, which then says them', async () => {
    const tab = await context();
    const step = await leave(inside(tab), '?pace=5&lr=0.05');
    const page = await open('', { context: tab });
    await reach(page, step);
    expect(new URL(page.url()).search).toBe('?lr=0.05&pace=5');
  });

  it.skipIf(!soak)('with other settings begins anew', async () => {
    const tab = await context();
    const step = await leave(inside(tab), '?pace=5');
    const page = await open('?pace=5&seed=7', { context: tab });
    await reach(page, 1);
    expect(await stepOf(page)).toBeLessThan(step);
    expect(await chartText(page)).not.toContain('resumed');
    expect(await button(page, /Restart from seed 7/).count()).toBe(1);
  });

  // The first stands for all; `npm run soak` tries each.
  it.each(
    [
      ['of other tensors', "const bytes = saved.bytes.slice(); bytes[40] ^= 1; store.put({ ...saved, bytes }, 'training')"],
      ['cut short', "store.put({ ...saved, bytes: saved.bytes.slice(0, 500) }, 'training')"],
      ['of nothing known', "store.put({ hello: 1 }, 'training')"],
      ['with settings that are none', "store.put({ ...saved, settings: { ...saved.settings, batch: 33 } }, 'training')"],
    ].slice(0, soak ? undefined : 1),
  )('drops a record that is %s and begins anew', async (_, damage) => {
    const tab = await context();
    // A picture by itself has the browser ask for an icon that is not there.
    const page = await open('?pace=5', { context: tab, expected: [/404/] });
    await reach(page, 3);
    await visit(page, '#home');
    await keptStep(page);
    // Away from the page, so that it does not write a whole one over it.
    await page.goto(`${page.url().split('?')[0]}icon.svg`);
    await page.evaluate(record(damage));
    await page.close();
    const next = await open('?pace=5', { context: tab });
    await reach(next, 3);
    expect(await stepOf(next)).toBeLessThan(60);
    expect(await chartText(next)).not.toContain('resumed');
    expect(await next.locator('.problem').textContent()).toBe('');
    await visit(next, '#home');
    expect(await keptStep(next)).toBeGreaterThan(0);
  });

  it('a store that is full is told of once, and the training goes on', async () => {
    const page = await open('', {
      before: `IDBObjectStore.prototype.put = function () { throw new DOMException('no room', 'QuotaExceededError'); };`,
    });
    await reach(page, 10);
    await eventually(() => page.locator('.problem').textContent()).toMatch(/no room left.*The training goes on/);
    await button(page, 'Dismiss').click();
    const step = await stepOf(page);
    await page.waitForTimeout(4500);
    expect(await page.locator('.problem').textContent()).toBe('');
    expect(await stepOf(page)).toBeGreaterThan(step);
    await visit(page, '#home');
    expect(await fact(page, 'kept').textContent()).toMatch(/no room left/);
  });

  it.skipIf(!soak)('a store that is forbidden is told of, and the training goes on', async () => {
    const page = await open('', {
      before: `IDBFactory.prototype.open = function () { throw new DOMException('denied', 'SecurityError'); };`,
    });
    await reach(page, 10);
    await eventually(() => page.locator('.problem').textContent()).toMatch(/does not let the page keep anything/);
    await reach(page, (await stepOf(page)) + 5);
  });

  it('finds nothing after the visitor has had it forgotten', async () => {
    const tab = await context({ cached: true });
    const page = await open('?pace=20', { context: tab });
    await reach(page, 5);
    await visit(page, '#home');
    await keptStep(page);
    await button(page, 'Forget all of it').click();
    await eventually(() => fact(page, 'forgotten').textContent()).toMatch(/^Forgotten/);
    // Longer than from one record to the next.
    await page.waitForTimeout(4500);
    expect(await page.evaluate(record(''))).toBeNull();
    await until(page, `caches.keys().then((names) => names.length === 0)`);
    await until(page, `navigator.serviceWorker.getRegistrations().then((all) => all.length === 0)`);
    await reach(page, (await stepOf(page)) + 1);
    await page.close();
    const next = await open('?pace=20', { context: tab });
    await reach(next, 1);
    expect(await chartText(next)).not.toContain('resumed');
  });
});

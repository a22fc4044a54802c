import { expect, it } from 'vitest';
import { builtFiles, describePage, eventually, fact, reach, site, until, visit } from './harness.js';

describePage('without a network', () => {
  const { open, cut, context } = site();

  it('the page works, isolated as before, with all its parts', async () => {
    const tab = await context({ cached: true });
    const page = await open('?pace=20', { context: tab, expected: [/ERR_CONNECTION_REFUSED|Failed to load resource/] });
    await reach(page, 1);
    await until(page, `navigator.serviceWorker.ready.then((found) => found.active?.state === 'activated')`);
    expect(await page.evaluate('caches.keys()')).toHaveLength(1);
    const kept = await page.evaluate<string[]>(`caches.keys().then(([name]) => caches.open(name)).then((cache) => cache.keys())
      .then((all) => all.map((request) => request.url.slice(location.origin.length + 1)))`);
    const files = [...builtFiles().keys()];
    expect(kept).toContain('');
    expect(kept).toEqual(
      expect.arrayContaining(files.filter((name) => name.startsWith('data/train-800/') || name.startsWith('data/test/'))),
    );
    expect(kept.filter((name) => /data\/train-(4000|10000)/.test(name))).toEqual([]);
    for (const name of kept.filter((name) => name !== '')) expect(files).toContain(name);
    cut();
    await page.goto(page.url().replace('pace=20', 'pace=60&seed=9'));
    await reach(page, 60);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    for (const section of ['#kernel', '#learn', '#unit', '#knobs', '#understand', '#home']) {
      await visit(page, section);
      expect(await page.locator(section).textContent()).not.toContain('could not be loaded');
    }
    await eventually(() => fact(page, 'accuracy').textContent(), 60_000).toMatch(/%/);
    expect(await fact(page, 'offline').textContent()).toMatch(/it works without a network/);
  });
});

describePage('on a server without isolation headers', () => {
  const { open } = site({});

  it('the page trains with one thread and says so once', async () => {
    const page = await open('?threads=3');
    await reach(page, 30);
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    expect(await page.locator('.notes').textContent()).toMatch(/^This page is served without isolation headers/);
    expect(((await page.textContent('body')) as string).match(/isolation headers/g)).toHaveLength(1);
  });

  it('its policy stands in the page itself', async () => {
    const page = await open('', { expected: [/Content Security Policy/] });
    await reach(page, 1);
    const blocked = `new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (e) => resolve(e.violatedDirective), { once: true });
      const script = document.createElement('script');
      script.textContent = '1';
      document.body.append(script);
    })`;
    expect(await page.evaluate(blocked)).toMatch(/^script-src/);
  });
});

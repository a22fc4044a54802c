import { expect, it } from 'vitest';
import { describePage, phaseOf, reach, site, visit } from './harness.js';

describePage('any unit', () => {
  const { open } = site();

  it('200 random units, while it trains: the terms add up to what the tensors hold', async () => {
    const page = await open('?pace=20');
    await reach(page, 3);
    await visit(page, '#unit');
    const section = page.locator('#unit');
    const tiles = section.locator('ol.strip button');
    await expect.poll(() => tiles.count()).toBe(12);
    // A generator of our own: the same units in every run.
    let seed = 1;
    const below = (n: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % n;
    };
    const layers = new Set<number>();
    const units = new Set<string>();
    let nonzero = 0;
    const map = section.locator('.pointing');
    for (let k = 0; k < 200; k++) {
      // Ten units of a layer, then another layer.
      if (k % 10 === 0) {
        const layer = below(12);
        layers.add(layer);
        await tiles.nth(layer).focus();
        await page.keyboard.press('Enter');
        await expect.poll(() => tiles.nth(layer).getAttribute('aria-pressed')).toBe('true');
        await map.scrollIntoViewIfNeeded();
      }
      const box = (await map.locator('canvas').boundingBox()) as { x: number; y: number; width: number; height: number };
      const before = await map.getAttribute('aria-label');
      await page.mouse.click(box.x + ((below(997) + 0.5) / 997) * box.width, box.y + ((below(997) + 0.5) / 997) * box.height);
      // The same unit may be hit twice in a row.
      await expect
        .poll(() => map.getAttribute('aria-label'), { timeout: 500, interval: 20 })
        .not.toBe(before)
        .catch(() => {});
      units.add((await map.getAttribute('aria-label')) ?? '');
      // All at one moment: the next update changes them.
      const { verdicts, numbers } = await page.evaluate<{ verdicts: string[]; numbers: number[] }>(`(() => {
        const texts = (...names) => names.map((name) => document.querySelector('[data-fact="' + name + '"]').textContent);
        return {
          verdicts: texts('unit-sum-verdict', 'unit-gradient-sum-verdict'),
          numbers: texts('unit-sum', 'unit-value', 'unit-gradient-sum', 'unit-gradient-value').map((text) => Number(text.replace('−', '-'))),
        };
      })()`);
      for (const verdict of verdicts) expect(verdict).toMatch(/^✓/);
      expect(numbers.every(Number.isFinite)).toBe(true);
      const [sum, value, gradientSum, gradient] = numbers;
      expect(Math.abs(sum - value)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(value)));
      expect(Math.abs(gradientSum - gradient)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(gradient)));
      if (value !== 0) nonzero++;
    }
    expect(layers.size).toBeGreaterThan(5);
    expect(nonzero).toBeGreaterThan(50);
    expect(units.size).toBeGreaterThan(120);
    expect(await phaseOf(page)).toBe('running');
  });
});

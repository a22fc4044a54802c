import { expect, it } from 'vitest';
import { describePage, fact, lossTable, pause, phaseOf, reach, site, stepOf, visit, waitForPhase } from './harness.js';

const text = async (page: Parameters<typeof fact>[0], name: string): Promise<string> => (await fact(page, name).textContent()) ?? '';

describePage('what a kernel sees', () => {
  const { open } = site();

  it('slides with the sum written out, says the size formula live, and keeps its picture when a file is none', async () => {
    const page = await open('?pace=5');
    await visit(page, '#kernel');
    const section = page.locator('#kernel');
    const sliding = section.locator('[data-fact="sliding"]');
    // The output has 6 x 7 places; the second of a row is an edge from 1 to 0.
    await expect.poll(() => sliding.locator('[data-fact="place"]').textContent()).toMatch(/of 42$/);
    const output = sliding.getByRole('slider').first();
    await output.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => sliding.locator('[data-fact="place"]').textContent()).toBe('Place 2 of 42');
    expect(await sliding.locator('[data-fact="sum"]').textContent()).toBe('1');
    expect(await sliding.locator('[data-fact="konv"]').textContent()).toBe('1');
    expect(await sliding.locator('[data-fact="terms"]').textContent()).toMatch(/1\s*×\s*1.*0\s*×/);

    const stride = page
      .locator('#kernel')
      .getByRole('slider', { name: /stride/i })
      .first();
    const before = await text(page, 'width-formula');
    expect(before).toMatch(/= 7\b/);
    await stride.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => text(page, 'width-formula')).toMatch(/= 4\b/);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => text(page, 'width-formula')).toMatch(/= 7\b/);

    await sliding.getByRole('button', { name: 'Turn the picture' }).click();
    await expect.poll(() => sliding.locator('[data-fact="verdict"]').textContent()).toMatch(/nothing|no edge|all zero|only zeros/i);

    const place = await sliding.locator('[data-fact="place"]').textContent();
    await page.locator('[data-fact="upload"]').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await expect.poll(() => text(page, 'picture-problem')).not.toBe('');
    expect(await sliding.locator('[data-fact="place"]').textContent()).toBe(place);
  });
});

describePage('learn the kernel', () => {
  const { open } = site();

  it("prints the article's numbers", async () => {
    const page = await open('?pace=5');
    await visit(page, '#learn');
    const section = page.locator('#learn');
    const step = section.getByRole('button', { name: 'Step', exact: true });
    await expect.poll(() => step.count()).toBe(1);
    await section.getByRole('button', { name: 'Reset' }).click();
    for (let i = 1; i <= 10; i++) {
      await step.click();
      await expect.poll(() => text(page, 'learn-step')).toBe(String(i));
    }
    const printed = await text(page, 'printed');
    for (const digits of ['8.330', '1.722', '0.422', '0.125', '0.043']) expect(printed).toContain(digits);
    expect(await text(page, 'weight-0')).toBe('1.0063');
    expect((await text(page, 'weight-1')).replace('−', '-')).toBe('-0.9662');
  });
});

describePage('the knobs', () => {
  const { open } = site();

  it('swap the backend in mid-training, and the curve goes on from the same weights', async () => {
    const page = await open('?pace=0');
    await reach(page, 100);
    await visit(page, '#knobs');
    for (const [backend, running, more] of [
      ['cpu-js', /^cpu-js/, 15],
      ['webgl', /^webgl/, 4],
      ['wasm', /^wasm/, 30],
    ] as const) {
      const before = await stepOf(page);
      const loss = Number(await text(page, 'loss'));
      await page.locator('#knob-backend').selectOption(backend);
      await expect.poll(() => text(page, 'running'), { timeout: 60_000 }).toMatch(running);
      await reach(page, before + more, 110_000);
      // New weights would be at 2.3 again.
      expect(Number(await text(page, 'loss'))).toBeLessThan(Math.max(loss + 0.4, 1.2));
    }
    await pause(page);
    const said = await page.locator('#alive figure.chart').textContent();
    for (const name of ['cpu-js', 'webgl', 'wasm-']) expect(said).toContain(name);
    expect((await lossTable(page)).every(([, loss]) => loss < 3)).toBe(true);
  });

  it('change the network, the optimizer, the learning rate and the batch while it trains', async () => {
    const page = await open('?pace=60');
    await reach(page, 10);
    await visit(page, '#knobs');
    const goOn = async (): Promise<void> => {
      await reach(page, (await stepOf(page)) + 3);
      expect(await page.locator('.problem').textContent()).toBe('');
    };
    await page.locator('#knob-optimizer').selectOption('Adam');
    await goOn();
    await page.locator('#knob-architecture').selectOption('batchnorm');
    await goOn();
    await page.locator('#knob-batch').selectOption('16');
    await goOn();
    const channels = page.locator('#knob-channels-1');
    await channels.fill('9');
    await channels.press('Enter');
    await expect.poll(() => page.locator('#alive .kernels li').count()).toBe(9);
    await goOn();
    await channels.fill('1000');
    await channels.press('Enter');
    await expect.poll(() => page.locator('#knob-channels-1-error').textContent()).not.toBe('');
    expect(await page.locator('#alive .kernels li').count()).toBe(9);
    expect(new URL(page.url()).search).toContain('channels=9x16');
  });

  it('hold the backends against double precision', async () => {
    const page = await open('?pace=20');
    await reach(page, 20);
    await visit(page, '#knobs');
    await page
      .locator('#knobs')
      .getByRole('button', { name: /same step|compare/i })
      .first()
      .click();
    const figure = fact(page, 'agreement');
    await expect.poll(() => figure.count(), { timeout: 100_000 }).toBe(1);
    const label = (await figure.getByRole('img').first().getAttribute('aria-label')) ?? '';
    for (const name of ['cpu-js', 'wasm', 'webgl']) expect(label).toContain(name);
    await waitForPhase(page, 'running');
  });
});

describePage('understand', () => {
  const { open } = site();

  it('counts every test picture, opens the pictures of a cell, and goes back in time', async () => {
    const page = await open('?pace=60');
    await reach(page, 60);
    await visit(page, '#understand');
    await page
      .locator('#understand')
      .getByRole('button', { name: /^Evaluate/ })
      .click();
    const counts = page.locator('#understand [data-fact^="count-"]');
    await expect.poll(() => counts.count(), { timeout: 60_000 }).toBe(100);
    const numbers = (await counts.allTextContents()).map(Number);
    expect(numbers.reduce((a, b) => a + b, 0)).toBe(1000);
    const fullest = numbers.indexOf(Math.max(...numbers));
    await counts.nth(fullest).click();
    await expect.poll(() => page.locator('[data-fact="cell-pictures"] button.thumb').count()).toBe(Math.min(48, numbers[fullest]));
    await page.locator('[data-fact="cell-pictures"] button.thumb').first().click();
    await expect.poll(() => page.locator('#alive .picked figcaption').textContent()).toMatch(/^It is: /);
    const scrubber = page.locator('#understand .scrubber input');
    await scrubber.focus();
    await page.keyboard.press('Home');
    await expect.poll(() => text(page, 'shown')).toMatch(/Shown: step 0 of/);
    expect(await phaseOf(page)).toBe('paused');
    await page.locator('#understand').getByRole('button', { name: 'Go on from here' }).click();
    await waitForPhase(page, 'running');
    await expect.poll(() => stepOf(page)).toBeLessThan(60);
  });
});

describePage('compare', () => {
  const { open } = site();

  it('times every backend, TensorFlow.js too, and the training goes on', async () => {
    const page = await open('?pace=20&channels=2x4');
    await reach(page, 5);
    await visit(page, '#compare');
    const section = page.locator('#compare');
    await section.getByRole('button', { name: /^Load TensorFlow.js/ }).click();
    await expect.poll(() => fact(page, 'tfjs').count(), { timeout: 60_000 }).toBe(1);
    await section.getByRole('button', { name: 'Measure', exact: true }).click();
    await expect.poll(() => section.getByRole('button', { name: 'Measure again' }).count(), { timeout: 115_000, interval: 500 }).toBe(1);
    const rows = (await fact(page, 'bench').locator('tbody tr').allTextContents()).join('\n');
    for (const name of ['cpu-js', 'wasm', 'webgl', 'TensorFlow.js']) expect(rows).toContain(name);
    await waitForPhase(page, 'running');
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensors, serializeSafetensors } from '@konv/formats';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { button, control, describePage, eventually, fact, fixture, pause, phaseOf, reach, site, soak, stepOf, visit } from './harness.js';

interface Guesses {
  readonly probabilities: Readonly<Record<string, readonly number[]>>;
}

/** Per cent, as the bars say. */
async function guessOf(page: Page): Promise<number[]> {
  const texts = await page.getByRole('list', { name: 'Probabilities of the ten classes' }).locator('.bar-value').allTextContents();
  return texts.map((text) => Number.parseFloat(text));
}

const choose = (page: Page, file: string): Promise<void> => page.locator('#weights-file').setInputFiles(file);

const drop = (page: Page, name: string, bytes: Uint8Array): Promise<unknown> =>
  page.evaluate(`(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([Uint8Array.from(${JSON.stringify([...bytes])})], '${name}'));
    document.querySelector('#home .drop').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  })()`);

describePage('take it home', () => {
  const { open } = site();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'konv-page-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('weights that were downloaded come back in', async () => {
    const page = await open();
    await reach(page, 30);
    await visit(page, '#home');
    const rest = await pause(page);
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Download the weights').click()]);
    expect(download.suggestedFilename()).toBe(`lenet-step-${rest}.safetensors`);
    const file = join(folder, 'weights.safetensors');
    await download.saveAs(file);
    const { tensors, metadata } = parseSafetensors(readFileSync(file));
    expect(metadata).toEqual({ format: 'pt' });
    expect(Object.fromEntries(Object.entries(tensors).map(([key, { shape }]) => [key, shape.join('x')]))).toEqual({
      '0.weight': '6x1x5x5',
      '0.bias': '6',
      '3.weight': '16x6x5x5',
      '3.bias': '16',
      '7.weight': '120x400',
      '7.bias': '120',
      '9.weight': '84x120',
      '9.bias': '84',
      '11.weight': '10x84',
      '11.bias': '10',
    });
    const guess = await guessOf(page);
    await control(page, 'Resume').dispatchEvent('click');
    await reach(page, rest + 60);
    await pause(page);
    expect(await guessOf(page)).not.toEqual(guess);
    await choose(page, file);
    await eventually(() => fact(page, 'taken-in').textContent()).toMatch(/are in; the training goes on from them/);
    expect(await guessOf(page)).toEqual(guess);
    await control(page, 'Resume').dispatchEvent('click');
    await reach(page, rest + 70);
  });

  // The first stands for all; `npm run soak` tries each.
  it.each(['f32', 'f16', 'bf16'].slice(0, soak ? undefined : 1))("weights of PyTorch in %s give PyTorch's guess", async (dtype) => {
    const { probabilities } = JSON.parse(readFileSync(fixture('average.json'), 'utf8')) as Guesses;
    const page = await open('?architecture=average&pace=5');
    await reach(page, 1);
    await visit(page, '#home');
    await pause(page);
    await choose(page, fixture(`average-${dtype}.safetensors`));
    await eventually(() => fact(page, 'taken-in').textContent()).toContain('are in');
    expect(await guessOf(page)).toEqual(probabilities[dtype].map((p) => Math.round(p * 100)));
    await drop(page, 'dropped.safetensors', readFileSync(fixture(`average-${dtype}.safetensors`)));
    await eventually(() => fact(page, 'taken-in').textContent()).toMatch(/dropped\.safetensors are in/);
    await eventually(() => page.locator('#alive figure.chart').textContent()).toContain('loaded');
  });

  it('a bad file, chosen or dropped, is refused in words, and the training goes on', async () => {
    const page = await open();
    await reach(page, 5);
    await visit(page, '#home');
    const whole = readFileSync(fixture('average-f32.safetensors'));
    const ten = serializeSafetensors(new Map([['0.weight', { dtype: 'float32', shape: [6, 1, 3, 3], data: new Float32Array(54) }]]));
    const bad: [name: string, bytes: Uint8Array, said: RegExp][] = [
      ['other.safetensors', whole, /architecture it was trained with|channels and kernels it was trained with/],
      ['shape.safetensors', ten, /expected "0\.weight" to be \[6, 1, 5, 5\], got \[6, 1, 3, 3\]; choose the channels and kernels/],
      ['cut.safetensors', whole.subarray(0, whole.length - 100), /truncated|within/],
      ['weights.pt', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0), /zip archive.*save_file/],
      ['notes.txt', new TextEncoder().encode('these are no weights at all'), /probably no safetensors file/],
      ['empty.safetensors', new Uint8Array(0), /empty/],
    ];
    for (const [name, bytes, said] of bad) {
      const file = join(folder, name);
      writeFileSync(file, bytes);
      await choose(page, file);
      const outcome = fact(page, 'taken-in');
      await eventually(() => outcome.textContent()).toContain(`${name}: `);
      expect(await outcome.textContent()).toMatch(said);
      expect(await outcome.textContent()).toMatch(/Nothing has changed\.$/);
      expect(await outcome.getAttribute('role')).toBe('alert');
    }
    expect(await phaseOf(page)).toBe('running');
    await reach(page, (await stepOf(page)) + 5);
    expect(await page.locator('#alive figure.chart').textContent()).not.toContain('loaded');

    await drop(page, 'bad.bin', Uint8Array.of(1, 2, 3));
    await eventually(() => fact(page, 'taken-in').textContent()).toMatch(/^bad\.bin: .*Nothing has changed\.$/);
  });

  it('the link and the program say the settings, and are copied', async () => {
    const page = await open('?lr=0.05&channels=8x12&optimizer=Adam&threads=1');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await reach(page, 1);
    await visit(page, '#home');
    const link = await page.locator('#share-link').inputValue();
    expect(Object.fromEntries(new URL(link).searchParams)).toEqual({ lr: '0.05', channels: '8x12', optimizer: 'Adam' });
    await button(page, 'Copy the link').click();
    await eventually(() => page.evaluate('navigator.clipboard.readText()')).toBe(link);
    await button(page, 'Copy the program').click();
    await eventually(() => page.evaluate('navigator.clipboard.readText()')).toBe(await fact(page, 'program').textContent());
    expect(await fact(page, 'program').textContent()).toContain('new optim.Adam(net.parameters(), { lr: 0.05 })');
  });
});
